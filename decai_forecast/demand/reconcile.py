"""Forecasts that add up: item at a location -> category at a location -> location -> company.

Means are made coherent: every total is the sum of its parts. Quantiles cannot be: the q90 of a sum is below the sum of the
q90s unless everything sells out on the same day, and above the independent one as long as weather and paydays hit all items.
So the totals' quantiles come from the parts' and a stated dependence, the mean correlation of past errors.

Sources: Wickramasuriya, Athanasopoulos & Hyndman (2019), Journal of the American Statistical Association 114, 804-819 (MinT;
here with the diagonal of the error covariance: WLS with variance scaling); Athanasopoulos, Hyndman, Kourentzes & Petropoulos
(2017), European Journal of Operational Research 262, 60-74 (structural scaling).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.table import CATEGORY
from decai_forecast.errors import ConfigError

__all__ = [
    "CORRELATION", "LEVEL", "TOTALS", "Tree", "bottom_up", "correlation", "mint", "reconcile", "totals_of", "tree_of",
]  # fmt: skip

LEVEL, MEAN = "level", "mean"
TOTALS = ("company", "location", CATEGORY)  # levels above the series, from the top
SERIES = "series"
CORRELATION = 0.1  # where no past errors are known: enough that a total is not taken for surer than it is
FEWEST = 4  # past errors of a node before their variance is used
PERIODS_TO_TRUST = 26  # past periods at which the width that they ask for is taken half
FACTORS = (0.5, 3.0)  # of that width: beyond it the level has moved, and no width is right
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Tree:
    """``nodes``: level, location_id, category, item_id of every node (empty text where a level has none): first the totals,
    then the series in the order they were given. ``above``: series x 3, the company, location and category node of each."""

    nodes: pd.DataFrame
    above: Ints

    @property
    def totals(self) -> int:
        """How many nodes lie above the series."""
        return len(self.nodes) - len(self.above)

    def beneath(self) -> Floats:
        """How many series each node adds up."""
        return bottom_up(self, np.ones((len(self.above), 1)))[:, 0]


def tree_of(series: pd.DataFrame, groups: pd.DataFrame) -> Tree:
    """The tree over ``series`` (location_id, item_id). ``groups``: category by item_id, or by location_id and item_id; an
    item without one is in the category "" of its location."""
    leaves = series[[LOCATION, ITEM]].astype(str).reset_index(drop=True)
    leaves[CATEGORY] = _categories(leaves, groups)
    names, above, start = [], [], 0
    for level, on in zip(TOTALS, ([], [LOCATION], [LOCATION, CATEGORY]), strict=True):
        keys = leaves[on].assign(**{LEVEL: level})
        above.append(keys.groupby([LEVEL, *on], sort=True).ngroup().to_numpy() + start)
        names.append(keys.drop_duplicates().sort_values([LEVEL, *on]))
        start += len(names[-1])
    nodes = pd.concat([*names, leaves.assign(**{LEVEL: SERIES})], ignore_index=True).fillna("")
    return Tree(nodes[[LEVEL, LOCATION, CATEGORY, ITEM]], np.column_stack(above).astype(np.int64))


def _categories(leaves: pd.DataFrame, groups: pd.DataFrame) -> pd.Series:
    on = [name for name in (LOCATION, ITEM) if name in groups]
    if not on or CATEGORY not in groups:
        raise ConfigError("groups need the column category beside item_id, or beside location_id and item_id")
    known = groups[[*on, CATEGORY]].dropna().astype(str)
    twice = known[known[on].duplicated()]
    if len(twice):
        raise ConfigError(f"groups: {' of '.join(twice[on].iloc[0][::-1])} has more than one row; keep one category each")
    return leaves.merge(known, on=on, how="left")[CATEGORY].fillna("")


def bottom_up(tree: Tree, bottom: Floats) -> Floats:
    """Sums of ``bottom`` (series x periods) at every node: nodes x periods, in the order of ``tree.nodes``."""
    sums = np.zeros((tree.totals, bottom.shape[1]))
    for column in tree.above.T:
        np.add.at(sums, column, bottom)
    return np.concatenate([sums, bottom])


def mint(tree: Tree, base: Floats, variance: Floats | None = None) -> Floats:
    """The coherent means nearest to ``base`` (nodes x periods), each node weighed by 1 / ``variance`` of its errors (units
    squared, one per node); None: structural scaling, a node's variance is the number of series beneath it.

    y - W C' (C W C')^-1 C y with C y the differences between totals and the sums of their parts (equation 7 of the paper in
    its constraint form, whose matrix is as small as the number of totals). A total with a NaN in ``base`` has no say. Parts
    that would fall below zero become zero, and the totals their sums: coherent and never negative.
    """
    weight = tree.beneath() if variance is None else np.asarray(variance, float)
    observed = np.flatnonzero(np.isfinite(base[: tree.totals]).all(axis=1))
    parts, w = base[tree.totals :], weight[tree.totals :]
    if len(observed):
        gap = base[observed] - bottom_up(tree, parts)[observed]
        spread = _between(tree, w)[np.ix_(observed, observed)] + np.diag(weight[observed])
        pull = np.zeros((tree.totals, base.shape[1]))
        pull[observed] = np.linalg.solve(spread, gap)
        parts = parts + w[:, None] * sum(pull[column] for column in tree.above.T)
    return bottom_up(tree, np.maximum(parts, 0.0))


def _between(tree: Tree, w: Floats) -> Floats:
    """totals x totals: the sum of ``w`` over the series that both add up."""
    out = np.zeros((tree.totals, tree.totals))
    for one in tree.above.T:
        for other in tree.above.T:
            np.add.at(out, (one, other), w)
    return out


def correlation(errors: pd.DataFrame) -> float:
    """The mean correlation between the series' past forecast errors (location_id, item_id, date, ``error`` in units), weighed
    by their standard deviations: what makes the variance of the summed error what it was. Between 0 and 1;
    ``CORRELATION`` with fewer than two series or ``FEWEST`` common periods."""
    wide = errors.pivot_table(index=DATE, columns=[LOCATION, ITEM], values="error", observed=True).dropna(axis=1)
    if wide.shape[0] < FEWEST or wide.shape[1] < 2:
        return CORRELATION
    deviation = wide.std(axis=0).to_numpy(float)
    own, apart = float((deviation**2).sum()), float(deviation.sum() ** 2)
    if not apart > own:
        return CORRELATION
    return float(np.clip((wide.sum(axis=1).var() - own) / (apart - own), 0.0, 1.0))


def total_quantiles(tree: Tree, mean: Floats, quantile: Floats, rho: float) -> Floats:
    """One quantile at every total (totals x periods) from that of the series (``quantile``: series x periods).

    Each series' distance d between quantile and mean stands for its standard deviation, so that the total's distance is
    sqrt((1 - rho) sum d^2 + rho (sum d)^2), the standard deviation of a sum under the common correlation ``rho``: 0 gives
    independence, 1 the sum of the quantiles. ``mean``: nodes x periods, coherent.
    """
    distance = quantile - mean[tree.totals :]
    alone, together = bottom_up(tree, distance**2)[: tree.totals], bottom_up(tree, distance)[: tree.totals]
    size = np.sqrt((1 - rho) * alone + rho * together**2)
    found: Floats = np.maximum(mean[: tree.totals] + np.sign(together) * size, 0.0)
    return found


def reconcile(
    forecast: pd.DataFrame,
    groups: pd.DataFrame,
    *,
    totals: pd.DataFrame | None = None,
    errors: pd.DataFrame | None = None,
    total_errors: pd.DataFrame | None = None,
) -> pd.DataFrame:
    """The forecast of every level: columns level, location_id, category, item_id, date, h, mean, q.. (units).

    ``forecast``: location_id, item_id, date, h, ``mean`` and quantiles q.., every series with the same periods; ``totals``:
    level, location_id, category, date, ``mean``, independent forecasts of some totals (None: bottom-up). ``errors``: past
    errors of the series (location_id, item_id, date, ``error``), from which come the dependence and, with ``total_errors``
    (level, location_id, category, date, ``error``), the weights; without both, structural weights. A series whose mean is
    changed keeps the shape of its distribution: quantiles move in proportion. Of the totals only means add up.

    :class:`ConfigError` names a missing column, or the item whose periods are not those of the others.
    """
    names = _quantiles(forecast)
    series, periods = forecast[[LOCATION, ITEM]].drop_duplicates(ignore_index=True), _calendar(forecast)
    tree = tree_of(series, groups)
    wide = {name: _wide(forecast, series, periods, name) for name in (MEAN, *names)}
    base = np.concatenate([_said(tree, totals, periods), wide[MEAN]])
    mean = mint(tree, base, _variances(tree, errors, total_errors)) if totals is not None else bottom_up(tree, wide[MEAN])
    rho = CORRELATION if errors is None else correlation(errors)
    levels = {MEAN: mean}
    for name in names:
        own = _moved(wide[name], wide[MEAN], mean[tree.totals :])
        levels[name] = np.concatenate([total_quantiles(tree, mean, own, rho), own])
    return _long(tree, periods, _ordered(levels, names))


def _quantiles(forecast: pd.DataFrame) -> list[str]:
    missing = [name for name in (LOCATION, ITEM, DATE, "h", MEAN) if name not in forecast]
    if missing:
        raise ConfigError(f"the forecast has no column {', '.join(missing)}; to_levels gives a mean")
    names = forecast.columns.astype(str)
    return sorted(name for name in names if name.startswith("q") and name[1:].isdigit())


def _calendar(forecast: pd.DataFrame) -> pd.DataFrame:
    """The periods of the forecast, date and h, after a check that every series has them all, once."""
    periods = forecast[[DATE, "h"]].drop_duplicates().sort_values(DATE, ignore_index=True)
    count = forecast.groupby([LOCATION, ITEM], observed=True)[DATE].agg(["nunique", "size"])
    wrong = count[(count["nunique"] != len(periods)) | (count["size"] != len(periods))]
    if len(wrong):
        where, item = wrong.index[0]
        found = f"{wrong['size'].iloc[0]} rows for {wrong['nunique'].iloc[0]} periods"
        raise ConfigError(
            f"item {item} of {where} has {found}, the forecast {len(periods)} periods; give each item every period once"
        )
    return periods


def _wide(rows: pd.DataFrame, series: pd.DataFrame, periods: pd.DataFrame, name: str) -> Floats:
    place = pd.MultiIndex.from_frame(series).get_indexer(pd.MultiIndex.from_frame(rows[[LOCATION, ITEM]]))
    out = np.full((len(series), len(periods)), np.nan)
    out[place, pd.Index(periods[DATE]).get_indexer(pd.Index(rows[DATE]))] = rows[name].to_numpy(float)
    return out


def _said(tree: Tree, totals: pd.DataFrame | None, periods: pd.DataFrame) -> Floats:
    """The independent means of the totals (totals x periods), NaN where there is none."""
    out = np.full((tree.totals, len(periods)), np.nan)
    if totals is not None:
        place, column = _places(tree, totals), pd.Index(periods[DATE]).get_indexer(pd.Index(totals[DATE]))
        known = (place >= 0) & (column >= 0)
        out[place[known], column[known]] = totals[MEAN].to_numpy(float)[known]
    return out


def _places(tree: Tree, rows: pd.DataFrame) -> Ints:
    """The total's node of each row, -1 where the tree has none."""
    keys = pd.DataFrame(
        {name: rows[name].fillna("").astype(str) if name in rows else "" for name in (LEVEL, LOCATION, CATEGORY)},
        index=rows.index,
    )
    nodes = pd.MultiIndex.from_frame(tree.nodes.iloc[: tree.totals][[LEVEL, LOCATION, CATEGORY]])
    return np.asarray(nodes.get_indexer(pd.MultiIndex.from_frame(keys)), dtype=np.int64)


