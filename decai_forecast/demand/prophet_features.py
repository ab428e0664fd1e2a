"""Prophet where it pays: on a partner's total and on its largest categories, never per item."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from decai_forecast.demand.future_features import total_of
from decai_forecast.demand.panel import Floats, Panel

__all__ = ["prophet_fit", "prophet_totals"]

YEARS_FOR_YEARLY = 2.1  # below this a yearly season cannot be told from a trend
CATEGORIES = 3  # fits beside the partner's total; a fit costs about 0.1 CPU-seconds, and small categories are noise
SMALLEST_SHARE = 0.1  # of the partner's volume that a category needs for a fit of its own
SMALLEST = 1e-6  # units; a ratio needs a positive denominator
for _name in ("prophet", "prophet.plot", "prophet.forecaster"):  # a missing plotting library, a short history: not worth a line
    logging.getLogger(_name).setLevel(logging.CRITICAL)


def prophet_totals(panel: Panel, cutoff: int) -> tuple[dict[str, Floats], bool]:
    """``partner:all`` and ``category:<name>`` -> total of every period (units), fitted on the periods before ``cutoff``; and
    whether Prophet made the partner's.

    Training rows see in-sample values, the periods from ``cutoff`` on a true forecast. Without two seasons, or where the
    optimiser fails, a total is the flat mean of its history.
    """
    sold = panel.quantity[:, :cutoff]
    totals, fitted = {}, False
    totals["partner:all"], fitted = prophet_fit(panel, total_of(sold))
    names = panel.series["category"].fillna("").astype(str)
    share = pd.Series(np.nansum(sold, axis=1)).groupby(names.to_numpy()).sum().sort_values(ascending=False)
    for name, volume in share.head(CATEGORIES).items():
        if len(share) > 1 and volume > SMALLEST_SHARE * share.sum():
            totals[f"category:{name}"], _ = prophet_fit(panel, total_of(sold[(names == name).to_numpy()]))
    return totals, fitted


def prophet_fit(panel: Panel, total: Floats) -> tuple[Floats, bool]:
    """``total`` (one value per period from the first, NaN where unknown) continued over the calendar; False: its mean."""
    known = total[np.isfinite(total)]
    flat = np.full(len(panel.dates), max(float(known.mean()) if len(known) else 0.0, SMALLEST))
    if len(known) < 2 * min(panel.calendar.season, 26) or not known.any():
        return flat, False
    try:
        return np.maximum(_fit(panel, total), SMALLEST), True
    except RuntimeError:  # cmdstan's optimiser gave up
        return flat, False


def _fit(panel: Panel, total: Floats) -> Floats:
    from prophet import Prophet

    logging.getLogger("cmdstanpy").disabled = True  # its level is set anew at every fit
    daily = panel.calendar.frequency == "D"
    years = len(total) / panel.calendar.year
    model = Prophet(
        growth="flat",  # the trees see the level; a trend continued over a quarter misled them (docs/benchmarks.md)
        weekly_seasonality=daily,
        yearly_seasonality=6 if years >= YEARS_FOR_YEARLY else False,
        daily_seasonality=False,
        uncertainty_samples=0,
    )
    model.fit(pd.DataFrame({"ds": panel.dates[: len(total)], "y": total}), seed=1)
    return np.asarray(model.predict(pd.DataFrame({"ds": panel.dates}))["yhat"], dtype=float).copy()
