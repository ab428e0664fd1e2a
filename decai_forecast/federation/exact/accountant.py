"""The privacy accountant: what private trainings have cost a company, by its own entries in its own store. The company asks it
before it sends anything.

An entry is a model: what it costs (rho), in which round. It is written before the model's first sum and never changed, so a
round that is repeated counts once, and a model is paid for once. Costs of zero-concentrated differential privacy add up
(Bun, Steinke 2016); epsilon is that of the sum (privacy.py).
"""

from __future__ import annotations

import hashlib
import json
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from decai_forecast.errors import StoreError
from decai_forecast.federation.exact.errors import Begun, BudgetSpent
from decai_forecast.federation.exact.privacy import Private, epsilon_of
from decai_forecast.round import time_of
from decai_forecast.store import Store

__all__ = ["PrivacyAccountant", "Spending", "spending"]

RECORDS = "federation/exact"  # the company's records of exact trainings (records.py)
FOLDER = f"{RECORDS}/spent"
ROUNDING = 1 + 1e-9  # of sums of costs


@dataclass(frozen=True)
class Spending:
    """Epsilon at one delta: of one round, and of it and all rounds before."""

    of_round: float
    total: float


def spending(store: Store, round_id: str, delta: float) -> Spending | None:
    """What the company's private trainings cost up to the round; None where it has no records of exact trainings: they lie
    elsewhere, or it has never trained exactly."""
    return PrivacyAccountant(store).spending(round_id, delta) if store.exists(RECORDS) else None


class PrivacyAccountant:
    """One company's entries."""

    def __init__(self, store: Store) -> None:
        self._store, self._name = store, store.owner

    def rho(self, subject: str = "") -> float:
        """What all models cost, or those of one subject (a cut-off)."""
        return sum(float(entry["rho"]) for entry in self._entries(subject))

    def spending(self, round_id: str, delta: float) -> Spending:
        """Half of ``delta`` is that of the costs, the other half pays for how noise is drawn (``private_for``)."""
        costs = [(str(entry["round"]), float(entry["rho"])) for entry in self._entries()]
        own = sum(rho for of, rho in costs if of == round_id)
        total = sum(rho for of, rho in costs if time_of(of) <= time_of(round_id))
        return Spending(epsilon_of(own, delta / 2), epsilon_of(total, delta / 2))

    def afford(self, subject: str, private: Private) -> None:
        """:class:`BudgetSpent` unless all models of ``subject`` fit into what is left. Writes nothing."""
        others = self.rho() - self.rho(subject)
        if private.limit and others + private.budget > private.limit * ROUNDING:
            raise BudgetSpent(self._over(subject, private.budget, others, private.limit))

    def unpaid(self, subject: str, alpha: float | None) -> None:
        """:class:`Begun` if this model was paid for: its sums with fresh noise would tell as much again."""
        if self._store.exists(self._key(subject, alpha)):
            raise Begun(self._again(subject, alpha))

    def spend(self, subject: str, alpha: float | None, rho: float, private: Private, round_id: str) -> None:
        """Writes the entry, or raises :class:`Begun` or :class:`BudgetSpent`.

        It is written first and looked at then: of two at the same time that do not fit together, none goes on.
        """
        entry = {"subject": subject, "alpha": alpha, "rho": rho, "round": round_id}
        key = self._key(subject, alpha)
        if not self._store.create_bytes(key, json.dumps(entry, indent=1, sort_keys=True).encode()):
            raise Begun(self._again(subject, alpha))
        of_subject, whole = self.rho(subject), self.rho()
        if of_subject > private.budget * ROUNDING:
            self._store.remove(key)
            raise Begun(
                f"the private model {alpha} of {subject} would cost rho {rho:.4g} more; {of_subject - rho:.4g} of "
                f"{private.budget:.4g} are spent, and a model is paid for once. The next cut-off has a budget of its own"
            )
        if private.limit and whole > private.limit * ROUNDING:
            self._store.remove(key)
            raise BudgetSpent(self._over(subject, rho, whole - rho, private.limit))

    def _again(self, subject: str, alpha: float | None) -> str:
        return (
            f"the private model {alpha} of {subject} was paid for, and a model is paid for once. The last shared forecaster "
            "stays in use; the next cut-off has a budget of its own"
        )

    def _over(self, subject: str, rho: float, spent: float, limit: float) -> str:
        return (
            f"{self._name}: {subject} would cost rho {rho:.4g} more; {spent:.4g} of {limit:.4g} are spent (the budget of "
            "network.yaml). The last shared forecaster stays in use; a larger budget is for all companies to agree on"
        )

    def _entries(self, subject: str = "") -> list[dict[str, Any]]:
        found = []
        for key in self._store.keys(self._folder(subject) if subject else FOLDER):
            with suppress(StoreError):  # gone since: another training withdrew its entry
                if not key.rsplit("/", 1)[-1].startswith("."):  # one that is being written
                    found.append(dict(self._store.read_json(key)))
        return found

    def _folder(self, subject: str) -> str:
        return f"{FOLDER}/{hashlib.sha256(subject.encode()).hexdigest()[:32]}"

    def _key(self, subject: str, alpha: float | None) -> str:
        return f"{self._folder(subject)}/q{alpha}.json"
