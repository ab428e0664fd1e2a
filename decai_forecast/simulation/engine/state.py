"""The state of a compiled run: one item in one block of replications."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.engine.frame import Counts
from decai_forecast.simulation.engine.plan import Numbers, Topology

__all__ = ["State", "state"]


class State(NamedTuple):
    """All arrays end with the replications of the block; single rows are room for what is on its way between loops."""

    on_hand: Numbers  # [node]
    net: Numbers  # [node]: on hand less owed
    due: Numbers  # [node]: ordered, not yet there
    order: Numbers  # [node]: of this period
    asked: Numbers  # [node]: in this period
    expected: Numbers  # [node]: demand per period
    wanted: Numbers  # [node]: what its suppliers owed it in this period
    got: Numbers  # [node]: what they shipped of it
    owed: Numbers  # [lane]: in the child's units
    ring: Numbers  # [period modulo, lane]: arrives then, in the child's units
    parts: Numbers  # [component]: waits for the others
    called: Numbers  # [demand node]: outside demand of this period
    open: Numbers  # [demand node]: backorders of outside customers
    first: Counts  # [demand node]: first short period
    sums: Numbers  # [5, node]: on hand; orders and their squares; what is asked and its squares
    can: Numbers  # row
    need: Numbers  # row
    part: Numbers  # row
    spare: Numbers  # row
    cost: Numbers  # row: of this period


def state(form: Topology, customers: int, ring: int, width: int, dtype: npt.DTypeLike) -> State:
    """Room for blocks of ``width`` replications."""
    nodes, lanes, components = len(form.source), len(form.parent), int(form.components[-1])
    rows = [np.zeros((nodes, width), dtype) for _ in range(8)]
    ways = np.zeros((lanes, width), dtype), np.zeros((ring, lanes, width), dtype), np.zeros((components, width), dtype)
    outside = [np.zeros((customers, width), dtype) for _ in range(2)]
    first, sums = np.zeros((customers, width), np.int32), np.zeros((5, nodes, width), dtype)
    return State(*rows, *ways, *outside, first, sums, *(np.zeros(width, dtype) for _ in range(5)))
