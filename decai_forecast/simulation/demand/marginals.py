"""The distribution of each series and period, as the straight pieces of its inverse: what samples are looked up in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.demand.quantiles import LEVELS, MEAN, name_of
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.simulation.demand.centred import centred, mean_of, variance_of

__all__ = ["Marginals", "marginals_of", "pieces_of"]

Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
QUANTILES = [name_of(level) for level in LEVELS]
MOST = 1_000_000_000_000  # units of a period: sums of more lose units to rounding
CROSSING = 1e-6  # of the larger one: what the arithmetic of a forecast may leave


@dataclass(frozen=True)
class Marginals:
    """Units. A pair of location and item that nobody forecast has no demand."""

    locations: tuple[str, ...]
    items: tuple[str, ...]
    base: Singles  # [location, item, period, piece]: where the piece begins
    rise: Singles  # [location, item, period, piece]: what it rises by; of the tail: the decay
    lot: Singles  # [location, item]: demand comes in multiples of it; 0: in any quantity

    @property
    def periods(self) -> int:
        return int(self.base.shape[2])

    @property
    def mean(self) -> Floats:
        """[location, item, period]: mean of the samples before they are rounded to lots."""
        return mean_of(self.base, self.rise)

    @property
    def variance(self) -> Floats:
        """[location, item, period]: of the samples before they are rounded to lots, units squared."""
        return variance_of(self.base, self.rise)

    def through(self, periods: int, season: int) -> Marginals:
        """For so many periods: beyond the horizon the last season is repeated."""
        horizon, season = self.periods, min(season, self.periods)
        ahead = [t if t < horizon else horizon - season + (t - horizon) % season for t in range(periods)]
        return replace(self, base=self.base[:, :, ahead], rise=self.rise[:, :, ahead])

    def after(self, periods: int) -> Marginals:
        """With so many periods like the first one in front, for a simulation to settle in."""
        first = [0] * periods + list(range(self.periods))
        return replace(self, base=self.base[:, :, first], rise=self.rise[:, :, first])

    def only(self, items: Sequence[int] | slice) -> Marginals:
        """Some of the items."""
        names = self.items[items] if isinstance(items, slice) else tuple(self.items[k] for k in items)
        return replace(self, items=names, base=self.base[:, items], rise=self.rise[:, items], lot=self.lot[:, items])


def marginals_of(
    forecast: pd.DataFrame,
    lots: pd.DataFrame | None = None,
    *,
    locations: Sequence[str] = (),
    items: Sequence[str] = (),
) -> Marginals:
    """The marginals of a forecast: location_id, item_id, date, q05 .. q99 (units), the same periods for every series; with a
    column ``mean`` samples have this mean (see ``centred.py``).

    ``lots``: location_id, item_id, lot (units; see demand/lots.py); a series without a row is in any quantity. ``locations``,
    ``items``: order of the axes; empty: sorted. Raises :class:`NotEnoughData` without a series and :class:`ConfigError` where
    quantiles are missing, negative or cross (the first row is named), or where a period or column is missing.
    """
    ordered = _ordered(forecast)
    sites = tuple(locations) or tuple(sorted(ordered["location_id"].unique()))
    things = tuple(items) or tuple(sorted(ordered["item_id"].unique()))
    where = _places(sites, ordered["location_id"]), _places(things, ordered["item_id"])
    _placed(ordered, where)
    dates = np.unique(ordered["date"])
    values = np.zeros((len(sites), len(things), len(dates), len(LEVELS)))
    values[*where, np.searchsorted(dates, ordered["date"])] = ordered[QUANTILES].to_numpy(float)
    lot = _lots(lots, sites, things)
    return Marginals(sites, things, *centred(*pieces_of(values), lot, _means(ordered, where, values.shape[:3])), lot)


def _means(rows: pd.DataFrame, where: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]], shape: tuple[int, ...]) -> Floats:
    """[location, item, period]; NaN where the forecast does not say it."""
    found = np.full(shape, np.nan)
    if MEAN in rows:
        found[*where, np.searchsorted(np.unique(rows["date"]), rows["date"])] = rows[MEAN].to_numpy(float)
    return found


def pieces_of(quantiles: Floats) -> tuple[Singles, Singles]:
    """Where the pieces begin and what they rise by ([..., piece]), of monotone quantiles [..., level] that are not negative.

    Linear between the levels; below q05 the line through q05 and q10 goes on, not below 0; beyond q99 an exponential tail
    with the decay seen between q95 and q99.
    """
    low = np.maximum(2 * quantiles[..., :1] - quantiles[..., 1:2], 0.0)
    decay = (quantiles[..., -1:] - quantiles[..., -2:-1]) / log((1 - LEVELS[-2]) / (1 - LEVELS[-1]))
    base = np.concatenate([low, quantiles], axis=-1)
    rise = np.concatenate([np.diff(base, axis=-1), decay], axis=-1)
    return base.astype(np.float32), rise.astype(np.float32)


def _ordered(forecast: pd.DataFrame) -> pd.DataFrame:
    wanted = [*KEYS, *QUANTILES]
    if missing := [name for name in wanted if name not in forecast]:
        raise ConfigError(f"the forecast has no column {', '.join(missing)}; it has {', '.join(map(str, forecast.columns))}")
    if forecast.empty:
        raise NotEnoughData("the forecast has no series; there is nothing to simulate")
    told = [*wanted, MEAN] if MEAN in forecast else wanted
    rows = forecast[told].astype(dict.fromkeys(SERIES, str)).sort_values(KEYS, ignore_index=True)
    _sound(rows)
    periods = rows.groupby(SERIES, sort=False)["date"].nunique()
    if len(rows) != len(periods) * rows["date"].nunique():
        place, item = periods.index[int(periods.to_numpy().argmin())]
        raise ConfigError(
            f"the forecast of item {item!r} at {place!r} has {periods.min()} of {rows['date'].nunique()} periods, or one "
            "of them twice; the same periods are expected of every series, each once"
        )
    return rows


def _sound(rows: pd.DataFrame) -> None:
    """Refuses the first row whose quantiles are missing, negative or crossing."""
    values = rows[QUANTILES].to_numpy(float)
    refused = (
        (~np.isfinite(values).all(axis=1), "has no number for every quantile; leave the series out or forecast it anew"),
        ((values < 0).any(axis=1), "has a quantile below 0; demand is not negative"),
        ((values > MOST).any(axis=1), f"has a quantile above {MOST:,} units; check the unit of the demand"),
        (
            (np.diff(values) < -CROSSING * values[:, 1:]).any(axis=1),
            "has quantiles that cross; they must not fall from q05 to q99",
        ),
    )
    for wrong, what in refused:
        if wrong.any():
            first = rows.iloc[int(wrong.argmax())]
            told = ", ".join(f"{name}={first[name]:g}" for name in QUANTILES)
            which = f"item {first['item_id']!r} at {first['location_id']!r} for {first['date']:%Y-%m-%d}"
            raise ConfigError(f"the forecast of {which} {what}; it is {told}")


def _places(names: Sequence[str], wanted: pd.Series) -> npt.NDArray[np.intp]:
    """The position of each wanted name; -1 where it is none of them."""
    return pd.Index(names).get_indexer(pd.Index(wanted))


def _placed(rows: pd.DataFrame, where: tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]) -> None:
    lost = (where[0] < 0) | (where[1] < 0)
    if lost.any():
        first = rows.iloc[int(lost.argmax())]
        raise ConfigError(
            f"the forecast has item {first['item_id']!r} at {first['location_id']!r}, which is not in the network; "
            "add the site or leave the series out"
        )


def _lots(lots: pd.DataFrame | None, sites: Sequence[str], things: Sequence[str]) -> Singles:
    found = np.zeros((len(sites), len(things)), dtype=np.float32)
    if lots is not None:
        row = _places(sites, lots["location_id"].astype(str))
        column = _places(things, lots["item_id"].astype(str))
        there = (row >= 0) & (column >= 0)
        found[row[there], column[there]] = lots["lot"].to_numpy(np.float32)[there]
    return found
