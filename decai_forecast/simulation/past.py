"""What would have been said of stock-outs at past cut-offs, and what then came: was a shelf found empty?

Nothing is used that was not known at the cut-off: forecasts made with what lay before it, and counts and receipts of before.
Only series count whose stock was known at the cut-off and counted in every period after it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.calibrated import Calibration, calibrate
from decai_forecast.simulation.corrected import chances, corrected
from decai_forecast.simulation.demand import Dependence, Marginals, marginals_of, sample
from decai_forecast.simulation.measures import wilson
from decai_forecast.simulation.network.facts import ANYWHERE
from decai_forecast.simulation.network.fill import stock_of
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.receipts import LEAST_WINDOWS, Windows, like_before, windows_of
from decai_forecast.simulation.result import Simulation
from decai_forecast.simulation.setting import setting
from decai_forecast.simulation.stockouts import chance

__all__ = ["Counts", "Past", "as_of", "calibrated", "found_empty", "learned_from", "likely", "said_at"]

RATE_PERIODS = 12  # before a cut-off, of which the share found empty is taken
BLOCK = 4_000_000  # samples at a time


@dataclass(frozen=True)
class Past:
    """A past night: its ``cutoff``, and its ``forecast`` (location_id, item_id, date, mean, q05 .. q99)."""

    cutoff: date
    forecast: pd.DataFrame


@dataclass(frozen=True)
class Counts:
    """A company's counts of ``stock`` (location_id, item_id, date, on_hand), and what came in between them."""

    stock: pd.DataFrame
    windows: Windows
    calendar: Calendar

    @classmethod
    def of(cls, stock: pd.DataFrame, table: pd.DataFrame, calendar: Calendar) -> Counts:
        """``table``: the demand table."""
        return cls(stock, windows_of(stock, table, calendar), calendar)


def learned_from(
    nights: Sequence[Past],
    counts: Counts,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    **options: Any,
) -> Calibration:
    """What past nights teach. ``options``: seed, replications, dependence, lots, section and behaviour of :func:`setting`, with
    which the nights are simulated as tonight is."""
    rows, worlds = [], {}
    for night in nights:
        law = marginals_of(night.forecast, options.get("lots"))
        said = said_at(law, counts, night.cutoff, options["dependence"], options["seed"], options["replications"])
        if said is None:
            continue
        now = setting(night.forecast, as_of(data_sets, night.cutoff), assumptions, counts.calendar, **options)
        came = found_empty(counts.stock, counts.calendar, night.cutoff, counts.calendar.add(night.cutoff, now.planner.horizon))
        known = came[came["counted"] == counts.calendar.horizon].assign(came=lambda rows: rows["empty"] > 0)
        told = said.assign(cutoff=night.cutoff).merge(chances(now), on=SERIES)
        rows.append(told.merge(known[[*SERIES, "came"]], on=SERIES))
        worlds[night.cutoff] = now

    def shown(cutoff: date, told: pd.DataFrame) -> Floats:
        """What a past night's world says once it is corrected by what was known then."""
        found = chances(corrected(worlds[cutoff], told[[*SERIES, "p"]]).setting)
        return np.asarray(told[SERIES].merge(found, on=SERIES, how="left")["simulated"], dtype=float)

    return calibrate(pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(), shown)


def said_at(
    law: Marginals, counts: Counts, cutoff: date, dependence: Dependence, seed: int, replications: int
) -> pd.DataFrame | None:
    """location_id, item_id, ``said``, ``rate`` and ``periods`` of the series whose stock was known at the cut-off.

    ``said``: the probability that the shelf ends a period empty, with receipts like those that followed a similar cover;
    ``rate``: how often it was found empty in the ``periods`` before. None where too few past windows are known.
    """
    day, stock = pd.Timestamp(cutoff), counts.stock
    past = counts.windows.before(day)
    if len(past.cover) < LEAST_WINDOWS:
        return None
    before = stock[pd.to_datetime(stock["date"]) < day]
    there = stock_of(before, counts.calendar, cutoff)
    asked = np.asarray(law.base.any(axis=(2, 3)), dtype=bool)
    pairs = [(p, i) for k, i in enumerate(law.items) for n, p in enumerate(law.locations) if asked[n, k]]
    known = [pair for pair in pairs if pair in there]
    keys = pd.DataFrame(known, columns=SERIES)
    if keys.empty:
        return None
    opening, scale = np.array([there[key] for key in known]), past.scale_at(keys, day)
    came = like_before(past, opening, scale, replications, seed)
    said = _chances(law, keys, opening, came, dependence, seed, replications)
    return _with_rate(keys.assign(said=said), before, counts.calendar, cutoff)


