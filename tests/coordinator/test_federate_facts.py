"""What comes of a shared training: kept whole at the coordinator, published without rows and scores, archived if it ships."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from parties import ROUND, Parties, at_once

from decai_forecast.coordinator.archive import Archive
from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.federate import FEDERATE, TrainingFacts, federate, published, read_failure, read_training
from decai_forecast.coordinator.roster import read_roster, write_roster
from decai_forecast.coordinator.training import Gain, Scored
from decai_forecast.errors import BelowQuorum, FederationError
from decai_forecast.link import ClosingStatus, Evaluation, ModelFile, Noise, SharedRound, SharedStatus
from decai_forecast.steps import run_step

CUTOFF, EARLIER = date(2026, 6, 29), date(2026, 3, 30)
NEW, OLD = ModelFile("shared/2026-06-29/ab.json", "ab" * 32), ModelFile("shared/2026-03-30/cd.json", "cd" * 32)
FACTS = TrainingFacts(
    SharedStatus.TRAINED, ("a", "b"), {EARLIER: OLD, CUTOFF: NEW}, NEW, (EARLIER,), strategy="exact",
    rows={"a": 10, "b": 20, "c": 5}, dropped={"c": "exact_peer_lost"}, seconds=1.5,
    evaluation=Scored(True, "it is better", {"a": Gain(10, 0.5, 0.4, 0.2)}), privacy=Noise(3.0, 30.0, 1e-6),
)  # fmt: skip


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Three of four companies are ready."""
    parties = Parties(tmp_path, quorum=3)
    parties.submit("abc")
    return parties


def trained(parties: Parties, facts: TrainingFacts = FACTS) -> None:
    """The round's training is done, and nothing of it was published: its process died in between."""
    roster = write_roster(parties.coordinator, ROUND)
    run_step(parties.coordinator.store, ROUND.id, FEDERATE, roster.to_json(), lambda writer: facts)


def shared(parties: Parties) -> SharedRound:
    found = parties.company("a").link.shared(ROUND.id)
    assert found is not None
    return found


def test_facts_come_back_as_they_were(parties: Parties) -> None:
    """Cut-offs, files, scores and terms of privacy are of their types."""
    trained(parties)
    done = read_training(parties.coordinator, ROUND.id)
    assert done is not None
    assert done.facts == FACTS


def test_everybody_reads_all_but_rows_and_scores(parties: Parties) -> None:
    """How many rows a company has, and how well the new forecaster fits it, stays with the coordinator."""
    trained(parties)
    federate(parties.coordinator, ROUND)
    assert shared(parties) == SharedRound(
        ROUND.id, ROUND.as_of, SharedStatus.TRAINED, tuple("abcd"), 3, ("a", "b"), {"d": "absent"}, {"c": "exact_peer_lost"},
        FACTS.models, NEW, (EARLIER,), "", "exact", 1.5, Noise(3.0, 30.0, 1e-6), Evaluation(True, "it is better"),
    )  # fmt: skip
    text = parties.public.read_bytes(f"rounds/{ROUND.id}/shared.json").decode()
    assert "rows" not in text
    assert "challenger" not in text


def test_what_ships_is_archived(parties: Parties) -> None:
    """With the cut-offs that were trained or reused beside it."""
    trained(parties)
    federate(parties.coordinator, ROUND)
    archive = Archive.read(parties.coordinator.store, None)
    assert archive == Archive({EARLIER: OLD, CUTOFF: NEW}, {CUTOFF: NEW})
    assert archive.champion(CUTOFF) == NEW


def test_what_does_not_ship_is_not_archived(parties: Parties) -> None:
    """Beside a forecaster that is worse than the last one the others are suspect, too."""
    Archive({EARLIER: OLD}, {EARLIER: OLD}).write(parties.coordinator.store, None)
    verdict = Scored(False, "it is worse", {})
    trained(parties, replace(FACTS, status=SharedStatus.KEPT, ships=OLD, reason="it is worse", evaluation=verdict))
    federate(parties.coordinator, ROUND)
    assert Archive.read(parties.coordinator.store, None) == Archive({EARLIER: OLD}, {EARLIER: OLD})
    assert (shared(parties).ships, shared(parties).evaluation) == (OLD, Evaluation(False, "it is worse"))


def test_a_repetition_changes_nothing(parties: Parties) -> None:
    """Neither what was published nor the archive, whatever happened since."""
    trained(parties)
    assert not published(parties.coordinator, ROUND.id)
    federate(parties.coordinator, ROUND)
    before = shared(parties)
    Archive({}, {}).write(parties.coordinator.store, None)
    assert federate(parties.coordinator, ROUND).repeated
    assert shared(parties) == before
    assert Archive.read(parties.coordinator.store, None) == Archive({}, {})


def test_eight_starts_at_once_publish_one(parties: Parties) -> None:
    """All of them return the same training."""
    trained(parties)
    done = at_once(8, lambda: federate(parties.coordinator, ROUND))
    assert all(one.facts == FACTS for one in done)
    assert shared(parties).ships == NEW


def test_below_quorum_nothing_begins(tmp_path: Path) -> None:
    """Neither roster nor step nor publication."""
    parties = Parties(tmp_path, quorum=3)
    parties.submit("ab")
    with pytest.raises(BelowQuorum, match="2 of 4 partners delivered, 3 are needed"):
        federate(parties.coordinator, ROUND)
    assert read_roster(parties.coordinator, ROUND.id) is None
    assert read_training(parties.coordinator, ROUND.id) is None
    assert not published(parties.coordinator, ROUND.id)


def test_a_training_that_failed_is_told_at_the_coordinator(parties: Parties) -> None:
    """Companies that are ready and have nothing to train on: the reason stays at home, the last forecaster in use."""
    assert read_failure(parties.coordinator, ROUND.id) == ""
    with pytest.raises(FederationError) as error:
        federate(parties.coordinator, ROUND)
    assert read_failure(parties.coordinator, ROUND.id) == str(error.value)
    assert not published(parties.coordinator, ROUND.id)
    closing = close(parties.coordinator, ROUND)
    assert (closing.status, closing.members) == (ClosingStatus.CLOSED, tuple("abc"))
    assert str(error.value) not in closing.note


def test_a_repetition_that_succeeds_takes_the_failure_back(parties: Parties) -> None:
    """Nobody looks for a fault that is mended."""
    parties.coordinator.store.write_json(f"rounds/{ROUND.id}/failed.json", {"code": "federation", "reason": "gone"})
    trained(parties)
    federate(parties.coordinator, ROUND)
    assert read_failure(parties.coordinator, ROUND.id) == ""
