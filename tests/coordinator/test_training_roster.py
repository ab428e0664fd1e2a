"""The roster of a round: written once, at quorum, and never changed."""

from __future__ import annotations

from dataclasses import replace
from itertools import cycle
from pathlib import Path

import pytest
from parties import DIGEST, ROUND, Parties, at_once

from decai_forecast.coordinator.roster import TrainingRoster, read_roster, round_of, settle, write_roster
from decai_forecast.errors import BelowQuorum
from decai_forecast.identity import Keyring
from decai_forecast.link import CoordinatorFolder, Inbox, State
from decai_forecast.round import Round

FEW = (
    "Round 2026-06-29 of n: 2 of 4 partners delivered, 3 are needed; missing: c (absent), d (failed:source_absent). "
    "The last shared forecaster stays in use."
)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path, quorum=3)


def test_a_roster_names_who_trains_on_what(parties: Parties) -> None:
    """The digest of each member's rows, and why the others are not among them; it is read as it was written."""
    parties.submit("abc")
    parties.submit("d", state=State.REFUSED, code="stale", digest="")
    roster = write_roster(parties.coordinator, ROUND)
    assert roster == TrainingRoster(ROUND.id, ROUND.as_of, dict.fromkeys("abc", DIGEST), {"d": "refused:stale"}, 3)
    assert read_roster(parties.coordinator, ROUND.id) == roster


def test_before_the_training_there_is_none(parties: Parties) -> None:
    """None, and nothing is written by asking."""
    assert read_roster(parties.coordinator, ROUND.id) is None
    assert parties.coordinator.store.children("rounds") == []


def test_who_comes_later_does_not_change_it(parties: Parties) -> None:
    """Nor does who goes."""
    parties.submit("abc")
    roster = write_roster(parties.coordinator, ROUND)
    parties.submit("d")
    parties.submit("a", digest="cd" * 32)
    parties.inbox.remove(f"b/{ROUND.id}/submission.json")
    assert write_roster(parties.coordinator, ROUND) == roster


def test_eight_starts_at_once_have_one_roster(parties: Parties) -> None:
    """Though the inbox changes between them: whoever is first decides for all."""
    parties.submit("abc")
    digests = cycle(("ab" * 32, "cd" * 32))

    def start() -> TrainingRoster:
        parties.submit("d", digest=next(digests))
        return write_roster(parties.coordinator, ROUND)

    rosters = at_once(8, start)
    assert all(roster == rosters[0] for roster in rosters)
    assert read_roster(parties.coordinator, ROUND.id) == rosters[0]


def test_a_start_that_is_overtaken_takes_the_others_roster(parties: Parties) -> None:
    """It found no roster, and another start wrote one while it read the inbox, where one company more lies by now."""
    parties.submit("abc")
    first: list[TrainingRoster] = []

    class Overtaken(CoordinatorFolder):
        def submissions(self, round_id: str) -> Inbox:
            first.append(write_roster(parties.coordinator, ROUND))
            parties.submit("d")
            return super().submissions(round_id)

    store = parties.coordinator.store
    slow = replace(
        parties.coordinator, link=Overtaken(parties.inbox, parties.public, Keyring(store), store, parties.network.partners)
    )
    assert write_roster(slow, ROUND) == first[0]
    assert sorted(first[0].members) == ["a", "b", "c"]
    assert read_roster(parties.coordinator, ROUND.id) == first[0]


def test_below_quorum_nothing_is_written(parties: Parties) -> None:
    """One sentence says how many are there, how many are needed, who is missing and why, and what follows."""
    parties.submit("ab")
    parties.submit("d", state=State.FAILED, code="source_absent", digest="")
    with pytest.raises(BelowQuorum) as error:
        write_roster(parties.coordinator, ROUND)
    assert str(error.value) == FEW
    assert read_roster(parties.coordinator, ROUND.id) is None


