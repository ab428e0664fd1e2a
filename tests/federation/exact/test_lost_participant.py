"""A participant that goes ends the training; nobody goes on without it, and all can go on with it."""

from functools import partial
from itertools import combinations
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
from training_parties import IDENTITIES, companies, outcomes, plan, pooled, records, roster_of, together

from decai_forecast.federation.exact.errors import Begun, PeerLost
from decai_forecast.federation.exact.records import CHECKPOINT_TREES, TrainingRecords
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.train import train

WHICH = plan(trees=CHECKPOINT_TREES + 3, bag=0.8, tree={"num_leaves": 5, "feature_fraction": 0.5})


class Gone(Exception):
    """The process of a participant ends."""


def leaving(part: Rows, keeps: TrainingRecords, session: SecureSession, after: int = CHECKPOINT_TREES + 1) -> Any:
    def stop(trees: int, _: int) -> None:
        if trees == after:
            raise Gone

    return train(part, WHICH, session, keeps, stop)


def interrupted(parts: list[Rows], folder: Path) -> list[Any]:
    """A training in which cyd leaves one tree after a checkpoint."""
    stay = [partial(train, parts[k], WHICH, records=records(k, folder)) for k in (0, 1)]
    return together([*stay, partial(leaving, parts[2], records(2, folder))])


def test_all_stop_when_one_leaves_and_go_on_when_it_is_back(tmp_path: Path) -> None:
    """The others are told who; the same companies then go on from the last kept tree and end with the model of a training
    that was never interrupted, to the last bit."""
    parts = companies()
    found = interrupted(parts, tmp_path)
    assert isinstance(found[2], Gone)
    assert [str(one) for one in found[:2]] == ["cyd stopped the training"] * 2
    assert all(isinstance(one, PeerLost) for one in found[:2])
    again = outcomes(parts, WHICH, tmp_path)
    assert {one.text for one in again} == {pooled(parts, WHICH)}


def test_a_participant_that_lost_its_trees_does_not_stop_the_others(tmp_path: Path) -> None:
    """All begin where it must begin."""
    parts = companies()
    interrupted(parts, tmp_path)
    for kept in (tmp_path / "bea").rglob("checkpoints/*"):
        kept.unlink()
    assert {one.text for one in outcomes(parts, WHICH, tmp_path)} == {pooled(parts, WHICH)}


def test_what_was_begun_is_not_trained_without_one_of_them(tmp_path: Path) -> None:
    """Four began, three would go on: two sums over nearly the same rows, whose difference is the fourth's. Each refuses."""
    parts = companies(4, size=120)
    outcomes(parts, plan(trees=1), tmp_path)
    for one in outcomes(parts[:3], plan(trees=1), tmp_path):
        assert isinstance(one, Begun | PeerLost)
    with pytest.raises(Begun, match="was begun by ada, bea, cyd, dot; training it with ada, bea, cyd would show"):
        records(0, tmp_path).begin(plan().subject, roster_of(3), parts[0].digest)


def test_a_company_in_anothers_place_is_another_roster(tmp_path: Path) -> None:
    """As many, but not the same: also a difference of two sums."""
    place = records(0, tmp_path)
    place.begin("s", roster_of(3), "r")
    place.begin("s", roster_of(3), "r")
    with pytest.raises(Begun):
        place.begin("s", KeyRoster.of({one.name: one.public for one in (*IDENTITIES[:2], IDENTITIES[3])}), "r")


def test_changed_rows_are_not_summed_again(tmp_path: Path) -> None:
    """One label corrected between two attempts: the difference of the sums would be that label's."""
    parts = companies()
    interrupted(parts, tmp_path)
    parts[1].label[5] += 1
    found = outcomes(parts, WHICH, tmp_path)
    assert isinstance(found[1], Begun)
    assert "other rows of bea" in str(found[1])
    assert all(isinstance(one, PeerLost) for one in (found[0], found[2]))


def test_two_calls_at_once_do_not_both_begin(tmp_path: Path) -> None:
    """A coordinator that calls for the same cut-off twice, with other companies, in the same moment: one of them begins."""
    place = records(0, tmp_path)
    rosters = [KeyRoster.of({one.name: one.public for one in chosen}) for chosen in combinations(IDENTITIES, 4)]
    for subject in map(str, range(10)):
        ready, begun = Barrier(len(rosters)), list[KeyRoster]()

        def call(roster: KeyRoster, subject: str = subject, ready: Barrier = ready, begun: list[KeyRoster] = begun) -> None:
            ready.wait()
            try:
                place.begin(subject, roster, "r")
                begun.append(roster)
            except Begun:
                pass

        callers = [Thread(target=call, args=(roster,)) for roster in rosters]
        for caller in callers:
            caller.start()
        for caller in callers:
            caller.join()
        assert len(begun) == 1
