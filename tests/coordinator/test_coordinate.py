"""The coordinator's whole round: whom it waits for and how long, tries of a training, and what it says meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from parties import ROUND, Parties

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.coordinate import Pauses, coordinate
from decai_forecast.coordinator.federate import keep_last
from decai_forecast.coordinator.roster import read_roster
from decai_forecast.errors import FederationError
from decai_forecast.link import ClosingStatus, State
from decai_forecast.round import Round

HASTY = Pauses(look=0.02, again=0.02, tell=0.5)
LATER = timedelta(seconds=30)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path, quorum=3, grace_minutes=0.01)


@pytest.fixture
def lines() -> list[str]:
    return []


class Trainings:
    """End one after the other, with an error or with the last forecaster published; for real in tests/federation."""

    def __init__(self, *ends: Exception | None) -> None:
        self.left = list(ends)

    def __call__(self, coordinator: CoordinatorContext, round: Round, progress: Callable[[str], None]) -> None:
        if (end := self.left.pop(0)) is not None:
            raise end
        progress("trained")
        keep_last(coordinator, round, "trained elsewhere")


def until(wait: timedelta = LATER) -> datetime:
    return datetime.now(UTC) + wait


def later(work: Callable[[], object], seconds: float = 0.2) -> threading.Timer:
    timer = threading.Timer(seconds, work)
    timer.start()
    return timer


def test_it_waits_for_the_quorum_and_the_rest(parties: Parties, lines: list[str]) -> None:
    """All have answered, one of them that it has nothing: nobody is waited for any longer."""
    later(lambda: parties.submit("abc"))
    later(lambda: parties.submit("d", state=State.FAILED, code="source_absent", digest=""), 0.1)
    closing = coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings(None))
    assert (closing.status, closing.members) == (ClosingStatus.CLOSED, ("a", "b", "c"))
    assert closing.missing == {"d": "failed:source_absent"}
    assert lines[0] == "round 2026-06-29: 0 of 4 partners answered, 0 of them ready; silent: a, b, c, d"
    assert "round 2026-06-29: 4 of 4 partners answered, 3 of them ready" in lines
    assert lines[-1] == closing.note


def test_who_comes_after_the_grace_is_late(parties: Parties, lines: list[str]) -> None:
    """The training has begun without it; the closing waits for it and names it."""
    parties.submit("abc")
    later(lambda: parties.submit("d"), 1.5)
    closing = coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings(None))
    assert (closing.members, closing.late) == (("a", "b", "c"), ("d",))


def test_who_never_comes_is_named_at_the_deadline(parties: Parties, lines: list[str]) -> None:
    """And not before it."""
    parties.submit("abc")
    end = until(timedelta(seconds=2))
    closing = coordinate(parties.coordinator, ROUND, end, lines.append, HASTY, Trainings(None))
    assert datetime.now(UTC) >= end
    assert closing.missing == {"d": "absent"}
    assert sum("silent: d" in line for line in lines) >= 3  # it goes on saying for whom it waits


def test_below_the_quorum_it_closes_at_the_deadline(parties: Parties, lines: list[str]) -> None:
    """Without a training; the last forecaster stays in use."""
    parties.submit("ab")
    closing = coordinate(parties.coordinator, ROUND, until(timedelta(seconds=0.5)), lines.append, HASTY, Trainings(None))
    assert closing.status is ClosingStatus.BELOW_QUORUM
    assert read_roster(parties.coordinator, ROUND.id) is None
    assert parties.coordinator.link.shared(ROUND.id) is not None


def test_below_the_quorum_it_does_not_wait_where_waiting_cannot_help(parties: Parties, lines: list[str]) -> None:
    """Everybody has answered."""
    parties.submit("ab")
    parties.submit("cd", state=State.REFUSED, code="stale", digest="")
    start = time.monotonic()
    closing = coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings(None))
    assert (closing.status, time.monotonic() - start < 10) == (ClosingStatus.BELOW_QUORUM, True)


def test_a_training_that_failed_is_tried_again(parties: Parties, lines: list[str]) -> None:
    """Its code is told each time."""
    parties.submit("abcd")
    trainings = Trainings(FederationError("node_gone"), FederationError("once more"), None)
    closing = coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, trainings)
    assert [line for line in lines if line.startswith("federate")] == [
        "federate: federation: node_gone",
        "federate: federation: once more",
    ]
    assert (closing.status, trainings.left) == (ClosingStatus.CLOSED, [])


def test_it_is_not_tried_for_ever(parties: Parties, lines: list[str]) -> None:
    """At the deadline the round is closed with the last forecaster."""
    parties.submit("abcd")
    down = Trainings(*[FederationError("down")] * 1000)
    closing = coordinate(parties.coordinator, ROUND, until(timedelta(seconds=0.5)), lines.append, HASTY, down)
    assert closing.note.startswith("Round 2026-06-29 of n: 4 of 4 partners ")
    shared = parties.coordinator.link.shared(ROUND.id)
    assert shared is not None
    assert shared.members == ()


def test_a_closed_round_is_not_opened_again(parties: Parties, lines: list[str]) -> None:
    """A second call says how it ended, and waits for nothing."""
    parties.submit("abcd")
    first = coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings(None))
    lines.clear()
    assert coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings()) == first
    assert lines == []


def test_one_that_was_killed_goes_on(parties: Parties, lines: list[str]) -> None:
    """The roster is written and the forecaster published: what is left is the closing."""
    parties.submit("abcd")
    coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings(None))
    parties.public.remove(f"rounds/{ROUND.id}/closed.json")
    again = coordinate(parties.coordinator, ROUND, until(), lines.append, HASTY, Trainings())
    assert again.status is ClosingStatus.CLOSED


def test_another_day_does_not_count(parties: Parties, lines: list[str]) -> None:
    """A submission for another cut-off is none of this round."""
    parties.submit("abc")
    parties.submit("d", as_of=date(2026, 6, 1))
    closing = coordinate(parties.coordinator, ROUND, until(timedelta(seconds=1)), lines.append, HASTY, Trainings(None))
    assert closing.missing == {"d": "absent:other_as_of"}
