"""Ordering behaviours fitted to one firm's own records by least squares, all of its series together.

Every behaviour is the formula of ``engine/behaviour.py`` with some of its parameters free. Levels are told in periods of
the series' own mean demand, so that one number serves all series. Base stock is what a firm is taken to do unless another
behaviour foretells its later orders clearly better. All of it stays at the firm.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields

import numpy as np

from decai_forecast.simulation.agents.evidence import CLEARLY, LATE
from decai_forecast.simulation.agents.records import Records
from decai_forecast.simulation.network.graph import Bools, Floats

__all__ = ["BASE_STOCK", "BEHAVIOURS", "Choice", "Fit", "Parameters", "choose", "expected", "fit", "predicted"]

BASE_STOCK = "base stock"
SURE = 2.0  # standard errors by which it must be better: base stock with more parameters is better by chance
MOST_SERIES = 300  # that are fitted: seconds, whatever the size of the company
LEAST_PERIODS, LEAST_ORDERS = 24, 20  # with fewer the early part tells no parameters
SHORT = 0.05  # share of periods with an incomplete delivery, from which a reaction to shortage can be told
LARGEST = 20.0  # times the mean demand: more is a correction or a mistake
HIGHEST_LEVEL = 60.0  # periods of demand: the highest level that is looked for


@dataclass(frozen=True)
class Parameters:
    """As in :class:`Behaviour`; ``level`` and ``cover`` in periods of demand, both of mean demand and of expected demand."""

    level: float = 0.0
    anchor: float = 0.0
    alpha: float = 1.0
    beta: float = 1.0
    theta: float = 0.0
    cover: float = 0.0
    gamma: float = 0.0


START: Mapping[str, tuple[float, float, float]] = {  # start, least and largest value
    "level": (3.0, 0.0, HIGHEST_LEVEL),
    "alpha": (0.3, 0.0, 1.5),
    "beta": (0.5, 0.0, 1.5),
    "theta": (0.3, 0.0, 1.0),
    "cover": (2.0, 0.0, HIGHEST_LEVEL),
    "gamma": (0.5, 0.0, 5.0),
}
BEHAVIOURS: Mapping[str, tuple[Parameters, tuple[str, ...]]] = {  # what is fixed, and what is fitted
    BASE_STOCK: (Parameters(), ("level",)),
    "smoothed order-up-to": (Parameters(), ("level", "cover", "theta")),
    "anchoring-and-adjustment": (Parameters(anchor=1.0), ("level", "alpha", "beta", "theta")),
    "order inflation": (Parameters(), ("level", "gamma")),
}


@dataclass(frozen=True)
class Fit:
    """``error``: root mean square error of the late orders by a fit to the early ones, in multiples of mean demand."""

    name: str
    parameters: Parameters
    error: float
    explained: float  # share of the variance of the late orders; below 0: worse than their early mean


@dataclass(frozen=True)
class Choice:
    """The behaviour that a firm is simulated with, why, and what was tried."""

    fit: Fit
    reason: str
    tried: tuple[Fit, ...] = ()
    orders: int = 0  # periods with an order that were learned from

    def as_json(self) -> dict[str, object]:
        return asdict(self)


def choose(records: Records) -> Choice:
    """The behaviour with the least error on the late periods, if it is clearly below that of base stock."""
    records = _largest(records)
    if why := _too_few(records):
        return Choice(Fit(BASE_STOCK, fit(records, BASE_STOCK), np.nan, np.nan), f"{why}: base stock")
    judged = [_judged(records, name) for name in _telling(records)]
    tried = tuple(found for found, _ in judged)
    usual, best = 0, min(range(len(tried)), key=lambda k: tried[k].error)
    count = int((records.orders[usable(records)] > 0).sum())
    less = 1 - tried[best].error / tried[usual].error
    if tried[best].explained <= 0:
        return Choice(tried[usual], "no behaviour foretells the late orders better than their mean: base stock", tried, count)
    if less <= CLEARLY or not _surely(judged[usual][1] - judged[best][1]):
        return Choice(tried[usual], "no behaviour is clearly better on the late orders: base stock", tried, count)
    return Choice(tried[best], f"{less:.0%} less error on the late orders than base stock", tried, count)


def _largest(records: Records) -> Records:
    """The ``MOST_SERIES`` series that sell most: they carry nearly all of the weight."""
    scale = np.nan_to_num(records.scale[:, 0])
    rows = np.sort(np.argsort(-scale, kind="stable")[:MOST_SERIES])
    return Records(*(getattr(records, one.name)[rows] for one in fields(Records)))


def _surely(less: Floats) -> bool:
    """Whether the mean of ``less``, squared error saved per period, is above 0 by ``SURE`` standard errors."""
    return bool(less.mean() > SURE * less.std() / np.sqrt(len(less)))


def _too_few(records: Records) -> str:
    rows = usable(records)
    periods, orders = int(rows.any(axis=0).sum()), int((records.orders[rows] > 0).sum())
    if not periods:
        return "no period of which demand, stock and orders (receipts or open orders with ordered_on) are known"
    if periods < LEAST_PERIODS:
        return f"{periods} periods of records, {LEAST_PERIODS} are needed"
    return f"{orders} orders, {LEAST_ORDERS} are needed" if orders < LEAST_ORDERS else ""


def _telling(records: Records) -> list[str]:
    """Without shortage in the records nothing tells how the firm reacts to it."""
    short = float((records.fill[usable(records)] < 1).mean())
    return [name for name in BEHAVIOURS if short >= SHORT or "gamma" not in BEHAVIOURS[name][1]]


def _judged(records: Records, name: str) -> tuple[Fit, Floats]:
    """Fitted on the early periods and judged on the late ones, whose weighted squared errors come with it; the parameters are
    those of all periods."""
    late = np.arange(records.orders.shape[1]) >= round((1 - LATE) * records.orders.shape[1])
    rows = usable(records)
    early = _fitted(records, name, rows & ~late)
    weight = _weight(records)
    relative, own = records.orders / records.scale, np.broadcast_to(weight**2, rows.shape)
    mean = float(np.average(relative[rows & ~late], weights=own[rows & ~late]))
    left = [(guess - relative)[rows & late] for guess in (predicted(records, early) / records.scale, np.full(rows.shape, mean))]
    error, plain = (float(np.average(one**2, weights=own[rows & late])) for one in left)
    found = Fit(name, _fitted(records, name, rows), error**0.5, 1 - error / max(plain, 1e-12))
    return found, np.asarray(left[0] ** 2 * own[rows & late])


def usable(records: Records) -> Bools:
    """Known periods of series that sell, without orders too large to be one period's rule: they would decide the fit."""
    with np.errstate(invalid="ignore"):
        return np.asarray(records.known & (records.orders <= LARGEST * records.scale), dtype=bool)


