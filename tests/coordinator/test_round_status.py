"""How a round stands: who is ready, who is not and why, and which cut-off it is of."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from parties import ROUND, Parties

from decai_forecast.coordinator.round_status import RoundStatus, round_status, rounds_of
from decai_forecast.link import State
from decai_forecast.round import Round

EARLY, LATE = date(2026, 6, 22), date(2026, 6, 29)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path)


def status(parties: Parties, as_of: date | None = None) -> RoundStatus:
    return round_status(parties.coordinator, ROUND.id, as_of)


def test_before_anybody_submits_nothing_is_known(parties: Parties) -> None:
    """All are silent, and the round has no cut-off yet."""
    empty = status(parties)
    assert (empty.ready, empty.served, empty.silent, empty.as_of) == ((), (), ("a", "b", "c", "d"), None)
    assert empty.missing() == dict.fromkeys("abcd", "absent")
    assert not empty.settled


def test_every_state_has_its_place(parties: Parties) -> None:
    """A newcomer is served and does not train; of the others the state and the code are told."""
    parties.submit("a")
    parties.submit("b", state=State.NEWCOMER, code="little_history", digest="")
    parties.submit("c", state=State.REFUSED, code="stale", digest="")
    parties.submit("d", state=State.FAILED, code="source_absent", digest="")
    all_there = status(parties)
    assert (all_there.ready, all_there.served, all_there.silent) == (("a",), ("a", "b"), ())
    assert all_there.missing() == {"b": "newcomer:little_history", "c": "refused:stale", "d": "failed:source_absent"}
    assert all_there.settled


def test_the_last_submission_counts(parties: Parties) -> None:
    """A delivery that is tried again takes the place of the one that failed."""
    parties.submit("a", state=State.FAILED, code="source_absent", digest="")
    assert status(parties).missing()["a"] == "failed:source_absent"
    parties.submit("a")
    assert status(parties).ready == ("a",)


@pytest.mark.parametrize(
    ("early", "late", "usual"),
    [("a", "bc", LATE), ("ab", "c", EARLY), ("ab", "cd", EARLY), ("", "a", LATE), ("a", "", EARLY)],
)
def test_the_cut_off_is_the_one_that_most_submissions_are_for(parties: Parties, early: str, late: str, usual: date) -> None:
    """Of equally many the earliest: it holds no data that others do not have."""
    parties.submit(early, as_of=EARLY)
    parties.submit(late, as_of=LATE)
    found = status(parties)
    taken, others = (early, late) if usual == EARLY else (late, early)
    assert (found.as_of, found.ready) == (usual, tuple(taken))
    assert {name: why for name, why in found.missing().items() if why != "absent"} == dict.fromkeys(
        others, "absent:other_as_of"
    )


def test_a_given_cut_off_is_the_rounds(parties: Parties) -> None:
    """However many submissions are for another one."""
    parties.submit("abc", as_of=EARLY)
    parties.submit("d", as_of=LATE)
    found = status(parties, LATE)
    assert (found.ready, found.as_of) == (("d",), LATE)
    assert found.missing() == dict.fromkeys("abc", "absent:other_as_of")
    assert found.silent == ("a", "b", "c")


def test_rounds_stand_newest_first(parties: Parties) -> None:
    """Each with its cut-off; one of which nothing could be read is none."""
    parties.submit("ab", round="2026-06-22", as_of=EARLY)
    parties.submit("ab", round="2026-06-29", as_of=LATE)
    parties.submit("ab", round="2026-06-29.2", as_of=EARLY)
    parties.inbox.write_bytes("a/2026-06-30/submission.json", b"{")
    parties.inbox.write_bytes("notes/a.json", b"{}")
    assert rounds_of(parties.coordinator) == [
        Round("2026-06-29.2", EARLY),
        Round("2026-06-29", LATE),
        Round("2026-06-22", EARLY),
    ]
