"""An outage is run only in the part of the network that feels it, and all figures are those of the whole."""

from __future__ import annotations

from dataclasses import fields
from functools import partial
from typing import Any

import numpy as np
import pytest
from simulation.engine.networks import graph, net43, net43_demand, stages, undisturbed

from decai_forecast.simulation.engine import vectorised
from decai_forecast.simulation.engine.behaviour import anchored
from decai_forecast.simulation.engine.frame import Outcome
from decai_forecast.simulation.engine.parts import Parts, parts_of
from decai_forecast.simulation.network.stages import Group

PLAIN: dict[str, Any] = {"backorder": False, "allocation": "proportional", "behaviour": None, "late": None, "before": None}
ENGINE = partial(vectorised.run, dtype=np.float64)


def equal(one: Outcome, other: Outcome) -> None:
    """But for the squares of what is asked of a source, which no scenario is read for."""
    for field in fields(Outcome):
        found, wanted = (getattr(of, field.name) for of in (one, other))
        if field.name == "asked":
            found, wanted = found[1:], wanted[1:]
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-6)


def late_and_anchored(group: Group, replications: int, periods: int) -> dict[str, Any]:
    draw, nodes = np.random.default_rng(1), len(group.graph.nodes)
    late = draw.integers(0, 3, (len(group.graph.parent), 1, periods, replications)).astype(np.uint8)
    some = (draw.uniform(0.2, 0.9, (nodes, 1)) for _ in range(3))
    return PLAIN | {"late": late, "behaviour": anchored(*some, np.full((nodes, 1), 20.0))}


@pytest.mark.parametrize("node", [2, 12, 20, 43])
@pytest.mark.parametrize("own", [False, True])
def test_a_part_tells_what_the_whole_does(node: int, own: bool) -> None:
    """Suppliers, a depot, and stores of three depots; with late shipments and behaviours of each node, too."""
    group, demand = Group(*net43()), net43_demand(30, 3)
    given = late_and_anchored(group, 3, 30) if own else PLAIN
    hit = undisturbed(group.graph, 30)
    hit.ordering[5:12, node], hit.shipping[5:12, node], hit.lead[5:12, node] = False, 0.3, 2
    parts = Parts(ENGINE, group, demand, given)
    equal(parts.run(hit), ENGINE(group.graph, group.stages, demand, hit, **given))
    assert parts.plain  # it was not run as a whole


def test_what_a_source_does_is_felt_everywhere() -> None:
    """And so is more demand at every store."""
    group, demand = Group(*net43()), net43_demand(30, 2)
    for name, value in (("shipping", 0.0), ("demand", 2.0)):
        hit = undisturbed(group.graph, 30)
        getattr(hit, name)[5:9, slice(0, 1) if name == "shipping" else slice(None)] = value
        parts = Parts(ENGINE, group, demand, PLAIN)
        equal(parts.run(hit), ENGINE(group.graph, group.stages, demand, hit, **PLAIN))
        assert not parts.plain


def test_a_source_with_a_limit_ties_its_customers_together() -> None:
    """What one of them orders is missing for the other."""
    of = graph(3, [0], [(0, 1, 0), (0, 2, 0)], [1, 2])
    assert parts_of(Group(of, stages(of))).tolist() == [-1, 1, 2]
    numbers = parts_of(Group(of, stages(of, capacity=[5.0, np.inf, np.inf]))).tolist()
    assert numbers[0] == numbers[1] == numbers[2] >= 0
