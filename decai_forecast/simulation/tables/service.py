"""Service per period: today, and while the worst place is down."""

from __future__ import annotations

import numpy as np
import pandas as pd

from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.tables.run import Run, served_share

__all__ = ["service_table"]


def service_table(run: Run, worst: int) -> pd.DataFrame:
    """One row per period: date, and mean, P10 and P90 over replications of ``base`` and ``down`` service (of the scenario with
    the number ``worst``) and of total ``demand`` in units."""
    down = run.outcomes(worst)
    asked, served = (np.asarray(sum(getattr(found, name) for found in down)) for name in ("total_demand", "total_served"))
    found = {"base": served_share(run.asked, run.met), "down": served_share(asked, served), "demand": run.asked}
    columns = {f"{name}_{key}": column for name, values in found.items() for key, column in _band(values).items()}
    return pd.DataFrame({"date": [day.date().isoformat() for day in run.dates]} | columns)


def _band(values: Floats) -> dict[str, Floats]:
    """Mean, P10 and P90 over replications (axis 1)."""
    low, high = np.quantile(values, [0.1, 0.9], axis=1)
    return {"mean": values.mean(axis=1), "p10": low, "p90": high}
