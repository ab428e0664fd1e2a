"""How a partner has delivered: the verdict of every round, and a score from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from decai_forecast.partner.check import COUNTED, STEP
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.round import in_time, time_of
from decai_forecast.steps import read_done
from decai_forecast.contracts import Verdict
from decai_forecast.steps import in_time, read_done, time_of
from decai_forecast.store import Store

__all__ = ["Delivered", "history", "mark_late", "quality", "score", "was_late"]

WINDOW = 30  # rounds that the score looks at
LATE = 0.5  # what a late delivery is worth of a punctual one
OURS = ("not_checked", "internal", "timeout", "source_failed")  # codes of a night that failed through no fault of the partner


@dataclass(frozen=True)
class Delivered:
    """One data set in one round."""

    round: str
    data_set: str
    verdict: Verdict
    rows: int = 0
    quarantined: int = 0
    late: bool = False
    code: str = ""

    @property
    def counts(self) -> bool:
        """Whether the score knows it: what could not be checked says nothing about the partner."""
        return self.verdict != Verdict.NOT_CHECKED

    @property
    def worth(self) -> float:
        """0 to 1: the share of rows that could be used, halved if it came late."""
        usable = 1 - self.quarantined / max(self.rows, 1) if self.verdict.counts else 0.0
        return usable * (LATE if self.late else 1.0)


def mark_late(store: Store, round_id: str) -> None:
    """Remembers that the delivery of a round was not there in time."""
    store.write_json(f"rounds/{round_id}/late.json", {"late": True})


def was_late(store: Store, round_id: str) -> bool:
    return store.exists(f"rounds/{round_id}/late.json")


def history(company: PartnerContext, until: str = "") -> list[Delivered]:
    """Every data set of every round that this partner has in its own store, newest first; up to round ``until`` if given.

    A round that is still under way is left out. A night that ended before the check is one of the demand data set. The
    contracts of tonight do not matter: one that is broken has its history all the same.
    """
    return list(_nights(company.store, until))


def quality(store: Store, until: str) -> float | None:
    """The score of a partner as it stood after round ``until``; None before the first round that says something."""
    found: list[Delivered] = []
    for one in _nights(store, until):  # newest first: older rounds than the score looks at are not read
        if one.counts and len({d.round for d in found if d.counts} | {one.round}) > WINDOW:
            break
        found.append(one)
    return score(found)


def _nights(store: Store, until: str) -> Iterator[Delivered]:
    for round_id in reversed(in_time(store.children("rounds"))):
        if not until or time_of(round_id) <= time_of(until):
            yield from _night(store, round_id)


def _night(store: Store, round_id: str) -> list[Delivered]:
    """What a round says of the partner's data sets; nothing where it is not over."""
    checked, pulled, late = read_done(store, round_id, STEP), read_done(store, round_id, "pull"), was_late(store, round_id)
    if checked is not None:
        missing = dict(pulled.facts["missing"]) if pulled else {}
        sets = checked.facts["data_sets"]
        found = [
            Delivered(round_id, n, Verdict(f["verdict"]), f["rows"], f["quarantined"], late, f["code"]) for n, f in sets.items()
        ]
        found += [Delivered(round_id, name, _verdict(code), late=late, code=code) for name, code in missing.items()]
        return sorted(found, key=lambda one: one.data_set)
    if store.exists(key := f"rounds/{round_id}/submission.json"):
        code = store.read_json(key)["code"]
        return [Delivered(round_id, DEMAND, _verdict(code), late=late, code=code)]
    return [Delivered(round_id, DEMAND, Verdict.ABSENT, late=True)] if late else []


def _verdict(code: str) -> Verdict:
    """Of a data set that was not checked: the partner's fault, or nobody's who delivers."""
    return Verdict.NOT_CHECKED if code in (*OURS, "rule") else Verdict.ABSENT


def score(deliveries: Sequence[Delivered]) -> float | None:
    """0 to 100 over the last 30 rounds that say something; None before the first."""
    counted = [one for one in deliveries if one.counts]
    rounds = in_time({one.round for one in counted})[-WINDOW:]
    worth = [one.worth for one in counted if one.round in rounds]
    return 100 * sum(worth) / len(worth) if worth else None
