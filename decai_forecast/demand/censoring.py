"""Stock-outs: what was sold from an empty shelf is a lower bound of demand, not demand.

A period is *censored* when its sale tells less than was asked for. Two cases, told from stock counts and receipts:

* **empty**: it opened with nothing on hand and received nothing; demand is at least what was sold, mostly zero;
* **ran out**: a count in the period, mostly its end, found nothing on hand, and less was sold than the mean of the earlier
  periods that never ran out. A period that ran out and still sold that much tells as much as any other and is kept.

A period whose stock nobody counted is not judged.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from decai_forecast.columns import DATE, ITEM, KEYS, LOCATION, SERIES
from decai_forecast.demand.history import Running, over, rhythm
from decai_forecast.demand.panel import Floats, to_panel
from decai_forecast.demand.table import CENSORED, EVERYWHERE, QUANTITY
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

__all__ = ["DEMAND", "mark_censored", "unconstrain"]

DEMAND = "demand"  # units; the estimate of what was asked for
ON_HAND, AVAILABLE, RECEIVED_ON = "on_hand", "available", "received_on"
FEWEST = 3  # earlier uncensored periods; below it a mean is one or two accidents


def mark_censored(clean: pd.DataFrame, stock: pd.DataFrame, receipts: pd.DataFrame | None, calendar: Calendar) -> pd.DataFrame:
    """``clean`` (rows of the data set ``demand``) with the boolean column ``censored``, true for all rows of such a period.

    ``stock``: rows of the data set ``stock``, counted at the end of ``date``; what others have reserved cannot be sold, so
    ``available`` is preferred to ``on_hand``. ``receipts``: rows of ``receipts``; None: received is what the counts leave
    unexplained (closing - opening + sold). A censored period in which nothing was sold, and which therefore has no row in
    ``clean``, gets one of quantity 0, so that it does not become a zero. Marks of a period use nothing later than it.

    :class:`ConfigError` names a missing column.
    """
    _need(clean, [ITEM, DATE, QUANTITY], "demand")
    _need(stock, [ITEM, DATE, ON_HAND], "stock")
    rows = _keyed(clean, DATE, calendar)
    facts = _periods(rows, clean, calendar)
    facts = _counted(facts, _keyed(stock, DATE, calendar), stock, calendar)
    facts["received"] = _received(facts, receipts, calendar)
    facts[CENSORED] = _empty(facts) | _ran_out(facts, calendar)
    found = facts.loc[facts[CENSORED], KEYS]
    marked = clean.assign(**{CENSORED: _known_keys(rows, found)})
    return pd.concat([marked, _unsold(marked, rows, found)], ignore_index=True)


def _need(rows: pd.DataFrame, columns: list[str], data_set: str) -> None:
    missing = [name for name in columns if name not in rows]
    if missing:
        raise ConfigError(f"stock-outs cannot be told: the data set {data_set!r} has no column {', '.join(missing)}")


def _keyed(rows: pd.DataFrame, day: str, calendar: Calendar) -> pd.DataFrame:
    """Location, item and period start of each row; without locations all are one."""
    where = rows[LOCATION].astype(str) if LOCATION in rows else pd.Series(EVERYWHERE, index=rows.index)
    return pd.DataFrame({LOCATION: where, ITEM: rows[ITEM].astype(str), DATE: _floors(rows[day], calendar)})


def _floors(days: pd.Series, calendar: Calendar) -> pd.Series:
    """The start of each day's period."""
    when = pd.to_datetime(days)
    floor = {day: pd.Timestamp(calendar.floor(day.date())) for day in when.unique()}
    return when.map(floor).astype("datetime64[us]")


