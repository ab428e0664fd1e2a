"""How far demand moves together beyond what the forecast foresees: over periods, across sites, across the company.

Estimated from the forecaster's own past: where each actual fell in its forecast distribution (the probability integral
transform) as a standard normal residual. An actual of lumpy demand, a zero say, stands for an interval of levels. Its
residual is the mean of the normal over that interval, which is closer to zero than what lies behind; which correlation
lies behind that of the residuals is told by their first two Hermite coefficients (1 and 0 where demand is continuous).

How far successive periods move together is alike at companies that differ in all else. So a company with few past rows is taken
for one like the others (docs/decisions/0120): independent periods would make the demand of a lead time too narrow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import KEYS, SERIES

__all__ = ["INDEPENDENT", "LEAST_ROWS", "USUAL_PERIODS", "Dependence", "dependence_of", "residuals"]

Floats = npt.NDArray[np.float64]
LARGEST = 0.95  # of a correlation: 1 would make all periods, or all series, one
LEAST_ROWS = 50  # residuals below which a company's own say nothing
USUAL_PERIODS = 0.5  # correlation of successive periods, pooled over companies: .37 to .73 on four sets
ROWS_TO_TRUST = 200  # residuals at which a company's own correlation of periods is taken half
LEAST_DATES = 4  # past periods below which no common factor is believed
GRID = np.linspace(0, LARGEST, 191)  # of correlations
SURE = 2.0  # standard errors over periods that a common factor must show
EDGE = 1e-6  # levels are kept this far from 0 and 1: residuals within 4.8


@dataclass(frozen=True)
class Dependence:
    """``periods``: correlation of successive periods (AR(1)). ``item``: share of the variance that all sites of an item have
    in common; ``company``: that all series have in common; the rest is each series' own. ``rows``: residuals learnt from."""

    periods: float = 0.0
    item: float = 0.0
    company: float = 0.0
    rows: int = 0


INDEPENDENT = Dependence()


def residuals(low: npt.ArrayLike, high: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Mean and mean square of a standard normal between the levels ``low`` and ``high`` (0..1) that an actual stands for."""
    from scipy.special import ndtri

    below, above = (np.clip(np.asarray(level, float), EDGE, 1 - EDGE) for level in (low, high))
    a, b = ndtri(below), ndtri(above)
    width = above - below
    point = width < EDGE
    share = np.where(point, 1.0, width)
    mean = np.where(point, (a + b) / 2, (_density(a) - _density(b)) / share)
    square = np.where(point, mean**2, 1 + (a * _density(a) - b * _density(b)) / share)
    return mean, square


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi))


def dependence_of(past: Sequence[pd.DataFrame]) -> Dependence:
    """The dependence that past forecasts show: one frame per cut-off with location_id, item_id, date and ``level_low`` and
    ``level_high`` (see ``levels_at_actual``; rows with NaN are unknown).

    ``periods`` is the AR(1) coefficient whose mean correlation over all pairs of periods of a cut-off's horizon is that of the
    residuals: what a sum over a lead time varies by depends on it, and a level that was off for the whole horizon counts. It
    is shrunk towards the usual one, and is that one with too few rows; nothing is usual of sites and items.
    """
    frames = [_with_residuals(frame).assign(origin=k) for k, frame in enumerate(past)]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()
    if len(rows) < LEAST_ROWS:
        return Dependence(USUAL_PERIODS, rows=len(rows))
    size = float(np.sqrt(rows["square"].mean()))  # 1 where the forecast is calibrated
    rows["z"], rows["z2"] = rows["mean"] / size, (rows["mean"] / size) ** 2
    kept = float(rows["z2"].mean()), float((rows["z"] * (rows["square"] / size**2 - 1)).mean()) / 2**0.5
    company = _common(rows, ["date"], kept)
    item = max(_common(rows, ["date", "item_id"], kept) - company, 0.0)
    return Dependence(_shrunk(_over_periods(rows, kept), len(rows)), min(item, LARGEST - company), company, len(rows))


def _seen(correlation: Floats, kept: tuple[float, float]) -> Floats:
    """The covariance that residuals show of normal deviates with that correlation, from their Hermite coefficients."""
    return np.asarray(kept[0] ** 2 * correlation + kept[1] ** 2 * correlation**2)


def _with_residuals(frame: pd.DataFrame) -> pd.DataFrame:
    known = frame[np.isfinite(frame["level_low"].to_numpy(float))]
    mean, square = residuals(known["level_low"], known["level_high"])
    out: pd.DataFrame = known[KEYS].assign(mean=mean, square=square)
    return out


def _over_periods(rows: pd.DataFrame, kept: tuple[float, float]) -> float:
    """The AR(1) coefficient that gives the mean correlation of all pairs of periods within a cut-off's horizon."""
    step = rows["date"].rank(method="dense").astype(int).to_numpy()
    order = rows.assign(step=step).sort_values(["origin", *SERIES, "step"])
    wide = order.pivot(index=["origin", *SERIES], columns="step", values="z").to_numpy()
    lags, total, count = range(1, int(rows.groupby("origin")["date"].nunique().max())), 0.0, []
    for lag in lags:
        product = wide[:, lag:] * wide[:, :-lag]
        there = np.isfinite(product)
        total += float(product[there].sum())
        count.append(int(there.sum()))
    if not sum(count):
        return 0.0
    implied = sum(n * _seen(GRID**lag, kept) for n, lag in zip(count, lags, strict=True)) / sum(count)
    return float(np.interp(total / sum(count), implied, GRID))


def _shrunk(periods: float, rows: int) -> float:
    return USUAL_PERIODS + rows / (rows + ROWS_TO_TRUST) * (periods - USUAL_PERIODS)


def _common(rows: pd.DataFrame, keys: list[str], kept: tuple[float, float]) -> float:
    """The mean correlation of different series of a group (one per ``keys``), 0 unless it is sure over the periods."""
    groups = rows.groupby(keys, observed=True).agg(total=("z", "sum"), squares=("z2", "sum"), count=("z", "size"))
    groups["product"] = groups["total"] ** 2 - groups["squares"]
    groups["pairs"] = groups["count"] * (groups["count"] - 1)
    dates = groups.groupby(level="date")[["product", "pairs"]].sum()
    dates = dates[dates["pairs"] > 0]
    if len(dates) < LEAST_DATES:
        return 0.0
    found = dates["product"].sum() / dates["pairs"].sum()
    off = dates["product"] - found * dates["pairs"]
    error = float(np.sqrt((off**2).sum())) / dates["pairs"].sum() * np.sqrt(len(dates) / (len(dates) - 1))
    return float(np.interp(found, _seen(GRID, kept), GRID)) if found > SURE * error else 0.0
