"""Items, sites and companies without a history: forecast from those that are most like them.

How alike two items are is Gower's distance over the attributes that both have (Gower 1971, Biometrics 27, 857-871): for a
text 0 or 1, for a number the difference of logarithms (a price ratio, not a price difference) over the range of all items.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION, SERIES
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.demand.slips import believed_rows, known_panel
from decai_forecast.demand.table import QUANTITY, build_table
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.periods import Calendar

__all__ = [
    "EVEN", "all_alike", "declared_table", "first_forecast", "popularity", "share_curve", "similar", "spread", "unsold",
]  # fmt: skip

LIKE, DISTANCE, WEIGHT, SHARE = "like", "distance", "weight", "share"
NEIGHBOURS = 10
SOFTEST = 0.05  # distance added before it is inverted: items of equal attributes count alike, and none alone
EVEN = np.array([0.0, 1.0])  # a share curve that says nothing: what sells best is not known
GRID = 50  # points of the share curve; the smallest companies have about ten items


def similar(
    items: pd.DataFrame,
    known: pd.DataFrame,
    attributes: Sequence[str],
    k: int = NEIGHBOURS,
    *,
    key: str = ITEM,
    partner: str = "",
) -> pd.DataFrame:
    """The ``k`` rows of ``known`` most like each row of ``items``: columns ``key``, ``like`` (of ``known``), ``distance``
    (0 .. 1), ``weight`` (sums to 1 for each).

    ``items``, ``known``: one row per ``key`` (``item_id``, or ``location_id`` for a new site) with ``attributes``, numbers
    (above zero) or texts; an attribute that one of two does not have does not count for them. :class:`NotEnoughData` names
    an item that has no attribute in common with any known one.
    """
    gap = _gower(items, known, [name for name in attributes if name in items and name in known])
    _comparable(items, gap, attributes, key, partner)
    nearest = np.argsort(np.where(np.isfinite(gap), gap, 2.0), axis=1, kind="stable")[:, :k]
    distance = np.take_along_axis(gap, nearest, axis=1)
    weight = np.nan_to_num(1.0 / (distance + SOFTEST))
    weight /= weight.sum(axis=1, keepdims=True)
    found = {
        key: np.repeat(items[key].astype(str).to_numpy(), nearest.shape[1]),
        LIKE: known[key].astype(str).to_numpy()[nearest.ravel()],
        DISTANCE: distance.ravel(),
        WEIGHT: weight.ravel(),
    }
    return pd.DataFrame(found)[weight.ravel() > 0].reset_index(drop=True)


def all_alike(items: pd.DataFrame, known: pd.DataFrame, *, key: str = ITEM) -> pd.DataFrame:
    """As :func:`similar`, where nothing tells what the one row of ``items`` is like: all of ``known`` count alike."""
    likes = known[key].astype(str).to_numpy()
    return pd.DataFrame({key: str(items[key].iloc[0]), LIKE: likes, DISTANCE: 1.0, WEIGHT: 1 / len(likes)})


def unsold(weights: pd.DataFrame, table: pd.DataFrame, calendar: Calendar, cutoff: date) -> pd.DataFrame:
    """``weights`` of the items that are like one that has not sold in all that is known of its company: each counts by how
    likely it is itself not to sell for as long. What sells every week is nothing to go by for what sold in none of eight.

    ``table``: the demand table before ``cutoff``. The chance of a period without a sale is counted with half a period added
    to either side, so that no item counts for nothing.
    """
    begin = table[DATE].min().date()
    periods = max(calendar.between(begin, calendar.floor(cutoff)), 1)
    sold = table[table[QUANTITY] > 0].groupby(SERIES, observed=True)[DATE].nunique().groupby(ITEM, observed=True).mean()
    idle = (periods - sold + 0.5) / (periods + 1)
    chance = weights[LIKE].map(idle**periods).fillna(1.0).to_numpy(float)
    weight = weights[WEIGHT].to_numpy(float) * chance
    return weights.assign(**{WEIGHT: weight / weight.sum()})


def _gower(items: pd.DataFrame, known: pd.DataFrame, attributes: Sequence[str]) -> Floats:
    """items x known: the mean distance over the attributes that both have; NaN where there is none."""
    total, count = np.zeros((2, len(items), len(known)))
    for name in attributes:
        gap = _apart(items[name], known[name])
        total += np.nan_to_num(gap)
        count += np.isfinite(gap)
    mean: Floats = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _apart(one: pd.Series, other: pd.Series) -> Floats:
    if pd.api.types.is_numeric_dtype(one) and pd.api.types.is_numeric_dtype(other):
        both = pd.concat([one, other]).to_numpy(float)
        place = np.log(np.where(both > 0, both, np.nan))
        width = np.ptp(place[np.isfinite(place)]) if np.isfinite(place).any() else 0.0
        return np.asarray(np.abs(place[: len(one), None] - place[None, len(one) :]) / (width or 1.0))
    texts = pd.concat([one, other]).astype(object)
    code = pd.factorize(texts.where(texts != ""))[0]
    a, b = code[: len(one), None], code[None, len(one) :]
    return np.where((a >= 0) & (b >= 0), (a != b) * 1.0, np.nan)


def _comparable(items: pd.DataFrame, gap: Floats, attributes: Sequence[str], key: str, partner: str) -> None:
    lost = ~np.isfinite(gap).any(axis=1)
    if lost.any():
        name = items[key].astype(str).to_numpy()[lost][0]
        whose = f"partner {partner}, " if partner else ""
        declared = f"none of {', '.join(attributes)} is known both of it and of any older one; deliver one of them"
        raise NotEnoughData(f"{whose}{key} {name}: {declared}")


def first_forecast(
    series: pd.DataFrame,
    weights: pd.DataFrame,
    table: pd.DataFrame,
    calendar: Calendar,
    cutoff: date,
    *,
    expected: Mapping[tuple[str, str], float] | None = None,
    partner: str = "",
) -> pd.DataFrame:
    """The forecast frame (location_id, item_id, date, h, actual NaN, scale, q10, q50, q90; units) of series without a history,
    with ``reason``: one row per series and period of the horizon from ``cutoff`` on.

    ``series``: location_id, item_id; ``weights`` from :func:`similar`, over items or, for new sites, over locations; ``table``:
    the demand table, of which only uncensored periods of the year before ``cutoff`` are used, as far as they are believed (see
    slips.py). A new item is compared at its own
    location where the similar one sells there, else everywhere. Its scale is the weighted median of the similar ones' means, or
    ``expected`` (units per period, by (location, item)); its quantiles are the weighted quantiles of their demand, in multiples
    of their own means where the scale was told, and in units where the scale is as uncertain as they differ; its season is
    theirs a year before.

    :class:`NotEnoughData` names partner, item and location if none of the similar ones sold anything.
    """
    key = LOCATION if LOCATION in weights else ITEM
    past = _past(table, calendar, cutoff)
    frames = []
    for where, item in series[SERIES].astype(str).itertuples(index=False):
        mine = weights[weights[key] == (item if key == ITEM else where)]
        pool = _pool(past, mine, key, item if key == LOCATION else where)
        if pool.empty:
            whose = f"partner {partner}, " if partner else ""
            raise NotEnoughData(
                f"{whose}item {item} of {where}: nothing like it sold in the year before {cutoff}; declare a total"
            )
        declared = None if expected is None else expected.get((where, item))
        made = _first(pool, calendar, cutoff, declared)
        frames.append(made.assign(**{LOCATION: where, ITEM: item}, reason=_reason(mine, key, declared)))
    columns = [LOCATION, ITEM, DATE, "h", "actual", "scale", *map(name_of, TRAINED), "reason"]
    return pd.concat(frames, ignore_index=True)[columns]


def _past(table: pd.DataFrame, calendar: Calendar, cutoff: date) -> pd.DataFrame:
    """The year before the cut-off as far as it is known and believed, with each series' mean; series that sold nothing have no
    shape and stay out."""
    begin = pd.Timestamp(calendar.add(calendar.floor(cutoff), -calendar.year))
    if table.empty or table[DATE].min() >= pd.Timestamp(cutoff):
        return table.iloc[:0].assign(mean=np.nan)
    rows = believed_rows(known_panel(table, calendar, cutoff))
    rows = rows[rows[DATE] >= begin]
    rows["mean"] = rows.groupby(SERIES, observed=True)[QUANTITY].transform("mean")
    return rows[rows["mean"] > 0]


def _pool(past: pd.DataFrame, mine: pd.DataFrame, key: str, other: str) -> pd.DataFrame:
    """The periods of the similar series with their weights; those of the same site (or item) alone, where there are any."""
    across = ITEM if key == LOCATION else LOCATION
    rows = past.merge(mine[[LIKE, WEIGHT]], left_on=key, right_on=LIKE)
    same = rows[rows[across] == other]
    rows = rows if same.empty else same
    return rows.assign(weight=rows[WEIGHT] / rows.groupby(LIKE)[WEIGHT].transform("size"))


def _first(pool: pd.DataFrame, calendar: Calendar, cutoff: date, declared: float | None) -> pd.DataFrame:
    weight, mean = pool[WEIGHT].to_numpy(float), pool["mean"].to_numpy(float)
    scale = float(_weighted_quantiles(mean, weight, [0.5])[0]) if declared is None else declared
    ratio = pool[QUANTITY].to_numpy(float) / (scale if declared is None else mean)
    levels = _weighted_quantiles(ratio, weight, TRAINED) * scale
    dates = [pd.Timestamp(calendar.add(cutoff, k)) for k in range(calendar.horizon)]
    season = _season(pool, calendar, [day.date() for day in dates])
    out = pd.DataFrame({DATE: dates, "h": range(1, calendar.horizon + 1), "actual": np.nan, "scale": scale})
    return out.assign(**{name_of(q): level * season for q, level in zip(TRAINED, levels, strict=True)})


def _season(pool: pd.DataFrame, calendar: Calendar, days: Sequence[date]) -> Floats:
    """Demand of the similar series around each day a year ago, in multiples of their year; 1 where they have no such period."""
    weight = pool[WEIGHT].to_numpy(float)
    weighed = (
        pd.DataFrame({"sum": weight * pool[QUANTITY] / pool["mean"], "weight": weight}).groupby(pool[DATE].to_numpy()).sum()
    )
    if len(weighed) < calendar.year:  # of part of a year a season cannot be told from a trend
        return np.ones(len(days))
    reach = {"D": 3, "W": 2, "M": 0}[calendar.frequency]
    back = calendar.year * (1 + (calendar.horizon - 1) // calendar.year)
    edges = [[pd.Timestamp(calendar.add(day, -back + shift)) for day in days] for shift in (-reach, reach)]
    first = weighed.index.searchsorted(pd.DatetimeIndex(edges[0]), side="left")
    last = weighed.index.searchsorted(pd.DatetimeIndex(edges[1]), side="right")
    upto = np.vstack([np.zeros(2), weighed.to_numpy().cumsum(axis=0)])
    total, share = (upto[last] - upto[first]).T
    return np.asarray(np.divide(total, share, out=np.ones(len(days)), where=last > first), dtype=float)


def _weighted_quantiles(values: Floats, weight: Floats, levels: Sequence[float]) -> Floats:
    """The smallest value with at least the level's share of the weight at or below it: always a value that was there."""
    order = np.argsort(values, kind="stable")
    share = np.cumsum(weight[order]) / weight.sum()
    at = np.minimum(np.searchsorted(share, np.asarray(levels) - 1e-12), len(values) - 1)
    return np.asarray(values[order][at], dtype=float)


