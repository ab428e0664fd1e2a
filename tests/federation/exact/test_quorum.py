"""A coordinator and two companies cannot have a third one's sums by calling few: the third's own quorum decides."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from training_parties import IDENTITIES

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation.exact.errors import Begun, BelowQuorum
from decai_forecast.federation.exact.node import Call, train_on_call
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.gate.questions import quorum_of
from decai_forecast.federation.plan import Plan
from decai_forecast.identity import Identity, Keyring
from decai_forecast.store import Store

CUTOFF = date(2026, 6, 22)
PEOPLE = {f"co{k:02d}": Identity.create(f"co{k:02d}").public for k in range(11)}


@pytest.mark.parametrize(("node", "called"), [(None, 3), ({}, 7), ({"quorum": 8}, 7), ({"quorum": 12}, 11)])
def test_a_roster_below_the_own_quorum_is_refused_before_the_relay_hears_of_it(
    node: dict[str, int] | None, called: int, tmp_path: Path
) -> None:
    """Twelve are pinned; the plan says that three are enough."""
    victim = IDENTITIES[0]
    store = Store(tmp_path, victim.name)
    ring = Keyring(store)
    ring.adopt(victim)
    everybody = PEOPLE | {victim.name: victim.public}
    ring.pin(everybody)
    plan = Plan("r", (CUTOFF,), ("a",), 3, 7, "exact", rounds=3, params=dict(TREE_PARAMS))
    call = Call(0.5, os.urandom(32), 1, dict(sorted(everybody.items())[:called]), victim.name)

    def connect(*_: object) -> None:
        raise AssertionError("the relay was called")

    rows = np.zeros((9, 1), np.float32), np.ones(9), None, np.ones(9, bool)
    with pytest.raises(BelowQuorum) as error:
        train_on_call(call, plan, CUTOFF, *rows, TrainingRecords(store), ring, connect, node)
    assert error.value.code == "exact_below_quorum"


def test_a_key_that_is_taken_back_makes_no_quorum_smaller(tmp_path: Path) -> None:
    """Else a coordinator that takes nine of twelve keys back could call three."""
    ring = Keyring(Store(tmp_path, "victim"))
    ring.pin(PEOPLE | {"victim": ring.identity().public})
    for name in list(PEOPLE)[:9]:
        ring.revoke(name, PEOPLE[name], CUTOFF)
    assert (len(ring.pinned()), quorum_of({}, ring.pins())) == (3, 8)


def test_what_was_begun_goes_on_with_exchanged_keys_only(tmp_path: Path) -> None:
    """The same company, which has exchanged its key; not another one in its name, and none whose key was taken back."""
    ring, records = Keyring(store := Store(tmp_path, "co00")), TrainingRecords(store)
    ring.pin(three := dict(list(PEOPLE.items())[:3]))
    records.begin("x", KeyRoster.of(three), "rows")
    newer = {**three, "co01": Identity.create("co01").public}
    with pytest.raises(Begun):
        records.begin("x", KeyRoster.of(newer), "rows")
    ring.succeed("co01", newer["co01"])
    records.begin("x", KeyRoster.of(newer), "rows")
    ring.revoke("co01", newer["co01"], CUTOFF)
    ring.pin({"co01": (other := Identity.create("co01").public)})
    with pytest.raises(Begun):
        records.begin("x", KeyRoster.of({**three, "co01": other}), "rows")