def _variances(tree: Tree, errors: pd.DataFrame | None, total_errors: pd.DataFrame | None) -> Floats | None:
    """Mean squared past error of each node; one with fewer than ``FEWEST`` gets what the others have per series beneath."""
    if errors is None or total_errors is None:
        return None
    series = pd.MultiIndex.from_frame(tree.nodes.iloc[tree.totals :][[LOCATION, ITEM]])
    below = series.get_indexer(pd.MultiIndex.from_frame(errors[[LOCATION, ITEM]].astype(str)))
    place = np.concatenate([_places(tree, total_errors), np.where(below >= 0, below + tree.totals, -1)])
    squared = np.concatenate([total_errors["error"].to_numpy(float), errors["error"].to_numpy(float)]) ** 2
    known = (place >= 0) & np.isfinite(squared)
    count = np.bincount(place[known], minlength=len(tree.nodes))
    found = np.bincount(place[known], squared[known], minlength=len(tree.nodes)) / np.maximum(count, 1)
    usable, size = (count >= FEWEST) & (found > 0), tree.beneath()
    if not usable.any():
        return None
    return np.where(usable, found, float((found[usable] / size[usable]).mean()) * size)


def _moved(quantile: Floats, before: Floats, after: Floats) -> Floats:
    """The quantiles in proportion to their mean; one of a mean of zero moves with it."""
    ratio = np.divide(after, before, out=np.ones_like(after), where=before > 0)
    return np.maximum(np.where(before > 0, quantile * ratio, quantile + after - before), 0.0)


