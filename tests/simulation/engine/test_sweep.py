"""The driver: blocks, scenarios on the same demand, threads."""

import numpy as np
import pytest
from simulation.engine.networks import graph, stages, undisturbed

from decai_forecast.simulation.engine import choose, vectorised
from decai_forecast.simulation.engine.drive import Policy, sweep
from decai_forecast.simulation.engine.frame import Hit
from decai_forecast.simulation.engine.late import lateness
from decai_forecast.simulation.network import Group

ITEMS, PERIODS, REPLICATIONS = 7, 12, 1500
TREE = graph(4, [0], [(0, 1, 0), (1, 2, 0), (1, 3, 0)], [2, 3])
CHANCES = np.broadcast_to([0.7, 0.2, 0.1], (3, ITEMS, 3))
COSTS = {"holding": [0, 1, 1, 1], "shortage": [0, 0, 5, 5]}
GROUP = Group(TREE, stages(TREE, ITEMS, stock=[0, 60, 25, 25], lead=[2, 1, 1], lead_late=CHANCES, **COSTS))
DEMAND = np.random.default_rng(1).poisson(10, (2, ITEMS, PERIODS, REPLICATIONS)).astype(np.float32)


def draw(group, items, replications):
    return DEMAND[:, items][..., replications.start : replications.stop]


def scenarios():
    down, more = undisturbed(TREE, PERIODS), undisturbed(TREE, PERIODS)
    down.shipping[3:6, 1], more.demand[:, 2] = 0.0, 2.0
    return [[Hit(0, np.arange(0, ITEMS, 3), down), Hit(0, np.array([1]), more)], [], [Hit(0, np.arange(ITEMS), more)]]


def swept(**options):
    return sweep([GROUP], draw, scenarios(), REPLICATIONS, periods=PERIODS, seed=3, **options)


def test_blocks_add_up_to_one_run_of_everything():
    """Items in blocks and replications in two give what one run of all gives, late shipments included."""
    late = lateness(GROUP, PERIODS, range(REPLICATIONS), 3)
    whole, found = vectorised.run(TREE, GROUP.stages, DEMAND, late=late), swept().base[0]
    assert found.replications == REPLICATIONS
    assert all(np.allclose(getattr(found, name), values, rtol=1e-6) for name, values in vars(whole).items())
    assert np.array_equal(found.first_short, whole.first_short)


def test_a_scenario_changes_only_the_items_it_hits():
    """Items that no shock hits are as in the base run; a scenario that hits nothing is the base run itself."""
    found = swept()
    base, mixed = found.base[0], found.scenarios[0][0]
    assert np.array_equal(base.served[:, [2, 4, 5]], mixed.served[:, [2, 4, 5]])
    assert (mixed.served[:, [0, 3, 6]] < base.served[:, [0, 3, 6]]).all()
    assert mixed.demand[0, 1] == 2 * base.demand[0, 1]
    assert found.scenarios[1][0] is base


@pytest.mark.parametrize("fast", [False, True], ids=["vectorised", "compiled"])
def test_threads_change_nothing(monkeypatch, fast):
    """Two workers give the bytes of one."""
    monkeypatch.setattr(choose, "WORK", 0 if fast else 10**12)
    monkeypatch.setattr(choose, "STEPS", 10**12)
    one, two = swept(policy=Policy(backorder=False)), swept(policy=Policy(backorder=False), workers=2)
    pairs = zip((one.base[0], *(of[0] for of in one.scenarios)), (two.base[0], *(of[0] for of in two.scenarios)), strict=True)
    assert all(np.array_equal(values, getattr(b, name)) for a, b in pairs for name, values in vars(a).items())


def test_progress_is_told_per_block():
    """Every block is counted once."""
    told = []
    swept(progress=lambda done, of: told.append((done, of)))
    assert [done for done, _ in told] == list(range(1, told[0][1] + 1))


def test_lateness_belongs_to_lane_item_and_replication():
    """What is drawn is the same in blocks of replications, has the stated chances, and differs between seeds."""
    whole = lateness(GROUP, PERIODS, range(1000), 3)
    assert np.array_equal(lateness(GROUP, PERIODS, range(600, 1000), 3), whole[..., 600:])
    assert np.bincount(whole.ravel()) / whole.size == pytest.approx([0.7, 0.2, 0.1], abs=0.01)
    assert not np.array_equal(lateness(GROUP, PERIODS, range(1000), 4), whole)
