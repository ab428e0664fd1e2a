"""Firms whose ordering is known, as their records show it."""

from __future__ import annotations

import numpy as np

from decai_forecast.simulation.agents.fit import Parameters
from decai_forecast.simulation.agents.records import Records

LEAD = 4  # periods from order to arrival


def ordering(p: Parameters, periods: int, noise: float, rng: np.random.Generator, fill: np.ndarray | None = None) -> Records:
    """One series of a firm that orders by ``p`` (levels in units) with noise; demand steps from 10 to 14 after a quarter."""
    asked = np.maximum(0, np.rint(10 + 4 * (np.arange(periods) >= periods // 4) + rng.normal(0, 3, periods)))
    stock, pipe, hat, rows = p.level * 0.5, [10.0] * LEAD, 10.0, []
    fill = np.ones(periods) if fill is None else fill
    for demand, share in zip(asked, fill, strict=True):
        stock += pipe.pop(0) - demand
        hat = p.theta * demand + (1 - p.theta) * hat
        wanted = p.anchor * hat + p.alpha * (p.level + p.cover * hat - stock - p.beta * sum(pipe))
        order = max(0.0, max(0.0, wanted) * (1 + p.gamma * (1 - share)) + rng.normal(0, noise))
        rows.append((demand, stock, sum(pipe), order, share))
        pipe.append(order)
    return Records(*np.array(rows).T[:, None, :])
