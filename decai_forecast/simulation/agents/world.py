"""One simulated disruption of a supplier: what its customers order while it cannot ship, and after.

The world starts from the firm's own recorded orders. Its customers keep a base stock, so that in normal times each orders
what it sells: without an outage the world repeats the records. During an outage the firm ships what its stock and what
still comes in allow, divided in proportion to what is owed and asked; the rest is owed. Customers that inflate their orders
raise their level by ``gamma`` times the share they did not get; once the firm can ship again they cancel a part of what is
still owed in every period, and order anew what they then need (Lee et al. 1997, Management Science 43(4), section 3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from decai_forecast.simulation.network.graph import Bools, Floats, Ints

__all__ = ["Customers", "Firm", "Outage", "World", "live"]

CATCH_UP = 3.0  # times its mean demand: the most that comes in per period when the firm makes up for an outage


@dataclass(frozen=True)
class Customers:
    """``gamma`` 0: rational, an order is what is needed; else the inflation of orders when short."""

    lead: int  # periods from shipping to arrival, >= 1
    cover: float  # periods of mean demand that the level holds beyond the lead time
    gamma: float
    cancel: float  # share of what is owed that is cancelled per period when the firm ships again


@dataclass(frozen=True)
class Firm:
    """``cover``: periods of mean demand in its stock; ``alpha``: share of the gap to it that it orders per period."""

    cover: float
    alpha: float


@dataclass(frozen=True)
class Outage:
    """``ships``: what still comes in, as a share of mean demand; ``hit``: [series] whose item is concerned."""

    start: int
    length: int
    ships: float
    hit: Bools


@dataclass(frozen=True)
class World:
    """All series x periods. ``owed``: units, at the end of the period; ``fill``: share of what was owed and asked."""

    orders: Floats
    fill: Floats
    owed: Floats


def live(demand: Floats, item: Ints, customers: Customers, firm: Firm, outage: Outage) -> World:
    """Orders from ``outage.start`` to the end; before it, and of series not hit, they are ``demand`` (NaN: unknown).

    ``demand``: units, series x periods, what the customers sell. ``item``: [series], numbered from 0; a firm's stock of an item
    serves all of its customers. The lead time must lie within the periods before the start.
    """
    world = World(demand.copy(), np.ones(demand.shape), np.zeros(demand.shape))
    rows = np.flatnonzero(outage.hit)
    sold = np.nan_to_num(demand[rows])
    mean = sold[:, max(0, outage.start - 26) : outage.start].mean(axis=1)
    state = _State(sold, mean, np.unique(item[rows], return_inverse=True)[1], customers, firm, outage)
    for t in range(outage.start, demand.shape[1]):
        world.orders[rows, t], world.fill[rows, t], world.owed[rows, t] = state.step(t)
    world.orders[np.isnan(demand)] = np.nan
    return world


class _State:
    """Of the series that are hit, at the start in the steady state of their levels."""

    def __init__(self, sold: Floats, mean: Floats, item: Ints, customers: Customers, firm: Firm, outage: Outage) -> None:
        self.sold, self.item, self.customers, self.firm, self.outage = sold, item, customers, firm, outage
        self.level = mean * (customers.lead + customers.cover)
        self.pipe = [sold[:, t] for t in range(outage.start - customers.lead, outage.start)]
        self.net = self.level - np.sum(self.pipe, axis=0)
        self.owed, self.fill = np.zeros(len(sold)), np.ones(len(sold))
        self.usual = np.bincount(item, mean)
        self.stock = firm.cover * self.usual

    def step(self, t: int) -> tuple[Floats, Floats, Floats]:
        """Orders, fill and what is owed of one period."""
        self.net += self.pipe.pop(0) - self.sold[:, t]
        wanted = self.level * (1 + self.customers.gamma * (1 - self.fill))
        order = np.maximum(0.0, wanted - self.net - np.sum(self.pipe, axis=0) - self.owed)
        asked = order + self.owed
        down = t < self.outage.start + self.outage.length
        self.fill = self._shipped(np.asarray(np.bincount(self.item, asked), dtype=float), down)[self.item]
        self.pipe.append(asked * self.fill)
        self.owed = asked * (1 - self.fill) * (1.0 if down else 1 - self.customers.cancel)
        return order, self.fill, self.owed

    def _shipped(self, asked: Floats, down: bool) -> Floats:
        """[item]: the share of what is owed and asked that is shipped."""
        gap = np.maximum(0.0, asked + self.firm.alpha * (self.firm.cover * self.usual - self.stock))
        there = self.stock + (self.outage.ships * self.usual if down else np.minimum(CATCH_UP * self.usual, gap))
        share = np.divide(there, asked, out=np.ones_like(there), where=asked > there)
        self.stock = there - asked * share
        return np.minimum(share, 1.0)