def _reason(mine: pd.DataFrame, key: str, declared: float | None) -> str:
    best = mine.sort_values(WEIGHT, ascending=False, kind="stable").head(3)
    names = ", ".join(f"{like} ({weight:.0%})" for like, weight in zip(best[LIKE], best[WEIGHT], strict=True))
    kind = "items" if key == ITEM else "sites"
    scale = "their scale" if declared is None else f"the declared {declared:g} a period"
    return f"no history: from the {len(mine)} most similar {kind}, first {names}, at {scale}"


def popularity(items: pd.DataFrame, known: pd.DataFrame, attributes: Sequence[str], k: int = 3) -> pd.Series:
    """Expected demand of each of ``items`` in multiples of its company's mean item: the median over the known companies of what
    the ``k`` items most similar to it sell there. ``known``: partner_id, item_id, quantity (units per period) and
    ``attributes``, one row per company and item; only multiples of a company's own mean are used."""
    votes = []
    for _, own in known.groupby("partner_id", observed=True):
        found = similar(items, own, attributes, k)
        relative = pd.Series((own[QUANTITY] / own[QUANTITY].mean()).to_numpy(float), index=own[ITEM].astype(str))
        votes.append((found[LIKE].map(relative) * found[WEIGHT]).groupby(found[ITEM]).sum())
    return items[ITEM].astype(str).map(pd.concat(votes, axis=1).median(axis=1))


