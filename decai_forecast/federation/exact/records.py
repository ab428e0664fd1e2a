"""What a participant writes down of its exact trainings, in its own store: whom it trained with, and unfinished models.

Who trains what with whom is written down before the first sum. The same rows summed a second time without one of the
companies would show that company's share by subtraction; so a subject that was begun is trained by the same companies or
not at all. Beginning again with the same ones shows nothing new: rows, bags and so all sums are the same.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.federation.exact.accountant import RECORDS, PrivacyAccountant
from decai_forecast.federation.exact.audit import Evidence, OtherEvidence
from decai_forecast.federation.exact.certificate import Certificate
from decai_forecast.federation.exact.errors import Begun, Refused
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.model_text import Tree
from decai_forecast.identity import Keyring
from decai_forecast.store import Store

__all__ = ["CHECKPOINT_TREES", "COMPARISONS", "TrainingRecords"]

CHECKPOINT_TREES = 10  # finished trees between two writes; at most so many are grown again
COMPARISONS = 4  # of two forecasters, on the rows of one cut-off


class TrainingRecords:
    """One participant's own records of its exact trainings."""

    def __init__(self, store: Store, round_id: str = "") -> None:
        """``round_id``: the round that what is written now belongs to."""
        self._store, self._name, self._round = store, store.owner, round_id

    def begin(self, subject: str, roster: KeyRoster, rows: str) -> None:
        """:class:`Begun` if ``subject`` was begun with other companies or other own rows; else writes down who trains it.

        ``rows``: digest of the own rows. Changed ones summed again would show their change.
        """
        key = f"{RECORDS}/begun/{hashlib.sha256(subject.encode()).hexdigest()[:32]}.json"
        keys, names = {name: key.hex() for name, key in roster.members}, list(roster.names)
        mine = {"subject": subject, "names": names, "keys": keys, "roster": roster.digest.hex(), "rows": rows}
        if self._create(key, mine):
            return
        begun: dict[str, Any] = self._store.read_json(key)
        if not self._same(begun, mine):
            raise Begun(
                f"{subject} was begun by {', '.join(begun['names'])}; training it with {', '.join(roster.names)} would show "
                "by subtraction what one company contributed. Train it with the same companies, or leave it"
            )
        if begun["rows"] != rows:
            raise Begun(
                f"{subject} was begun with other rows of {self._name}: the sums would show what changed in them. The next "
                "cut-off takes the new rows"
            )

    def _same(self, begun: Mapping[str, Any], mine: Mapping[str, Any]) -> bool:
        """Whether both are of the same companies, some of which may have exchanged their keys meanwhile."""
        if begun["roster"] == mine["roster"]:
            return True
        before, now, pins = begun.get("keys", {}), mine["keys"], Keyring(self._store).pins()
        if before.keys() != now.keys() or not now.keys() <= pins.keys():
            return False
        return all(pins[name].is_line(bytes.fromhex(before[name]), bytes.fromhex(key)) for name, key in now.items())

    @property
    def accountant(self) -> PrivacyAccountant:
        """What the private trainings of this company cost."""
        return PrivacyAccountant(self._store)

    def spend(self, plan: ExactPlan, rho: float) -> None:
        """Writes down what a private training costs before its first sum; :class:`Begun` if the quantile was paid for before,
        or if the cut-off's budget does not suffice; :class:`BudgetSpent` if that of all cut-offs does not."""
        assert plan.private is not None
        self.accountant.spend(plan.subject, plan.alpha, rho, plan.private, self._round)

    def compare(self, cutoff: str, which: str) -> None:
        """Counts who was compared on the rows of ``cutoff``; ``which``: digest of the two forecasters. :class:`Refused` if
        these would be too many: with forecasters of its own making a coordinator would read row after row off their scores."""
        folder = f"{RECORDS}/compared/{cutoff}"
        if f"{which}.json" not in (there := self._store.children(folder)) and len(there) >= COMPARISONS:
            raise Refused(f"{self._name} has scored {COMPARISONS} pairs of forecasters on its rows before {cutoff}: no others")
        self._create(f"{folder}/{which}.json", {})

    def answer(self, cutoff: str, which: str, most: int) -> None:
        """Counts a question for trees on the rows of ``cutoff``; ``which``: its digest. :class:`Refused` after ``most``."""
        folder = f"{RECORDS}/answered/{cutoff}"
        if f"{which}.json" not in (there := self._store.children(folder)) and len(there) >= most:
            raise Refused(f"{self._name} has answered {most} questions for trees on its rows before {cutoff}: no others")
        self._create(f"{folder}/{which}.json", {})

    def _create(self, key: str, value: Mapping[str, Any]) -> bool:
        """False if it is there: of two calls at the same time one is the first."""
        return self._store.create_bytes(key, json.dumps(value, indent=1, sort_keys=True).encode())

    def trees(self, plan: ExactPlan, roster: KeyRoster) -> list[Tree]:
        """The finished trees of an interrupted training of this very plan by these companies."""
        key = _checkpoint(plan, roster)
        return list(self._store.read_json(key)["trees"]) if self._store.exists(key) else []

    def keep(self, plan: ExactPlan, roster: KeyRoster, trees: list[Tree]) -> None:
        kept = json.dumps({"subject": plan.subject, "trees": trees})  # in one line, which takes a tenth of the time
        self._store.write_bytes(_checkpoint(plan, roster), kept.encode())

    def keep_evidence(self, plan: ExactPlan, evidence: Evidence) -> None:
        """Keeps what all signed, and the own sums that this company committed to: who put what into the sums can be shown
        afterwards (audit.py). A training that was interrupted has one for each session."""
        self._store.write_bytes(
            f"{RECORDS}/evidence/{plan.digest.hex()[:32]}-{evidence.signed.epoch.hex()[:16]}", evidence.pack()
        )

    def evidence(self) -> Iterator[Evidence]:
        """All that is kept and can be read here, of any session."""
        for one in self._all_evidence():
            if isinstance(one, Evidence):
                yield one

    def unread_evidence(self) -> list[str]:
        """What is kept and cannot be read here: file, why, and what to do."""
        return [one for one in self._all_evidence() if isinstance(one, str)]

    def _all_evidence(self) -> Iterator[Evidence | str]:
        for key in self._store.keys(f"{RECORDS}/evidence"):
            try:
                yield Evidence.unpack(self._store.read_bytes(key))
            except OtherEvidence as error:
                yield f"{self._store.owner}: {key} {error}"

    def open(self, subject: str, tree: int) -> None:
        """Writes down that ``tree`` of ``subject`` is opened; :class:`Refused` if another one was: two show how the own sums
        changed."""
        key = f"{RECORDS}/opened/{hashlib.sha256(subject.encode()).hexdigest()[:32]}.json"
        if not self._create(key, {"subject": subject, "tree": tree}) and self._store.read_json(key)["tree"] != tree:
            raise Refused(f"tree {self._store.read_json(key)['tree']} of {subject} was opened: no other one is")

    def keep_certificate(self, certificate: Certificate) -> None:
        """By the digest of its model: whatever is published later, the company has what it signed."""
        self._create(f"{RECORDS}/certificates/{certificate.model.hex()}.json", certificate.to_json())

    def finish(self, plan: ExactPlan, roster: KeyRoster) -> None:
        """The training is over: its kept trees are of no use any more."""
        self._store.remove(_checkpoint(plan, roster))


def _checkpoint(plan: ExactPlan, roster: KeyRoster) -> str:
    return f"{RECORDS}/checkpoints/{plan.digest.hex()[:32]}-{roster.digest.hex()[:16]}.json"