def _ordered(levels: Mapping[str, Floats], names: list[str]) -> dict[str, Floats]:
    """Quantiles in order: far out of the middle the levels' distances need not be."""
    stacked = np.sort(np.stack([levels[name] for name in names]), axis=0) if names else np.empty((0, 0, 0))
    return {MEAN: levels[MEAN]} | dict(zip(names, stacked, strict=True))


def _long(tree: Tree, periods: pd.DataFrame, levels: Mapping[str, Floats]) -> pd.DataFrame:
    nodes = tree.nodes.loc[tree.nodes.index.repeat(len(periods))].reset_index(drop=True)
    dates = pd.concat([periods] * len(tree.nodes), ignore_index=True)
    return pd.concat([nodes, dates], axis=1).assign(**{name: value.ravel() for name, value in levels.items()})


def totals_of(forecast: pd.DataFrame, past: Sequence[pd.DataFrame], groups: pd.DataFrame) -> pd.DataFrame:
    """The totals above the series, bottom-up: :func:`reconcile` without the series themselves, in bands that ``past`` widened.

    ``past``: earlier forecasts as :func:`reconcile` takes them, with ``actual``. Their errors tell the dependence between the
    series; how far what was sold lay from each level's mean, in multiples of the distance of q10 or q90 (the 80 % point, shrunk
    towards one), is the factor on the distance of that level's quantiles. An unknown actual counts as its mean.
    """
    errors = _past_errors(past)
    found = reconcile(forecast, groups, errors=errors)
    out, names = found[found[LEVEL] != SERIES].reset_index(drop=True), _quantiles(found)
    rho = CORRELATION if errors is None else correlation(errors)
    misses = [_misses(frame, groups, rho) for frame in past]
    for level in TOTALS if misses else ():
        here, rows = (out[LEVEL] == level).to_numpy(), np.concatenate([miss[level] for miss in misses])
        mean = out.loc[here, [MEAN]].to_numpy(float)
        moved = (out.loc[here, names].to_numpy(float) - mean) * _widening(rows, len(pd.concat(past)[DATE].unique()))
        out.loc[here, names] = np.maximum(mean + moved, 0.0)
    return out


