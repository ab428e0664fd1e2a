"""Panic demand is found where customers show it, and only there."""

from __future__ import annotations

import numpy as np
import pytest

from decai_forecast.simulation.agents.panic import fit_panic


def demand(more: float) -> tuple[np.ndarray, np.ndarray]:
    """20 series x 60 periods around 50 units; one period in ten comes after a shortage."""
    rng = np.random.default_rng(1)
    shortage = np.where(rng.random((20, 60)) < 0.1, rng.uniform(0.2, 1, (20, 60)), 0.0)
    return rng.poisson(50 * (1 + more * shortage)).astype(float), shortage


def test_panic_comes_back() -> None:
    """Customers who ask for 60 % more after an empty shelf are seen to."""
    assert fit_panic(*demand(0.6)).more == pytest.approx(0.6, abs=0.08)


def test_calm_customers_are_calm() -> None:
    """Noise is no reaction."""
    found = fit_panic(*demand(0.0))
    assert (found.more, found.reason) == (0.0, "a reaction to shortage is not 2% better on the late periods")


def test_without_shortage_nothing_is_claimed() -> None:
    """Who never saw an empty shelf cannot tell."""
    asked, shortage = demand(0.0)
    assert fit_panic(asked, shortage * 0).reason == "0 periods after a shortage, 20 are needed"
