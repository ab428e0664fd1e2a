"""Closing a round: once, with everybody's reason, and with the last shared forecaster in use where there is no new one."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from parties import ROUND, Parties, at_once

from decai_forecast.coordinator.archive import Archive
from decai_forecast.coordinator.close import close, note_of_round
from decai_forecast.coordinator.federate import keep_last, published
from decai_forecast.coordinator.roster import write_roster
from decai_forecast.link import Closing, ClosingStatus, ModelFile, SharedRound, SharedStatus, State

BELOW = (
    "Round 2026-06-29 of n: 1 of 4 partners delivered, 3 are needed; missing: b (absent), c (absent), d (failed:stale). "
    "The last shared forecaster stays in use."
)
OLD = ModelFile("shared/2026-06-22/ab.json", "ab" * 32)


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path, quorum=3)


def publish(parties: Parties, **fields: Any) -> None:
    """The round's shared forecaster, trained by a, b and c."""
    shared = SharedRound(ROUND.id, ROUND.as_of, SharedStatus.TRAINED, tuple("abcd"), 3, tuple("abc"), **fields)
    assert parties.coordinator.link.publish_shared(shared)


def notices(parties: Parties) -> list[dict[str, Any]]:
    store = parties.coordinator.store
    return [store.read_json(key) for key in store.keys("notices")]


def test_below_quorum_the_round_ends_with_the_last_forecaster(parties: Parties) -> None:
    """Everybody reads who was there and who was not, and the notifier is called."""
    parties.submit("a")
    parties.submit("d", state=State.FAILED, code="stale", digest="")
    closing = close(parties.coordinator, ROUND)
    missing = {"b": "absent", "c": "absent", "d": "failed:stale"}
    assert closing == Closing(ROUND.id, ROUND.as_of, ClosingStatus.BELOW_QUORUM, (), (), missing, BELOW)
    shared = parties.company("a").link.shared(ROUND.id)
    assert shared is not None
    assert (shared.status, shared.reason, shared.missing) == (SharedStatus.KEPT, "below_quorum", missing)
    (notice,) = notices(parties)
    assert (notice["subject"], notice["text"]) == ("round 2026-06-29 of n is below quorum", BELOW)


def test_a_trained_round_closes_quietly(parties: Parties) -> None:
    """The note says who trained; nobody is called."""
    parties.submit("abc")
    write_roster(parties.coordinator, ROUND)
    publish(parties)
    closing = close(parties.coordinator, ROUND)
    assert (closing.status, closing.members, closing.late) == (ClosingStatus.CLOSED, tuple("abc"), ())
    assert closing.note == "Round 2026-06-29 of n: 3 of 4 partners trained together; missing: d (absent)."
    assert notices(parties) == []


def test_who_comes_after_the_roster_is_late(parties: Parties) -> None:
    """Late, and not missing: it gets its report and has no part in the training."""
    parties.submit("abc")
    write_roster(parties.coordinator, ROUND)
    publish(parties)
    parties.submit("d")
    closing = close(parties.coordinator, ROUND)
    assert (closing.members, closing.late, closing.missing) == (tuple("abc"), ("d",), {})
    assert closing.note == "Round 2026-06-29 of n: 3 of 4 partners trained together; late: d."


def test_a_round_whose_training_did_not_end_keeps_the_last_forecaster(parties: Parties) -> None:
    """It had its quorum, so it is closed and not below quorum."""
    parties.submit("abcd")
    write_roster(parties.coordinator, ROUND)
    closing = close(parties.coordinator, ROUND)
    assert closing.status is ClosingStatus.CLOSED
    assert closing.note == (
        "Round 2026-06-29 of n: 4 of 4 partners could not train together, the last shared forecaster stays in use."
    )
    assert published(parties.coordinator, ROUND.id)


def test_a_closed_round_stays_as_it_is(parties: Parties) -> None:
    """Whoever submits afterwards; a second closing calls nobody."""
    closing = close(parties.coordinator, ROUND)
    parties.submit("abcd")
    assert close(parties.coordinator, ROUND) == closing
    assert len(notices(parties)) == 1


def test_eight_closers_at_once_close_once(parties: Parties) -> None:
    """All return what was published, and the notifier is called once."""
    parties.submit("a")
    closings = at_once(8, lambda: close(parties.coordinator, ROUND))
    assert all(closing == parties.company("a").link.closing(ROUND.id) for closing in closings)
    assert len(notices(parties)) == 1


def test_keeping_the_last_publishes_what_is_in_use(parties: Parties) -> None:
    """All forecasters that were trained, for the companies' backtests, and the champion for the round's cut-off to ship."""
    new, other = ModelFile("shared/2026-06-29/cd.json", "cd" * 32), date(2026, 1, 5)
    archive = Archive({date(2026, 6, 22): OLD, other: new}, {date(2026, 6, 22): OLD, date(2026, 7, 6): new})
    archive.write(parties.coordinator.store, None)
    keep_last(parties.coordinator, ROUND, "below_quorum")
    shared = parties.company("a").link.shared(ROUND.id)
    assert shared is not None
    assert (shared.models, shared.ships) == (archive.trained, OLD)
    assert (shared.members, shared.expected, shared.minimum) == ((), tuple("abcd"), 3)


def test_keeping_the_last_changes_no_training(parties: Parties) -> None:
    """What the round has published stays."""
    publish(parties, ships=OLD)
    keep_last(parties.coordinator, ROUND, "below_quorum")
    shared = parties.company("a").link.shared(ROUND.id)
    assert shared is not None
    assert (shared.status, shared.ships) == (SharedStatus.TRAINED, OLD)


def test_the_first_round_has_nothing_to_keep(parties: Parties) -> None:
    """No forecaster ships, and every company uses its own."""
    keep_last(parties.coordinator, ROUND, "below_quorum")
    shared = parties.company("a").link.shared(ROUND.id)
    assert shared is not None
    assert (shared.models, shared.ships) == ({}, None)


def test_the_note_of_an_open_round_says_how_it_stands(parties: Parties) -> None:
    """Before the training, and after the closing what that said; during it: test_heartbeat.py."""
    parties.submit("abc")
    assert (
        note_of_round(parties.coordinator, ROUND.id) == "Round 2026-06-29 of n: 3 of 4 partners delivered; missing: d (absent)."
    )
    write_roster(parties.coordinator, ROUND)
    parties.submit("d")
    assert note_of_round(parties.coordinator, ROUND.id) == "Round 2026-06-29 of n: 3 partners are about to train together."
    closing = close(parties.coordinator, ROUND)
    assert note_of_round(parties.coordinator, ROUND.id) == closing.note