def _periods(rows: pd.DataFrame, clean: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """One row per series and period from its first to the last of all, with ``sold`` (units; 0 without a row)."""
    sold = rows.assign(sold=clean[QUANTITY].to_numpy(float)).groupby(KEYS, as_index=False)["sold"].sum()
    first = sold.groupby(SERIES, as_index=False)[DATE].min().rename(columns={DATE: "first"})
    every = pd.DataFrame({DATE: pd.date_range(sold[DATE].min(), sold[DATE].max(), freq=calendar.pandas).as_unit("us")})
    grid = first.merge(every, how="cross")
    grid = grid[grid[DATE] >= grid["first"]].drop(columns="first")
    full: pd.DataFrame = grid.merge(sold, on=KEYS, how="left").sort_values(KEYS, ignore_index=True)
    return full.fillna({"sold": 0.0})


def _counted(facts: pd.DataFrame, keys: pd.DataFrame, stock: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """``facts`` with ``opening`` (the last count of the period before), ``closing`` and ``lowest`` (of its own counts)."""
    left = stock[ON_HAND].astype(float)
    if AVAILABLE in stock:
        left = stock[AVAILABLE].astype(float).fillna(left)
    counts = keys.assign(left=left, day=pd.to_datetime(stock[DATE])).dropna(subset="left").sort_values("day", kind="stable")
    own = counts.groupby(KEYS, as_index=False)["left"].agg(closing="last", lowest="min")
    following = {day: pd.Timestamp(calendar.add(day.date(), 1)) for day in own[DATE].unique()}
    before = own[KEYS].assign(opening=own["closing"], **{DATE: own[DATE].map(following).astype("datetime64[us]")})
    return facts.merge(own, on=KEYS, how="left").merge(before, on=KEYS, how="left")


def _received(facts: pd.DataFrame, receipts: pd.DataFrame | None, calendar: Calendar) -> Floats:
    if receipts is None:
        return (facts["closing"] - facts["opening"] + facts["sold"]).to_numpy(float)
    _need(receipts, [ITEM, RECEIVED_ON, QUANTITY], "receipts")
    rows = _keyed(receipts, RECEIVED_ON, calendar).assign(received=receipts[QUANTITY].to_numpy(float))
    on = KEYS if LOCATION in receipts else [ITEM, DATE]  # goods for an unnamed location may have come to any
    sums = rows.groupby(on, as_index=False)["received"].sum()
    return facts[KEYS].merge(sums, on=on, how="left")["received"].fillna(0.0).to_numpy(float)


def _empty(facts: pd.DataFrame) -> pd.Series:
    return (facts["opening"] <= 0) & (facts["received"] <= 0)  # false where one of them is unknown


def _ran_out(facts: pd.DataFrame, calendar: Calendar) -> pd.Series:
    """Found empty, and sold less than the mean of the ``rhythm().scale`` periods before that were never found empty."""
    stocked = facts["sold"].where(facts["lowest"] > 0)
    before = stocked.groupby([facts[name] for name in SERIES]).shift(1)
    window = before.groupby([facts[name] for name in SERIES]).rolling(rhythm(calendar).scale, min_periods=FEWEST)
    expected = window.mean().reset_index(level=[0, 1], drop=True)
    return (facts["lowest"] <= 0) & (facts["sold"] < expected.reindex(facts.index))


def _known_keys(rows: pd.DataFrame, found: pd.DataFrame) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    return np.asarray(pd.MultiIndex.from_frame(rows[KEYS]).isin(pd.MultiIndex.from_frame(found)))


def _unsold(clean: pd.DataFrame, rows: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """Rows of quantity 0 for the censored periods that ``clean`` has no row of."""
    missing = found[~_known_keys(found, rows)]
    added = missing.assign(**{QUANTITY: 0.0, CENSORED: True})
    return added[[name for name in added if name in clean]]


@dataclass(frozen=True)
class _Usual:
    """Mean and variance (units, units squared) of the earlier uncensored periods; NaN with fewer than ``FEWEST``."""

    mean: Floats
    variance: Floats


def unconstrain(table: pd.DataFrame, calendar: Calendar) -> pd.DataFrame:
    """``table`` with the column ``demand`` (units): the expected demand of censored rows given what was sold, else quantity.

    Demand D of a series is taken for gamma distributed (Burgin 1975, Operational Research Quarterly 26, 507-525), its mean
    and variance those of the last ``rhythm().scale`` earlier uncensored periods (of all earlier ones, if those are fewer
    than ``FEWEST``); a censored row gets E[D | D >= sold], as Nahmias (1994, Naval Research Logistics 41, 739-757) does for
    the normal. The gamma is scale-free and never negative. Never below what was sold; a row with fewer than ``FEWEST``
    earlier uncensored periods keeps what was sold: there is nothing to estimate from.
    """
    panel = to_panel(table, calendar)
    row = table.groupby(SERIES, sort=True, observed=True).ngroup().to_numpy()
    column = panel.dates.get_indexer(pd.DatetimeIndex(table[DATE]))
    usual = _usual(Running(panel.quantity), rhythm(calendar).scale)
    sold = table[QUANTITY].to_numpy(float)
    censored = np.flatnonzero(table[CENSORED].to_numpy(bool))
    at = row[censored], column[censored]
    demand = sold.copy()
    demand[censored] = expected_above(np.nan_to_num(sold[censored]), usual.mean[at], usual.variance[at])
    return table.assign(**{DEMAND: demand})


def _usual(running: Running, window: int) -> _Usual:
    """For every series and period, what was known before it (series x periods)."""
    end = np.arange(running.total.shape[1] - 1)
    recent = over(running.known, end, window) >= FEWEST
    life = running.total.shape[1]
    count, total, squares = (
        np.where(recent, over(sums, end, window), over(sums, end, life))
        for sums in (running.known, running.total, running.squares)
    )
    count = np.where(count >= FEWEST, count, np.nan)
    mean = total / count
    return _Usual(mean, np.maximum(squares / count - mean**2, 0.0) * count / (count - 1))


def expected_above(bound: Floats, mean: Floats, variance: Floats) -> Floats:
    """E[D | D >= bound] of a gamma demand D (units); ``bound`` where the mean is unknown.

    With shape k = mean^2 / variance and scale s = variance / mean: mean Q(k + 1, bound / s) / Q(k, bound / s), Q the
    regularised upper incomplete gamma function. Far out, where Q vanishes, the tail is exponential: bound + s.
    """
    from scipy.special import gammaincc

    known = np.isfinite(mean) & (mean > 0)
    spread = known & (variance > 0)
    scale = np.divide(variance, mean, out=np.ones_like(bound), where=spread)
    shape = np.divide(mean, scale, out=np.ones_like(bound), where=spread)
    tail = gammaincc(shape, bound / scale)
    inner = np.divide(mean * gammaincc(shape + 1, bound / scale), tail, out=bound + scale, where=spread & (tail > 1e-12))
    found = np.where(spread, inner, np.where(known, mean, bound))
    return np.asarray(np.maximum(found, bound))
