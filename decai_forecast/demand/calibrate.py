"""Calibration: which level of its own distribution a partner's forecast must give so that 10 % and 90 % hold.

Quantile recalibration (Kuleshov, Fenner & Ermon 2018) with the randomised probability integral transform, so that the many
zeros and whole lots of demand count as what they are; per third of the partner's series by volume, because rows are fitted
by volume and the small series have most of the rows. The levels found at past cut-offs are shrunk towards ``USUAL``:
trees are surer than they should be of what they have not seen, at every company. The median stays: moving it by what the
last quarter brought lost more than it won on every set (docs/decisions/0009).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import MEAN, TRAINED, at_deviates, levels_at_actual, name_of

__all__ = ["NONE", "Calibration", "calibrate"]

USUAL = (-1.7, 1.48)  # deviates at which trees have the 10 % and 90 % points of what comes (-1.28 and 1.28 if exact)
TRUST = (30, 60, 150)  # rows at which the own levels of small, middle and large series are taken half
THIRDS = len(TRUST)
FACTORS = (0.7, 1.4)  # of the mean: a larger miss is a change of level, not a bias
ROWS_TO_TRUST = 200  # rows at which the bias of the mean is taken half
ONE_ROW = 0.004  # that one row counts for at most, up or down: a single order of one item is no bias of the others
GRID = np.linspace(0.002, 0.998, 499)  # levels at which past shares are counted
NORMAL = NormalDist()


@dataclass(frozen=True)
class Calibration:
    """``deviates``: third by volume (0: the smallest) -> where on the forecast's own distribution its 10 % and 90 % points lie,
    as standard normal deviates. ``mean``: the factor that takes the bias out of the mean. ``rows``: learnt from."""

    deviates: Mapping[int, tuple[float, float]]
    rows: int
    mean: float = 1.0

    def apply(self, forecast: pd.DataFrame) -> pd.DataFrame:
        """The forecast with q10 and q90 moved; not negative, not crossing."""
        out = forecast.copy()
        trained = forecast[[name_of(level) for level in TRAINED]].to_numpy(float)
        own = np.array([self.deviates.get(third, USUAL) for third in range(THIRDS)])[_thirds(forecast)]
        out[name_of(TRAINED[0])] = np.minimum(at_deviates(trained, own[:, 0]), trained[:, 1])
        out[name_of(TRAINED[-1])] = np.maximum(at_deviates(trained, own[:, 1]), trained[:, 1])
        if MEAN in out:
            out[MEAN] = out[MEAN] * self.mean
        return out


NONE = Calibration({}, 0)


def calibrate(past: Sequence[pd.DataFrame]) -> Calibration:
    """The calibration that ``past`` forecasts with their actuals ask for; ``NONE``, the usual one, without a known actual."""
    known = [frame[np.isfinite(frame["actual"].to_numpy(float))] for frame in past]
    known = [frame for frame in known if len(frame)]
    if not known:
        return NONE
    rows, third = pd.concat(known, ignore_index=True), np.concatenate([_thirds(frame) for frame in known])
    low, high = levels_at_actual(rows)
    found = {}
    for k in range(THIRDS):
        if (own := third == k).any():
            found[k] = _deviates(low[own], high[own], TRUST[k])
    return Calibration(found, len(rows), _mean_factor(rows))


def _deviates(low: Floats, high: Floats, trust: int) -> tuple[float, float]:
    """Where the share of past actuals at or below a level is 10 % and 90 %, an actual at several levels spread over them."""
    span = np.maximum(high - low, 1e-9)
    share = [float(np.clip((level - low) / span, 0, 1).mean()) for level in GRID]  # level by level: rows x levels are gigabytes
    weight = len(low) / (len(low) + trust)
    seen = [NORMAL.inv_cdf(float(np.interp(level, share, GRID))) for level in (TRAINED[0], TRAINED[-1])]
    lower, upper = (usual + weight * (z - usual) for usual, z in zip(USUAL, seen, strict=True))
    return lower, upper


def _thirds(forecast: pd.DataFrame) -> npt.NDArray[np.int64]:
    """The third of each row's series by scale among the forecast's series."""
    series = forecast.groupby(SERIES, sort=True, observed=True)
    place = series["scale"].first().rank(method="first", pct=True).to_numpy()
    third = np.minimum(np.ceil(place * THIRDS).astype(np.int64) - 1, THIRDS - 1)
    return np.asarray(third[series.ngroup().to_numpy()], dtype=np.int64)


def _mean_factor(rows: pd.DataFrame) -> float:
    """Sold over forecast, in sum, shrunk towards one and kept within ``FACTORS``; no row counts for more than ``ONE_ROW``,
    so that any change of one moves the factor by about 1 % at most.

    Where most sales would, as of bulk orders, what is left of the sum would be the periods without one: it is not believed.
    """
    if MEAN not in rows or not rows[MEAN].sum() > 0:
        return 1.0
    mean = rows[MEAN].to_numpy(float)
    parts = (rows["actual"].to_numpy(float) - mean) / mean.sum() * len(rows) / (len(rows) + ROWS_TO_TRUST)
    sold = rows["actual"].to_numpy(float) > 0
    lumpy = float((parts[sold] > ONE_ROW).mean()) if sold.any() else 0.0
    return float(np.clip(1 + (1 - lumpy) * np.clip(parts, -ONE_ROW, ONE_ROW).sum(), *FACTORS))
