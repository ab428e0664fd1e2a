"""How a partner has delivered: the verdict of every round, and a score from them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from decai_forecast.contracts import Verdict
from decai_forecast.partner.context import DEMAND
from decai_forecast.partner.facts import CHECK, PULL
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.round import in_time, time_of
from decai_forecast.steps import read_done
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


def history(store: Store, until: str = "") -> list[Delivered]:
    """Every data set of every round that this partner has in its own store, newest first; up to round ``until`` if given.

    A round that is still under way is left out. A night that ended before the check is one of the demand data set. The
    contracts of tonight do not matter: one that is broken has its history all the same.
    """
    return list(_rounds(store, until))


def quality(store: Store, until: str) -> float | None:
    """The score of a partner as it stood after round ``until``; None before the first round that says something."""
    deliveries: list[Delivered] = []
    for one in _rounds(store, until):  # newest first: older rounds than the score looks at are not read
        if one.counts and len({d.round for d in deliveries if d.counts} | {one.round}) > WINDOW:
            break
        deliveries.append(one)
    return score(deliveries)


def _rounds(store: Store, until: str) -> Iterator[Delivered]:
    for round_id in reversed(in_time(store.children("rounds"))):
        if not until or time_of(round_id) <= time_of(until):
            yield from _of_round(store, round_id)


def _of_round(store: Store, round_id: str) -> list[Delivered]:
    """What a round says of the partner's data sets; nothing where it is not over."""
    checked, pulled, late = read_done(store, round_id, CHECK), read_done(store, round_id, PULL), was_late(store, round_id)
    if checked is not None:
        sets, missing = checked.facts.data_sets.items(), pulled.facts.missing.items() if pulled else ()
        came = [Delivered(round_id, n, f.verdict, f.rows, f.quarantined, late, f.code) for n, f in sets]
        not_come = [Delivered(round_id, name, _verdict(code), late=late, code=code) for name, code in missing]
        return sorted([*came, *not_come], key=lambda one: one.data_set)
    if (submission := kept_submission(store, round_id)) is not None:
        return [Delivered(round_id, DEMAND, _verdict(submission.code), late=late, code=submission.code)]
    return [Delivered(round_id, DEMAND, Verdict.ABSENT, late=True)] if late else []


def _verdict(code: str) -> Verdict:
    """Of a data set that was not checked. Where the code names a fault of ours or of the machine, nothing is held against the
    company: ``source_failed`` is a server that broke, ``rule`` a rule that cannot run."""
    return Verdict.NOT_CHECKED if code in (*OURS, "rule") else Verdict.ABSENT


def score(deliveries: Sequence[Delivered]) -> float | None:
    """0 to 100 over the last 30 rounds that say something; None before the first."""
    counted = [one for one in deliveries if one.counts]
    rounds = in_time({one.round for one in counted})[-WINDOW:]
    worth = [one.worth for one in counted if one.round in rounds]
    return 100 * sum(worth) / len(worth) if worth else None
