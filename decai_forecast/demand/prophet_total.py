"""Prophet on a partner's total demand: one fit per cut-off, used as a feature of every series."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from decai_forecast.demand.panel import Floats, Panel

__all__ = ["prophet_total"]

YEARS_FOR_YEARLY = 2.0  # below this a yearly season cannot be told from a trend
for name in ("prophet", "prophet.plot", "prophet.forecaster"):  # a missing plotting library, a short history: not worth a line
    logging.getLogger(name).setLevel(logging.CRITICAL)
SMALLEST = 1e-6  # units; a ratio needs a positive denominator


def prophet_total(panel: Panel, cutoff: int) -> tuple[Floats, bool]:
    """The partner's total for every period of the panel, fitted on the periods before ``cutoff``, and whether Prophet made it.

    Without two seasons, or where the optimiser fails, it is the flat mean of the history. Training rows see in-sample
    values, the periods from ``cutoff`` on a true forecast.
    """
    total = np.nansum(panel.quantity[:, :cutoff], axis=0)
    flat = np.full(len(panel.dates), max(float(total.mean()) if len(total) else 0.0, SMALLEST))
    if cutoff < 2 * min(panel.calendar.season, 26) or not total.any():
        return flat, False
    try:
        return np.maximum(_fit(panel, total), SMALLEST), True
    except RuntimeError:  # cmdstan's optimiser gave up
        return flat, False


def _fit(panel: Panel, total: Floats) -> Floats:
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True  # its level is set anew at every fit
    daily = panel.calendar.frequency == "D"
    years = len(total) * panel.calendar.days / 365.25
    model = Prophet(
        weekly_seasonality=daily,
        yearly_seasonality=6 if years >= YEARS_FOR_YEARLY else False,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    model.fit(pd.DataFrame({"ds": panel.dates[: len(total)], "y": total}), seed=1)
    return np.asarray(model.predict(pd.DataFrame({"ds": panel.dates}))["yhat"], dtype=float).copy()
