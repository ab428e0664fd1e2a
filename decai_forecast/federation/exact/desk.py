"""What a participant keeps between trainings, in its own store: its key, whom it trained with, and unfinished models.

Who trains what with whom is written down before the first sum. The same rows summed a second time without one of the
companies would show that company's share by subtraction; so a subject that was begun is trained by the same companies or
not at all. Beginning again with the same ones shows nothing new: rows, bags and so all sums are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from decai_forecast.federation.exact.errors import Begun, Refused
from decai_forecast.federation.exact.identity import Identity, Roster
from decai_forecast.federation.exact.ledger import Ledger
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.model_text import Tree
from decai_forecast.store import Store

__all__ = ["CHECKPOINT_TREES", "Desk"]

CHECKPOINT_TREES = 10  # finished trees between two writes; at most so many are grown again
COMPARISONS = 4  # of two forecasters, on the rows of one cut-off
FOLDER = "federation/exact"
PINNED = f"{FOLDER}/pinned.json"


class Desk:
    """One participant's own files of its exact trainings."""

    def __init__(self, store: Store, name: str, night: str = "") -> None:
        """``night``: the round that what is written now belongs to."""
        self._store, self._name, self._night = store, name, night

    def identity(self) -> Identity:
        """The signing key; made at the first call, the same ever after."""
        key = f"{FOLDER}/identity.json"
        if not self._store.exists(key):
            self._create(key, {"ed25519": Identity.create(self._name).to_bytes().hex()})
        return Identity.from_bytes(self._name, bytes.fromhex(str(self._store.read_json(key)["ed25519"])))

    def pinned(self) -> dict[str, bytes]:
        """The public keys that this company knows the others by."""
        raw: dict[str, str] = self._store.read_json(PINNED) if self._store.exists(PINNED) else {}
        return {name: bytes.fromhex(public) for name, public in raw.items()}

    def pin(self, keys: Mapping[str, bytes]) -> None:
        """Knows others by these keys from now on. :class:`Refused` if one of them is known by another key: a new key of a
        company must be confirmed by it, and the old one taken out by hand."""
        known = self.pinned()
        if changed := sorted(name for name, public in keys.items() if known.get(name, public) != public):
            raise Refused(
                f"{', '.join(changed)}: known by another key; ask whether it has a new one, then take the old one out of "
                f"{PINNED} in the store of {self._name}"
            )
        if new := {name: public.hex() for name, public in keys.items() if name not in known}:
            self._store.write_json(PINNED, {name: key.hex() for name, key in known.items()} | new)

    def begin(self, subject: str, roster: Roster, rows: str) -> None:
        """:class:`Begun` if ``subject`` was begun with other companies or other own rows; else writes down who trains it.

        ``rows``: digest of the own rows. Changed ones summed again would show their change.
        """
        key = f"{FOLDER}/begun/{hashlib.sha256(subject.encode()).hexdigest()[:32]}.json"
        mine = {"subject": subject, "names": list(roster.names), "roster": roster.digest.hex(), "rows": rows}
        if self._create(key, mine):
            return
        begun: dict[str, Any] = self._store.read_json(key)
        if begun["roster"] != mine["roster"]:
            raise Begun(
                f"{subject} was begun by {', '.join(begun['names'])}; training it with {', '.join(roster.names)} would show "
                "by subtraction what one company contributed. Train it with the same companies, or leave it"
            )
        if begun["rows"] != rows:
            raise Begun(
                f"{subject} was begun with other rows of {self._name}: the sums would show what changed in them. The next "
                "cut-off takes the new rows"
            )

    @property
    def ledger(self) -> Ledger:
        """What the private trainings of this company cost."""
        return Ledger(self._store, self._name)

    def spend(self, plan: ExactPlan, rho: float) -> None:
        """Writes down what a private training costs before its first sum; :class:`Begun` if the quantile was paid for before,
        or if the cut-off's budget does not suffice; :class:`BudgetSpent` if that of all cut-offs does not."""
        assert plan.private is not None
        self.ledger.spend(plan.subject, plan.alpha, rho, plan.private, self._night)

    def compare(self, cutoff: str, which: str) -> None:
        """Counts who was compared on the rows of ``cutoff``; ``which``: digest of the two forecasters. :class:`Refused` if
        these would be too many: with forecasters of its own making a coordinator would read row after row off their scores."""
        folder = f"{FOLDER}/compared/{cutoff}"
        if f"{which}.json" not in (there := self._store.children(folder)) and len(there) >= COMPARISONS:
            raise Refused(f"{self._name} has scored {COMPARISONS} pairs of forecasters on its rows before {cutoff}: no others")
        self._create(f"{folder}/{which}.json", {})

    def _create(self, key: str, value: Mapping[str, Any]) -> bool:
        """False if it is there: of two calls at the same time one is the first."""
        return self._store.create_bytes(key, json.dumps(value, indent=1, sort_keys=True).encode())

    def trees(self, plan: ExactPlan, roster: Roster) -> list[Tree]:
        """The finished trees of an interrupted training of this very plan by these companies."""
        key = _checkpoint(plan, roster)
        return list(self._store.read_json(key)["trees"]) if self._store.exists(key) else []

    def keep(self, plan: ExactPlan, roster: Roster, trees: list[Tree]) -> None:
        self._store.write_json(_checkpoint(plan, roster), {"subject": plan.subject, "trees": trees})

    def finish(self, plan: ExactPlan, roster: Roster) -> None:
        """The training is over: its kept trees are of no use any more."""
        self._store.remove(_checkpoint(plan, roster))


def _checkpoint(plan: ExactPlan, roster: Roster) -> str:
    return f"{FOLDER}/checkpoints/{plan.digest.hex()[:32]}-{roster.digest.hex()[:16]}.json"
