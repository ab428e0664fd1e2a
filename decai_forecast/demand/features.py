"""Direct multi-horizon features: one row per (origin, horizon), everything divided by the series' own recent mean.

Nothing says who a series belongs to or how large it is: a split threshold must not tell a partner's magnitudes, and one
model must serve all horizons and all partners. Of the period to forecast only its date is used: a price or a promotion
realised there is not known ahead, and plans for them are not delivered.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.periods import Calendar

__all__ = ["FEATURES", "Rhythm", "origin_features", "rhythm", "scale_at"]

LAGS = 6
DECAY = 0.75  # per period, of the exponentially weighted mean
EWM_PERIODS = 20  # .75 ** 20 is 0.3 %: older periods do not matter


@dataclass(frozen=True)
class Rhythm:
    """The windows of a frequency, in periods; the longest one also is the window of the scale."""

    windows: tuple[int, int, int, int]
    stride: int  # every how many periods a training origin is taken
    per_origin: int  # horizons drawn at each training origin


def rhythm(calendar: Calendar) -> Rhythm:
    return Rhythm((7, 14, 28, 91), 7, 4) if calendar.frequency == "D" else Rhythm((4, 8, 13, 26), 2, 3)


FEATURES: tuple[str, ...] = (
    "h",
    *(f"lag{k}" for k in range(LAGS)),
    "mean1", "mean2", "mean3", "std", "zeros", "max", "min", "ewm", "trend", "since_sale",
    "season_lag", "season_mean", "year_ago", "year_growth",
    "weekday", "month_day", "sin_year", "cos_year",
    "price_ratio", "promotion", "mean_promoted", "mean_unpromoted",
    "prophet_ratio",
)  # fmt: skip


def _mean(values: Floats) -> Floats:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a series that is unknown throughout has no mean: NaN
        return np.asarray(np.nanmean(values, axis=1), dtype=float)


def scale_at(panel: Panel, origin: int) -> Floats:
    """The mean of each series over the longest window up to ``origin``, its last known period; NaN unless positive."""
    window = rhythm(panel.calendar).windows[-1]
    scale = _mean(panel.quantity[:, max(0, origin + 1 - window) : origin + 1])
    return np.where(scale > 0, scale, np.nan)


def origin_features(panel: Panel, origin: int, horizons: list[int], total: Floats) -> npt.NDArray[np.float32]:
    """Features of all series at ``origin`` for ``horizons``: (len(horizons) * series) x len(FEATURES), horizon-major.

    ``total`` is the partner's total by Prophet for every period of the panel, fitted on what was known before the cut-off.
    """
    scale = scale_at(panel, origin)
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", RuntimeWarning)
        base = _history(panel, origin, scale) | _promoted(panel, origin, scale)
        blocks = [base | _ahead(panel, origin, h, scale, total) for h in horizons]
    return np.concatenate([np.column_stack([block[name] for name in FEATURES]) for block in blocks]).astype(np.float32)


def _history(panel: Panel, origin: int, scale: Floats) -> dict[str, Floats]:
    y, none = panel.quantity, np.full(len(panel.quantity), np.nan)
    w1, w2, w3, w4 = rhythm(panel.calendar).windows

    def last(window: int) -> Floats:
        return y[:, max(0, origin + 1 - window) : origin + 1]

    out = {f"lag{k}": y[:, origin - k] / scale if origin >= k else none for k in range(LAGS)}
    out |= {f"mean{k}": _mean(last(w)) / scale for k, w in enumerate((w1, w2, w3), start=1)}
    out["std"], out["min"] = np.nanstd(last(w2), axis=1) / scale, np.nanmin(last(w2), axis=1) / scale
    out["max"] = np.nanmax(last(w4), axis=1) / scale
    out["zeros"] = _mean(np.where(np.isnan(last(w4)), np.nan, last(w4) == 0))
    out["ewm"] = _ewm(last(EWM_PERIODS)) / scale
    out["trend"] = out["mean1"] / out["mean3"]
    sold = np.flip(last(w4) > 0, axis=1)
    out["since_sale"] = np.where(sold.any(axis=1), sold.argmax(axis=1), w4).astype(float)
    return out


def _ewm(values: Floats) -> Floats:
    weights = DECAY ** np.arange(values.shape[1])[::-1]
    known = np.isfinite(values)
    total = (np.where(known, values, 0) * weights).sum(axis=1)
    return np.asarray(total / (known * weights).sum(axis=1), dtype=float)


def _promoted(panel: Panel, origin: int, scale: Floats) -> dict[str, Floats]:
    """Price and promotion at the origin, and what promotions did so far."""
    window = slice(max(0, origin + 1 - rhythm(panel.calendar).windows[-1]), origin + 1)
    y, on = panel.quantity[:, window], panel.promotion[:, window] > 0
    return {
        "price_ratio": panel.price[:, origin] / _mean(panel.price[:, window]),
        "promotion": panel.promotion[:, origin],
        "mean_promoted": _mean(np.where(on, y, np.nan)) / scale,
        "mean_unpromoted": _mean(np.where(on, np.nan, y)) / scale,
    }


def _ahead(panel: Panel, origin: int, h: int, scale: Floats, total: Floats) -> dict[str, Floats]:
    """What depends on the period to forecast: known ahead, or of the same season before the origin."""
    size, target, season = len(panel.quantity), origin + h, panel.calendar.season
    past = target - season * -(-h // season)
    same = [k for k in (past, past - season, past - 2 * season, past - 3 * season) if k >= 0]
    angle = panel.dates[target].day_of_year / 365.25 * 2 * np.pi
    out = {name: np.full(size, value) for name, value in _calendar(panel, target, h, angle).items()}
    none = np.full(size, np.nan)
    out["season_lag"] = panel.quantity[:, past] / scale if past >= 0 else none
    out["season_mean"] = _mean(panel.quantity[:, same]) / scale if same else none
    out |= _year(panel, origin, target, scale)
    window = rhythm(panel.calendar).windows[1]
    out["prophet_ratio"] = np.full(size, total[target] / total[max(0, origin + 1 - window) : origin + 1].mean())
    return out


def _calendar(panel: Panel, target: int, h: int, angle: float) -> dict[str, float]:
    day, daily = panel.dates[target], panel.calendar.frequency == "D"
    return {
        "h": float(h),
        "weekday": float(day.day_of_week) if daily else np.nan,
        "month_day": float(day.day),
        "sin_year": float(np.sin(angle)),
        "cos_year": float(np.cos(angle)),
    }


def _year(panel: Panel, origin: int, target: int, scale: Floats) -> dict[str, Floats]:
    year = 364 // panel.calendar.days  # whole weeks, so that weekdays match
    reach = 3 if panel.calendar.frequency == "D" else 1
    then, none = target - year, np.full(len(scale), np.nan)
    ago = (
        _mean(panel.quantity[:, max(0, then - reach) : then + reach + 1]) / scale
        if then >= 0 and then + reach <= origin
        else none
    )
    window, back = rhythm(panel.calendar).windows[2], origin + 1 - year
    before = _mean(panel.quantity[:, max(0, back - window) : back]) / scale if back > 0 else none
    return {"year_ago": ago, "year_growth": ago / before}
