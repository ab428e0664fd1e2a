"""A simulated disruption: without an outage the records, with one what the customers do to the orders."""

from __future__ import annotations

import numpy as np
import pytest

from decai_forecast.simulation.agents.world import Customers, Firm, Outage, World, live

START, LENGTH, PERIODS = 40, 6, 80


def world(gamma: float, ships: float, cover: float = 0.5) -> tuple[np.ndarray, World]:
    """Three customers of two items, 100 units per period each, with noise."""
    demand = np.random.default_rng(3).poisson(100, (3, PERIODS)).astype(float)
    outage = Outage(START, LENGTH, ships, np.array([True, True, False]))
    return demand, live(demand, np.array([0, 0, 1]), Customers(2, 1.0, gamma, 0.5), Firm(cover, 1.0), outage)


def test_without_an_outage_the_world_repeats_the_records() -> None:
    """Enough comes in: every order is what was sold, and nothing is short."""
    demand, found = world(1.0, ships=10.0)
    np.testing.assert_allclose(found.orders, demand)
    assert found.fill.min() == 1
    assert found.owed.max() == 0


def test_who_is_not_hit_notices_nothing() -> None:
    """The item of another supplier goes on as recorded, and so do all before the outage."""
    demand, found = world(1.0, ships=0.0)
    np.testing.assert_allclose(found.orders[2], demand[2])
    np.testing.assert_allclose(found.orders[:, :START], demand[:, :START])


def test_rational_customers_order_what_they_need_while_short() -> None:
    """What is owed to them counts in their position: their orders change only when they cancel."""
    demand, found = world(0.0, ships=0.0)
    np.testing.assert_allclose(found.orders[:2, START : START + LENGTH], demand[:2, START : START + LENGTH])


def test_inflated_orders_grow_in_the_shortage_and_fall_below_demand_after_it() -> None:
    """Phantom orders: a peak far above demand, then periods with few."""
    demand, found = world(1.0, ships=0.0)
    assert found.orders[:2].max() > 2 * demand.max()
    assert found.orders[:2, START + LENGTH :].min() < 0.5 * demand.min()


def test_units_are_conserved() -> None:
    """Without cancelling, what was ordered was shipped or is still owed."""
    demand = np.random.default_rng(3).poisson(100, (2, PERIODS)).astype(float)
    outage = Outage(START, PERIODS - START, 0.3, np.ones(2, dtype=bool))
    found = live(demand, np.array([0, 0]), Customers(2, 1.0, 0.0, 0.5), Firm(0.5, 1.0), outage)
    owed_before = np.concatenate([np.zeros((2, 1)), found.owed[:, :-1]], axis=1)
    shipped = ((owed_before + found.orders) * found.fill)[:, START:].sum(axis=1)
    assert found.orders[:, START:].sum(axis=1) == pytest.approx(shipped + found.owed[:, -1])