def _widening(misses: Floats, periods: int) -> float:
    """The factor on the width of a band that ``misses``, in multiples of its half, ask for; near one for few periods."""
    known = misses[np.isfinite(misses)]
    if not len(known):
        return 1.0
    wanted = float(np.clip(np.quantile(known, 0.8), *FACTORS))
    return 1 + periods / (periods + PERIODS_TO_TRUST) * (wanted - 1)


def _misses(frame: pd.DataFrame, groups: pd.DataFrame, rho: float) -> dict[str, Floats]:
    """Of each level: how far every total of a past forecast was from what was sold, in multiples of its half band."""
    series, periods = frame[[LOCATION, ITEM]].drop_duplicates(ignore_index=True), _calendar(frame)
    tree = tree_of(series, groups)
    own = {name: _wide(frame, series, periods, name) for name in (MEAN, "q10", "q90", "actual")}
    mean = bottom_up(tree, own[MEAN])
    low, high = (total_quantiles(tree, mean, own[name], rho) for name in ("q10", "q90"))
    sold = bottom_up(tree, np.where(np.isfinite(own["actual"]), own["actual"], own[MEAN]))[: tree.totals]
    off = sold - mean[: tree.totals]
    half = np.where(off > 0, high - mean[: tree.totals], mean[: tree.totals] - low)
    miss = np.divide(np.abs(off), half, out=np.full(off.shape, np.nan), where=half > 0)
    levels = tree.nodes[LEVEL].iloc[: tree.totals].to_numpy()
    return {level: miss[levels == level].ravel() for level in TOTALS}


def _past_errors(past: Sequence[pd.DataFrame]) -> pd.DataFrame | None:
    """Errors as :func:`reconcile` takes them; of a period forecast twice the later forecast counts."""
    if not past:
        return None
    rows = pd.concat(past, ignore_index=True)
    known = rows[rows["actual"].notna()].drop_duplicates([LOCATION, ITEM, DATE], keep="last")
    return known[[LOCATION, ITEM, DATE]].assign(error=known["actual"] - known[MEAN]) if len(known) else None
