"""What is known of a series at an origin: lags, windows, how often and how much it sells, its own quantiles.

All arrays are series x origins, divided by the series' own scale at that origin. Sums over windows come from running sums,
so that an origin costs the same whatever the window.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.periods import Calendar

__all__ = ["LAGS", "RECENT_LEVELS", "YEAR_LEVELS", "History", "Rhythm", "Running", "history", "rhythm"]

LAGS = 6
DECAYS = (0.75, 0.9)  # per period, of the exponentially weighted means
LONG_SILENT = 99.0  # periods without a sale; beyond it the exact number tells nothing
OLD_SCALE = 0.05  # of the lifetime mean, for a series that sold nothing for a whole window: a sale as of old is then 20 times
RECENT_LEVELS, YEAR_LEVELS = (0.25, 0.5, 0.9), (0.1, 0.25, 0.5, 0.75, 0.9, 1.0)
Small = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Rhythm:
    """The windows of a frequency, in periods, and how densely training rows are drawn."""

    windows: tuple[int, int, int, int]
    scale: int  # window of the scale, and of the series' own quantiles
    stride: int  # every how many periods a training origin is taken
    per_origin: int  # horizons drawn at each training origin
    past: int  # periods back from the cut-off beyond which no training origin is taken
    ages: tuple[int, ...]  # periods of history after which training rows are taken as a young company's


def rhythm(calendar: Calendar) -> Rhythm:
    return {
        "D": Rhythm((7, 14, 28, 91), 91, 7, 4, 3 * 364, (7, 28, 91)),
        "W": Rhythm((4, 8, 13, 26), 52, 4, 8, 5 * 52, (4, 13, 26)),
        "M": Rhythm((2, 3, 6, 12), 12, 1, 3, 5 * 12, (1, 3, 6)),
    }[calendar.frequency]


class Running:
    """Running sums over the known periods of ``quantity`` (series x periods)."""

    def __init__(self, quantity: Floats) -> None:
        known = np.isfinite(quantity)
        self.values = np.where(known, quantity, 0.0)
        self.total, self.known = _cumulated(self.values), _cumulated(known)
        self.squares, self.sold = _cumulated(self.values**2), _cumulated(self.values > 0)

    def mean(self, end: npt.NDArray[np.int64], window: int) -> Floats:
        """The mean of the known periods among the ``window`` before ``end``; NaN without one."""
        return _ratio(over(self.total, end, window), over(self.known, end, window))

    def between(self, series: npt.NDArray[np.int64], low: npt.NDArray[np.int64], high: npt.NDArray[np.int64]) -> Floats:
        """Element-wise mean of ``series[i]`` over the known periods low[i] .. high[i] - 1; NaN without one."""
        last = self.total.shape[1] - 1
        low, high = np.clip(low, 0, last), np.clip(high, 0, last)
        high = np.maximum(low, high)
        total = self.total[series, high] - self.total[series, low]
        return _ratio(total, self.known[series, high] - self.known[series, low])


def _cumulated(values: npt.NDArray[np.generic]) -> Floats:
    out = np.zeros((values.shape[0], values.shape[1] + 1))
    np.cumsum(values, axis=1, out=out[:, 1:])
    return out


def over(sums: Floats, end: npt.NDArray[np.int64], window: int) -> Floats:
    """Sums over the ``window`` periods before each ``end``."""
    return sums[:, end] - sums[:, np.maximum(end - window, 0)]


def _ratio(numerator: Floats, denominator: Floats) -> Floats:
    found = np.divide(numerator, denominator, out=np.full(np.shape(numerator), np.nan), where=denominator > 0)
    return np.asarray(found, dtype=float)


@dataclass(frozen=True)
class History:
    """Base features (float32) and ``scale`` (units) of every series at ``origins``, the last known period of each."""

    origins: npt.NDArray[np.int64]
    scale: Floats
    features: dict[str, Small]
    running: Running


def history(panel: Panel, origins: npt.NDArray[np.int64]) -> History:
    """The base features at ``origins``; periods after an origin do not reach it."""
    beat, running = rhythm(panel.calendar), Running(panel.quantity)
    end = origins + 1
    scale = _scale(running, end, beat.scale)
    with np.errstate(all="ignore"):
        found = _lags(panel.quantity, origins, scale) | _windows(running, end, beat, scale)
        found |= _decayed(running, origins, scale) | _own_quantiles(panel.quantity, origins, beat, scale)
        found |= _promoted(panel, end, beat, scale)
    return History(origins, scale, {name: value.astype(np.float32) for name, value in found.items()}, running)


def _scale(running: Running, end: npt.NDArray[np.int64], window: int) -> Floats:
    recent, life = running.mean(end, window), running.mean(end, running.total.shape[1])
    return np.where(recent > 0, recent, np.where(life > 0, OLD_SCALE * life, np.nan))


def _lags(quantity: Floats, origins: npt.NDArray[np.int64], scale: Floats) -> dict[str, Floats]:
    none = np.nan
    return {f"lag{k}": np.where(origins >= k, quantity[:, np.maximum(origins - k, 0)], none) / scale for k in range(LAGS)}


def _windows(running: Running, end: npt.NDArray[np.int64], beat: Rhythm, scale: Floats) -> dict[str, Floats]:
    w1, w2, w3, w4 = beat.windows
    out = {f"mean{k}": running.mean(end, w) / scale for k, w in enumerate((w1, w2, w3, w4), start=1)}
    out["mean_long"] = running.mean(end, 2 * beat.scale) / scale
    known, mean = over(running.known, end, w2), running.mean(end, w2)
    variance = _ratio(over(running.squares, end, w2), known) - mean**2
    out["std"] = np.sqrt(np.maximum(variance, 0)) / scale
    out["trend"] = out["mean1"] / out["mean3"]
    for name, window in (("zeros", w4), ("zeros_recent", w2)):
        out[name] = 1 - _ratio(over(running.sold, end, window), over(running.known, end, window))
    out["size"] = _ratio(over(running.total, end, w4), over(running.sold, end, w4)) / scale
    out["age"] = np.minimum(running.known[:, end], 2 * beat.scale)
    return out


def _decayed(running: Running, origins: npt.NDArray[np.int64], scale: Floats) -> dict[str, Floats]:
    """Exponentially weighted means over the known periods, and the periods since the last sale."""
    place = {int(origin): k for k, origin in enumerate(origins)}
    size, known = len(running.values), np.diff(running.known, axis=1)
    sums, weights = np.zeros((2, size)), np.zeros((2, size))
    decay, since = np.array(DECAYS)[:, None], np.full(size, LONG_SILENT)
    out = {name: np.full((size, len(origins)), np.nan) for name in ("ewm_fast", "ewm_slow", "since_sale")}
    for t in range(int(origins.max(initial=-1)) + 1):
        sums, weights = sums * decay + running.values[:, t], weights * decay + known[:, t]
        since = np.where(running.values[:, t] > 0, 0.0, np.minimum(since + 1, LONG_SILENT))
        if (k := place.get(t)) is not None:
            out["ewm_fast"][:, k], out["ewm_slow"][:, k] = sums / weights
            out["since_sale"][:, k] = since
    return out | {name: out[name] / scale for name in ("ewm_fast", "ewm_slow")}


def _own_quantiles(quantity: Floats, origins: npt.NDArray[np.int64], beat: Rhythm, scale: Floats) -> dict[str, Floats]:
    """Order statistics of the series' own recent quantities: what a planner reads off a histogram."""
    out: dict[str, Floats] = {}
    for prefix, window, levels in (("recent", beat.windows[2], RECENT_LEVELS), ("year", beat.scale, YEAR_LEVELS)):
        names = [f"{prefix}_q{round(100 * level):02d}" for level in levels]
        out |= {name: np.full(scale.shape, np.nan) for name in names}
        for k, origin in enumerate(origins):
            ordered = np.sort(quantity[:, max(0, origin + 1 - window) : origin + 1], axis=1)  # NaN go last
            count = np.isfinite(ordered).sum(axis=1)
            for name, level in zip(names, levels, strict=True):
                at = np.clip(np.ceil(level * count).astype(int) - 1, 0, ordered.shape[1] - 1)
                out[name][:, k] = ordered[np.arange(len(ordered)), at]
    return {name: value / scale for name, value in out.items()}


def _promoted(panel: Panel, end: npt.NDArray[np.int64], beat: Rhythm, scale: Floats) -> dict[str, Floats]:
    """Price and promotion at the origin, and what promotions did so far."""
    on = panel.promotion > 0
    prices, window = Running(panel.price), beat.windows[-1]
    promoted, plain = (Running(np.where(mask, panel.quantity, np.nan)) for mask in (on, ~on))
    return {
        "price_ratio": panel.price[:, end - 1] / prices.mean(end, window),
        "promotion": panel.promotion[:, end - 1],
        "mean_promoted": promoted.mean(end, window) / scale,
        "mean_unpromoted": plain.mean(end, window) / scale,
    }