def share_curve(known: pd.DataFrame) -> Floats:
    """How demand is spread over ranked items: the share of the total that the first 0, 1/GRID, ... 1 of a company's items have,
    best sellers first, mean of the companies (a Lorenz curve from above; scale-free). ``known``: partner_id, quantity, one
    row per company and item."""
    grid, curves = np.linspace(0, 1, GRID + 1), []
    for _, own in known.groupby("partner_id", observed=True):
        ordered = np.sort(own[QUANTITY].to_numpy(float))[::-1]
        if ordered.sum() > 0:
            sums = np.concatenate([[0.0], np.cumsum(ordered) / ordered.sum()])
            curves.append(np.interp(grid, np.linspace(0, 1, len(sums)), sums))
    if not curves:
        raise NotEnoughData("no known company sold anything: there is no share curve to spread a total by")
    return np.asarray(np.mean(curves, axis=0))


def spread(total_per_period: float, items: pd.DataFrame, curve: Floats, *, partner: str = "") -> pd.DataFrame:
    """A declared total (units per period) over a newcomer's items: item_id, ``share`` (sums to 1), ``quantity`` (units per
    period).

    ``items``: item_id and, where known, ``popularity`` (see :func:`popularity`) and ``rank`` (1 sells best, the company's own
    guess; ties share). Ranks take their share from ``curve`` (:func:`share_curve`); popularity gives ranks and shares of its
    own, and the mean of both is used. Without either the spread is
    even. :class:`ConfigError` names partner and item for a total below zero or an item that is there twice.
    """
    _spreadable(total_per_period, items, partner)
    share = np.full(len(items), 1.0 / len(items))
    liked = items["popularity"].astype(float).fillna(1.0) if "popularity" in items else None
    rank = items["rank"].astype(float) if "rank" in items else None if liked is None else -liked
    if rank is not None:
        share = _by_rank(rank, curve)
    if liked is not None and liked.sum() > 0:
        share = (share + (liked / liked.sum()).to_numpy(float)) / 2
    return pd.DataFrame({ITEM: items[ITEM].astype(str), SHARE: share, QUANTITY: share * total_per_period})


