"""Fitting ordering behaviours: known parameters come back, and base stock stays where nothing is clearly better."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from ordering import ordering

from decai_forecast.simulation.agents.fit import BASE_STOCK, Parameters, choose, expected, fit
from decai_forecast.simulation.agents.records import Records

NOTED = {52: (0.038, 0.070, 0.092, 2.9), 104: (0.039, 0.015, 0.060, 1.3), 208: (0.032, 0.028, 0.038, 1.1)}
ROUNDED = (0.0005, 0.0005, 0.0005, 0.05)


def anchored(rng: np.random.Generator) -> Parameters:
    """Four parameters as Sterman (1989) found them among people."""
    alpha, beta, theta, level = rng.uniform(0.1, 0.6), rng.uniform(0.1, 0.9), rng.uniform(0.1, 0.7), rng.uniform(20, 60)
    return Parameters(level=level, anchor=1.0, alpha=alpha, beta=beta, theta=theta)


def recovery_error(true: Parameters, periods: int, rng: np.random.Generator) -> np.ndarray:
    """Absolute errors of alpha, beta, theta and level (units) from one history with noise of sd 2."""
    records = ordering(true, periods, 2.0, rng)
    found = fit(records, "anchoring-and-adjustment")
    level = found.level * records.scale.item()
    return np.abs([found.alpha - true.alpha, found.beta - true.beta, found.theta - true.theta, level - true.level])


def test_sterman_1989_recovery() -> None:
    """From 52, 104 and 208 periods the four parameters come back with the median absolute errors once measured (12 draws)."""
    rng = np.random.default_rng(3)
    for periods, noted in NOTED.items():
        errors = np.array([recovery_error(anchored(rng), periods, rng) for _ in range(12)])
        np.testing.assert_array_less(np.median(errors, axis=0), np.add(noted, ROUNDED))


def test_anchoring_is_chosen_where_it_is_what_the_firm_does() -> None:
    """The late orders decide, and the reason tells by how much."""
    rng = np.random.default_rng(5)
    chosen = choose(ordering(anchored(rng), 104, 2.0, rng))
    assert chosen.fit.name == "anchoring-and-adjustment"
    assert chosen.reason.endswith("less error on the late orders than base stock")


def test_base_stock_stays_where_the_firm_orders_so() -> None:
    """A behaviour with more parameters does not win by chance."""
    rng = np.random.default_rng(6)
    chosen = choose(ordering(Parameters(level=70.0), 104, 2.0, rng))
    assert (chosen.fit.name, chosen.reason) == (BASE_STOCK, "no behaviour is clearly better on the late orders: base stock")


def test_order_inflation_comes_back() -> None:
    """What a firm adds to its orders when it was delivered short is found again."""
    rng = np.random.default_rng(7)
    fill = np.where(rng.random(104) < 0.3, rng.uniform(0, 0.6, 104), 1.0)
    chosen = choose(ordering(Parameters(level=70.0, gamma=1.0), 104, 1.0, rng, fill))
    assert chosen.fit.name == "order inflation"
    assert chosen.fit.parameters.gamma == pytest.approx(1.0, abs=0.15)


def test_inflation_is_not_looked_for_without_shortage() -> None:
    """Where all was delivered in full nothing tells how the firm reacts to shortage."""
    rng = np.random.default_rng(8)
    assert "order inflation" not in [one.name for one in choose(ordering(Parameters(level=70.0), 104, 2.0, rng)).tried]


def test_short_records_mean_base_stock() -> None:
    """Too few periods are said to be too few."""
    rng = np.random.default_rng(9)
    chosen = choose(ordering(anchored(rng), 20, 2.0, rng))
    assert (chosen.fit.name, chosen.reason) == (BASE_STOCK, "20 periods of records, 24 are needed: base stock")


def test_unknown_periods_are_left_out() -> None:
    """A stock that was not counted costs the period, not the fit."""
    rng = np.random.default_rng(10)
    records = ordering(Parameters(level=70.0), 104, 0.0, rng)
    net = records.net.copy()
    net[:, ::5] = np.nan
    assert fit(replace(records, net=net), BASE_STOCK).level * records.scale.item() == pytest.approx(70.0, rel=1e-3)


def test_expected_demand_is_smoothed_from_the_first_known_period() -> None:
    """Lhat = theta * asked + (1 - theta) * Lhat; an unknown period counts like the one before."""
    asked = np.array([[np.nan, 10.0, 20.0, np.nan]])
    np.testing.assert_allclose(expected(asked, 0.5), [[np.nan, 10.0, 15.0, 17.5]])


def test_without_records_it_is_told_what_is_missing() -> None:
    """A company that delivers no receipts learns why nothing was fitted."""
    told = "no period of which demand, stock and orders (receipts or open orders with ordered_on) are known: base stock"
    assert choose(Records(*np.empty((5, 0, 4)))).reason == told