def test_a_newcomer_does_not_count_for_the_quorum(parties: Parties) -> None:
    """It has nothing to train on."""
    parties.submit("ab")
    parties.submit("cd", state=State.NEWCOMER, code="little_history", digest="")
    with pytest.raises(BelowQuorum, match=r"2 of 4 partners delivered, 3 are needed; missing: c \(newcomer:little_history\)"):
        write_roster(parties.coordinator, ROUND)


@pytest.mark.parametrize(("partners", "minimum"), [("abc", 3), ("abcd", 3), ("abcde", 4), ("abcdefghi", 6)])
def test_without_a_quorum_two_thirds_are_needed(tmp_path: Path, partners: str, minimum: int) -> None:
    """And at least three: of two, each could subtract itself and read the other one."""
    parties = Parties(tmp_path, partners)
    parties.submit(partners[: minimum - 1])
    with pytest.raises(BelowQuorum, match=f"{minimum - 1} of {len(partners)} partners delivered, {minimum} are needed"):
        write_roster(parties.coordinator, ROUND)
    parties.submit(partners[:minimum])
    assert write_roster(parties.coordinator, ROUND).minimum == minimum


# whether to wait


def test_while_somebody_is_silent_the_round_waits(parties: Parties) -> None:
    """Above quorum, too, as long as the grace lasts."""
    parties.submit("abc")
    assert settle(parties.coordinator, ROUND, grace_over=False) is None
    assert read_roster(parties.coordinator, ROUND.id) is None


def test_when_all_have_answered_nobody_waits(parties: Parties) -> None:
    """A failure is an answer."""
    parties.submit("abc")
    parties.submit("d", state=State.FAILED, code="timeout", digest="")
    roster = settle(parties.coordinator, ROUND, grace_over=False)
    assert roster is not None
    assert roster.missing == {"d": "failed:timeout"}


def test_after_the_grace_the_quorum_is_enough(parties: Parties) -> None:
    """Who is silent then is absent."""
    parties.submit("abc")
    roster = settle(parties.coordinator, ROUND, grace_over=True)
    assert roster is not None
    assert roster.missing == {"d": "absent"}


def test_after_the_grace_a_round_below_quorum_still_waits(parties: Parties) -> None:
    """Somebody may yet come; only where all have answered waiting cannot help."""
    parties.submit("ab")
    assert settle(parties.coordinator, ROUND, grace_over=True) is None
    parties.submit("cd", state=State.FAILED, code="timeout", digest="")
    for grace_over in (False, True):
        with pytest.raises(BelowQuorum):
            settle(parties.coordinator, ROUND, grace_over=grace_over)


def test_a_malformed_message_is_no_answer(parties: Parties) -> None:
    """A correct one may follow it, so the round waits for it like for any other."""
    parties.submit("abc")
    parties.inbox.write_bytes(f"d/{ROUND.id}/submission.json", b"{")
    assert settle(parties.coordinator, ROUND, grace_over=False) is None
    roster = settle(parties.coordinator, ROUND, grace_over=True)
    assert roster is not None
    assert roster.missing == {"d": "absent:malformed"}


def test_a_settled_round_stays_settled(parties: Parties) -> None:
    """Asked again, before the grace is over and after submissions are gone."""
    parties.submit("abcd")
    roster = settle(parties.coordinator, ROUND, grace_over=False)
    parties.inbox.remove(ROUND.id)
    assert settle(parties.coordinator, ROUND, grace_over=False) == roster


def test_the_round_of_an_id(parties: Parties) -> None:
    """Its cut-off is that of what was delivered, and of the roster once there is one."""
    day = ROUND.as_of.replace(day=22)
    assert round_of(parties.coordinator, ROUND.id) == ROUND
    parties.submit("abc", as_of=day)
    assert round_of(parties.coordinator, ROUND.id) == Round(ROUND.id, day)
    write_roster(parties.coordinator, Round(ROUND.id, day))
    parties.submit("abcd")
    assert round_of(parties.coordinator, ROUND.id) == Round(ROUND.id, day)