def likely(learned: Calibration, said: pd.DataFrame | None) -> pd.DataFrame | None:
    """location_id, item_id, ``p`` and its 90 % interval ``low`` to ``high``, as the past teaches; None where it does not.
    ``said``: of :func:`said_at`, tonight."""
    if not learned.used or said is None:
        return None
    return said[SERIES].assign(**learned.of(said))


def calibrated(found: Simulation, learned: Calibration, wanted: pd.DataFrame | None) -> Simulation:
    """The simulation with what was learned of stock-outs, and with the interval of ``p_stockout``: that of the calibration
    (``wanted``, of :func:`likely`) and of the replications, whichever is wider."""
    series = found.series
    low, high = wilson(series["p_stockout"].to_numpy(float), found.replications)
    if wanted is not None:
        told = series[SERIES].merge(wanted, on=SERIES, how="left")
        low, high = np.fmin(low, told["low"].to_numpy(float)), np.fmax(high, told["high"].to_numpy(float))
    bounds: dict[str, Any] = {"p_stockout_low": low, "p_stockout_high": high}
    if "p_stockout_simulated" not in series:
        bounds["p_stockout_simulated"] = series["p_stockout"]
    return replace(found, series=series.assign(**bounds), stockouts=learned.to_json())


def _chances(
    law: Marginals, keys: pd.DataFrame, opening: Floats, came: Floats, dependence: Dependence, seed: int, replications: int
) -> Floats:
    """[series], some items at a time."""
    said = np.zeros(len(keys))
    row = pd.Index(law.locations).get_indexer(pd.Index(keys["location_id"]))
    column = pd.Index(law.items).get_indexer(pd.Index(keys["item_id"]))
    size = max(1, BLOCK // (len(law.locations) * law.periods * replications))
    for first in range(0, len(law.items), size):
        here = np.flatnonzero((column >= first) & (column < first + size))
        if len(here):
            drawn = sample(law.only(slice(first, first + size)), dependence, seed=seed, replications=range(replications))
            said[here] = chance(opening[here], came[here], np.round(drawn[row[here], column[here] - first]))
    return said


def _with_rate(said: pd.DataFrame, stock: pd.DataFrame, calendar: Calendar, cutoff: date) -> pd.DataFrame:
    """``said`` with ``rate`` and ``periods``, in the same order."""
    before = found_empty(stock, calendar, calendar.add(cutoff, -RATE_PERIODS), cutoff)
    told = said.merge(before, on=SERIES, how="left").fillna({"empty": 0, "counted": 0})
    counted, empty = (told.pop(name).to_numpy(float) for name in ("counted", "empty"))
    return told.assign(rate=np.divide(empty, counted, out=np.zeros(len(told)), where=counted > 0), periods=counted)


def found_empty(stock: pd.DataFrame, calendar: Calendar, first: date, end: date) -> pd.DataFrame:
    """Of each series, in the periods from ``first`` to before ``end``: location_id, item_id, ``counted`` (periods with a count)
    and ``empty`` (periods in which a count found nothing)."""
    days = pd.to_datetime(stock["date"])
    rows = stock[(days >= pd.Timestamp(first)) & (days < pd.Timestamp(end)) & stock["on_hand"].notna()]
    where = rows["location_id"].astype(str) if "location_id" in rows else pd.Series(ANYWHERE, index=rows.index)
    keys = pd.DataFrame(
        {"location_id": where, "item_id": rows["item_id"].astype(str), "on_hand": rows["on_hand"].astype(float)}
    )
    keys["period"] = [calendar.floor(day.date()) for day in pd.to_datetime(rows["date"])]
    lowest = keys.groupby([*SERIES, "period"], sort=False)["on_hand"].min().reset_index()
    lowest["empty"] = lowest["on_hand"] <= 0
    return lowest.groupby(SERIES, sort=True).agg(counted=("empty", "size"), empty=("empty", "sum")).reset_index()


def as_of(data_sets: Mapping[str, pd.DataFrame | None], cutoff: date) -> dict[str, pd.DataFrame | None]:
    """What was known before ``cutoff``: counts and receipts of before; what was ordered before and came later was open."""
    found, before = dict(data_sets), pd.Timestamp(cutoff)
    stock, receipts = data_sets.get("stock"), data_sets.get("receipts")
    if stock is not None:
        found["stock"] = stock[pd.to_datetime(stock["date"]) < before]
    found["open_orders"] = None
    if receipts is not None:
        came = pd.to_datetime(receipts["received_on"]) < before
        found["receipts"] = receipts[came]
        if "ordered_on" in receipts and data_sets.get("open_orders") is not None:
            ordered = pd.to_datetime(receipts["ordered_on"]) < before
            found["open_orders"] = receipts[ordered & ~came].assign(expected_on=receipts["received_on"])
    return found