def _by_rank(rank: pd.Series, curve: Floats) -> Floats:
    size = len(rank)
    share = np.diff(np.interp(np.linspace(0, 1, size + 1), np.linspace(0, 1, len(curve)), curve))
    order = rank.rank(method="first").astype(int).to_numpy() - 1
    return pd.Series(share[order], index=rank.index).groupby(rank).transform("mean").to_numpy(float)


def _spreadable(total: float, items: pd.DataFrame, partner: str) -> None:
    whose = f"partner {partner}: " if partner else ""
    if not (np.isfinite(total) and total >= 0):
        raise ConfigError(f"{whose}the expected total per period is {total:g}; give units, zero or more")
    if items.empty:
        raise ConfigError(f"{whose}an expected total needs items to spread it over; deliver the data set items")
    twice = items.loc[items[ITEM].duplicated(), ITEM]
    if len(twice):
        raise ConfigError(f"{whose}item {twice.iloc[0]} is there twice; give one row per item")


def declared_table(
    total_per_period: float,
    items: pd.DataFrame,
    locations: pd.DataFrame | None,
    calendar: Calendar,
    cutoff: date,
    *,
    partner: str = "",
) -> pd.DataFrame:
    """A demand table (see table.py) of one period before ``cutoff`` in which a declared total (units per period) sold, spread
    over the data set ``items`` and evenly over ``locations``: what a shared forecaster can start a newcomer from.

    :class:`ConfigError` as :func:`spread`.
    """
    rows = items.drop_duplicates(ITEM, ignore_index=True)
    sold = spread(total_per_period, rows, EVEN, partner=partner)[[ITEM, QUANTITY]].assign(**{DATE: calendar.add(cutoff, -1)})
    if locations is not None and len(locations):
        places = locations[[LOCATION]].drop_duplicates().astype(str)
        sold = sold.merge(places, how="cross").assign(**{QUANTITY: lambda frame: frame[QUANTITY] / len(places)})
    return build_table(sold, calendar, cutoff, items=rows, locations=locations)
