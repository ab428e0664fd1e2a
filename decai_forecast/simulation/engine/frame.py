"""What goes into the engine beside the network, and what comes out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.network.graph import Bools, Floats, Ints

__all__ = ["Counts", "Disturbance", "Hit", "Late", "Outcome", "Samples"]

Samples = npt.NDArray[np.float32] | npt.NDArray[np.float64]  # [demand node, item, period, replication], units
Late = npt.NDArray[np.uint8]  # [lane, item, period, replication]: periods that what is shipped then comes late
Counts = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Disturbance:
    """A scenario as the engine sees it, for one graph; all arrays are [period, node]."""

    ordering: Bools  # False: the node places no orders
    shipping: Floats  # the most it ships, as a share of its normal throughput; infinity: no limit beyond its capacity
    lead: Ints  # periods that its shipments take longer
    demand: Floats  # factor on the demand of outside customers


@dataclass(frozen=True)
class Hit:
    """Items of a group (positions in it) that a scenario hits in one way."""

    group: int
    items: Ints
    disturbance: Disturbance


@dataclass(frozen=True)
class Outcome:
    """Reductions over time and replications; never a trace. Blocks of items or replications add up (merge.py).

    Service is that of outside customers. Sums over replications are in units; divide by ``replications``.
    """

    replications: int
    demand: Floats  # [demand node, item]: sum
    served: Floats  # [demand node, item]: sum of what was served in the period it was asked for
    short: Floats  # [demand node, item]: sum of units lost, or of backorders over the periods
    stockouts: Counts  # [demand node, item]: replications with at least one period short
    first_short: Counts  # [demand node, item, period + 1]: replications whose first short period this is; the last: none was
    on_hand: Floats  # [node, item]: sum over periods
    orders: Floats  # [node, item, 2]: sum and sum of squares of what it orders per period, in its own units
    placed: Floats  # [node, item]: orders placed, the sum over replications of their number
    dry: Floats  # [node, item]: periods that end without stock, the sum over replications of their number
    asked: Floats  # [node, item, 2]: the same of what is asked of it, by children and outside customers
    cost: Floats  # [replication]: holding, transit and shortage cost
    total_demand: Floats  # [period, replication]: over items and demand nodes
    total_served: Floats  # [period, replication]
    node_demand: Floats  # [demand node, period]: sum over items and replications
    node_served: Floats  # [demand node, period]