def _weight(records: Records) -> Floats:
    """[series, 1]: the root of the volume, so that a series that hardly sells does not decide; mean square 1."""
    scale = np.nan_to_num(records.scale)
    return np.asarray(np.sqrt(scale / max(float(scale.mean()), 1e-12)))


def fit(records: Records, name: str) -> Parameters:
    """The parameters of one behaviour with the least squared error of orders, in multiples of mean demand and weighted by
    volume (trust region within bounds, as scipy has it)."""
    return _fitted(records, name, usable(records))


def _fitted(records: Records, name: str, rows: Bools) -> Parameters:
    from scipy.optimize import least_squares

    fixed, free = BEHAVIOURS[name]
    if not (records.line[rows] > 0).any():
        free = tuple(key for key in free if key != "beta")  # nothing tells how a supply line counts: all of it
    start, low, high = np.array([START[key] for key in free]).T
    if not rows.any():
        return fixed
    weight, orders = _weight(records) / records.scale, records.orders

    def residuals(values: Floats) -> Floats:
        return np.asarray((weight * (predicted(records, _with(fixed, free, values)) - orders))[rows], dtype=float)

    starts = [start] if "level" not in free else [start, np.where(np.array(free) == "level", _reached(records, rows), start)]
    found = [least_squares(residuals, np.clip(one, low, high), bounds=(low, high), diff_step=1e-3) for one in starts]
    return _with(fixed, free, min(found, key=lambda one: float(one.cost)).x)


def _reached(records: Records, rows: Bools) -> float:
    """Periods of demand in stock and on order just after an order: a level to start from, below which nothing is ordered."""
    placed = rows & (records.orders > 0)
    position = ((records.orders + records.net + records.line) / records.scale)[placed]
    return float(np.median(position)) if len(position) else START["level"][0]


def _with(fixed: Parameters, free: tuple[str, ...], values: Floats) -> Parameters:
    own = dict(zip(free, map(float, values), strict=True))
    return Parameters(**{f.name: own.get(f.name, getattr(fixed, f.name)) for f in fields(Parameters)})


def predicted(records: Records, p: Parameters) -> Floats:
    """Orders in units, series x periods; NaN where the records do not tell stock or supply line."""
    hat = expected(records.asked, p.theta)
    gap = p.level * records.scale + p.cover * hat - records.net - p.beta * records.line
    fill = np.where(np.isfinite(records.fill), records.fill, 1.0)
    return np.maximum(0.0, p.anchor * hat + p.alpha * gap) * (1 + p.gamma * (1 - fill))


def expected(asked: Floats, theta: float) -> Floats:
    """Demand smoothed exponentially from the first known period on, today's with weight ``theta``; NaN before."""
    from scipy.signal import lfilter

    known = np.isfinite(asked)
    last = np.maximum.accumulate(np.where(known, np.arange(asked.shape[1]), -1), axis=1)
    begun = np.take_along_axis(asked, known.argmax(axis=1)[:, None], axis=1)  # as if expected all the time before
    filled = np.where(last >= 0, np.take_along_axis(asked, np.maximum(last, 0), axis=1), begun)
    smoothed, _ = lfilter([theta], [1, theta - 1], np.nan_to_num(filled), axis=1, zi=(1 - theta) * np.nan_to_num(begun))
    return np.where(last >= 0, smoothed, np.nan)
