"""A coordinator and two companies cannot have a third one's sums by calling few: the third's own quorum decides."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from training_parties import IDENTITIES

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation.exact.errors import BelowQuorum
from decai_forecast.federation.exact.node import Call, train_on_call
from decai_forecast.federation.exact.records import TrainingRecords
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
