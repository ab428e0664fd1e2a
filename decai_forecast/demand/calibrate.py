"""Conformal calibration: a partner's past misses move its quantiles to where they should have been.

Split-conformal quantile regression (Romano, Patterson and Candes 2019) with the misses taken on the root scale of
target.py and in multiples of the forecast's own width, so that one offset serves large and small series; per partner, level
and half of the horizon. Offsets are shrunk towards none while there are few rows to learn from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import MEAN, TRAINED, name_of

__all__ = ["NONE", "Calibration", "calibrate"]

WIDTH_FLOOR = 0.05  # of the root of the scale: a series that is forecast as certain still has a width
FACTORS = (0.7, 1.4)  # of the mean: a larger miss is a change of level, not a bias
ROWS_TO_TRUST = 200  # rows at which the offset is taken half


@dataclass(frozen=True)
class Calibration:
    """``offsets``: (level, half of the horizon: 0 or 1) -> offset in multiples of the width. ``mean``: the factor that takes
    the bias out of the mean. ``rows``: it was learnt from."""

    offsets: Mapping[tuple[float, int], float]
    rows: int
    mean: float = 1.0

    def apply(self, forecast: pd.DataFrame) -> pd.DataFrame:
        """The forecast with its trained quantiles moved; not negative, not crossing."""
        out = forecast.copy()
        roots, width = _roots(forecast), _width(_roots(forecast))
        half = _half(forecast["h"].to_numpy())
        for k, level in enumerate(TRAINED):
            shift = np.array([self.offsets.get((level, side), 0.0) for side in (0, 1)])[half]
            roots[:, k] = roots[:, k] + shift * width
        values = np.maximum(np.sort(roots, axis=1), 0.0) ** 2 * forecast["scale"].to_numpy()[:, None]
        out[[name_of(level) for level in TRAINED]] = values
        if MEAN in out:
            out[MEAN] = out[MEAN] * self.mean
        return out


NONE = Calibration({}, 0)


def calibrate(past: Sequence[pd.DataFrame]) -> Calibration:
    """The calibration that ``past`` forecasts with their actuals ask for, oldest first; ``NONE`` without a known actual."""
    known = [frame[np.isfinite(frame["actual"].to_numpy(float))] for frame in past]
    rows = pd.concat(known, ignore_index=True) if known else pd.DataFrame()
    if rows.empty:
        return NONE
    roots = _roots(rows)
    miss = (np.sqrt(rows["actual"].to_numpy(float) / rows["scale"].to_numpy())[:, None] - roots) / _width(roots)[:, None]
    half = _half(rows["h"].to_numpy())
    offsets = {}
    for k, level in enumerate(TRAINED):
        for side in (0, 1):
            found = miss[half == side, k]
            if len(found):
                offsets[(level, side)] = float(np.quantile(found, level)) * len(found) / (len(found) + ROWS_TO_TRUST)
    return Calibration(offsets, len(rows), _mean_factor(rows))


def _mean_factor(rows: pd.DataFrame) -> float:
    """Sold over forecast, in sum, shrunk towards one like the offsets and kept within ``FACTORS``."""
    if MEAN not in rows or not rows[MEAN].sum() > 0:
        return 1.0
    trust = len(rows) / (len(rows) + ROWS_TO_TRUST)
    factor = 1 + trust * (rows["actual"].sum() / rows[MEAN].sum() - 1)
    return float(np.clip(factor, *FACTORS))


def _roots(forecast: pd.DataFrame) -> Floats:
    values = forecast[[name_of(level) for level in TRAINED]].to_numpy(float)
    return np.asarray(np.sqrt(values / forecast["scale"].to_numpy(float)[:, None]), dtype=float)


def _width(roots: Floats) -> Floats:
    return roots[:, -1] - roots[:, 0] + WIDTH_FLOOR


def _half(h: npt.NDArray[np.generic]) -> npt.NDArray[np.int64]:
    periods = np.asarray(h, dtype=np.int64)
    return np.asarray(periods > periods.max(initial=1) / 2, dtype=np.int64)
