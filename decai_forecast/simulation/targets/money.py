"""What a better forecast is worth: the cost of ordering by each forecast on the same past demand with the same rule.

WAPE does not say it, and the rule of ordering can matter more than the forecast. So all are told against a moving average that
orders by the same rule: up to the critical quantile of the demand that an order protects.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.demand import INDEPENDENT, Dependence, Marginals, marginals_of, sample
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.targets.policy import Held, Terms, hold, level_at, protected

__all__ = ["BASELINE", "forecast_money"]

BASELINE = "moving_average"
REPLICATIONS = 400  # samples that a level is read off


def forecast_money(
    actual: pd.DataFrame,
    forecasts: Mapping[str, pd.DataFrame],
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    seed: int,
    unit_cost: pd.DataFrame | None = None,
    dependence: Dependence = INDEPENDENT,
) -> pd.DataFrame:
    """One row per forecast of one past cut-off, the dearest last: forecast, series, cost (holding and lost sales per period,
    all series), stock (mean units on hand), lost (units per period), fill_rate, saved (cost of the moving average less its
    own), saved_share, better and worse (series that cost less or more than with the moving average), in_money.

    ``actual``: location_id, item_id, date, actual (units); series with an unknown period are left out. ``forecasts``: by name,
    each with location_id, item_id, date, q05 .. q99 of these series and periods; ``moving_average`` is one of them.
    ``unit_cost``: location_id, item_id, unit_cost; costs are money if it is known of every series, else multiples of a unit.
    With columns ``lead_time_days`` and ``lost`` (money that a lost unit costs) these count where they are not NaN; elsewhere
    those of ``assumptions``.
    Each forecast starts with its own mean demand of a lead time under way; levels are those it gave at the cut-off. Raises
    :class:`ConfigError` without the moving average and :class:`NotEnoughData` where no series is known throughout.
    """
    if BASELINE not in forecasts:
        raise ConfigError(f"there is no forecast {BASELINE!r} to compare with; there are {', '.join(forecasts) or 'none'}")
    known = _known(actual, forecasts)
    places, items = (tuple(sorted(known[name].unique())) for name in SERIES)
    demand = _cube(known, "actual", places, items, calendar.horizon)
    value, in_money = _values(known, unit_cost, places, items)
    terms = _terms(assumptions, calendar, value, _given(unit_cost, places, items) if unit_cost is not None else None, in_money)
    laws = {name: marginals_of(_part(frame, known), locations=places, items=items) for name, frame in forecasts.items()}
    held = {name: _ordered_by(law, demand, terms, calendar, dependence, seed) for name, law in laws.items()}
    there = demand.any(axis=(2, 3)) | np.any([law.base.any(axis=(2, 3)) for law in laws.values()], axis=0)
    rows = [_row(name, held[name], held[BASELINE], demand, there) for name in held]
    return (
        pd.DataFrame(rows)
        .assign(series=len(known[SERIES].drop_duplicates()), in_money=in_money)
        .sort_values("cost", ignore_index=True)
    )


def _known(actual: pd.DataFrame, forecasts: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """The rows of series that every forecast has and of which every period is known."""
    rows = actual.astype(dict.fromkeys(SERIES, str))
    keys = pd.MultiIndex.from_frame(rows[SERIES])
    good = keys.isin(keys[rows["actual"].notna()].difference(keys[rows["actual"].isna()]))
    for frame in forecasts.values():
        good &= keys.isin(pd.MultiIndex.from_frame(frame[SERIES].astype(str)))
    if not good.any():
        raise NotEnoughData("no series of the past window has a sale known in every period and a forecast of every kind")
    return rows[good].sort_values(KEYS, ignore_index=True)


def _part(frame: pd.DataFrame, known: pd.DataFrame) -> pd.DataFrame:
    keys = pd.MultiIndex.from_frame(known[KEYS])
    rows = frame.astype(dict.fromkeys(SERIES, str))
    return rows[pd.MultiIndex.from_frame(rows[KEYS]).isin(keys)]


def _cube(known: pd.DataFrame, name: str, places: tuple[str, ...], items: tuple[str, ...], horizon: int) -> Floats:
    """[location, item, period, 1]"""
    out = np.zeros((len(places), len(items), horizon, 1))
    period = np.searchsorted(np.unique(known["date"]), known["date"])
    place, item = (
        pd.Index(places).get_indexer(pd.Index(known["location_id"])),
        pd.Index(items).get_indexer(pd.Index(known["item_id"])),
    )
    out[place, item, period, 0] = known[name]
    return out


def _values(
    known: pd.DataFrame, unit_cost: pd.DataFrame | None, places: tuple[str, ...], items: tuple[str, ...]
) -> tuple[Floats, bool]:
    """What a unit costs, [location, item], and whether it is known everywhere; 1 if not."""
    shape = (len(places), len(items))
    if unit_cost is None:
        return np.ones(shape), False
    costs = unit_cost.astype(dict.fromkeys(SERIES, str)).drop_duplicates(SERIES).set_index(SERIES)["unit_cost"]
    found = costs.reindex(pd.MultiIndex.from_product([places, items])).to_numpy(float).reshape(shape)
    needed = pd.MultiIndex.from_frame(known[SERIES].drop_duplicates())
    complete = bool(costs.reindex(needed).notna().all())
    return (np.nan_to_num(found), True) if complete else (np.ones(shape), False)


def _given(unit_cost: pd.DataFrame, places: tuple[str, ...], items: tuple[str, ...]) -> dict[str, Floats]:
    """``lead_time_days`` and ``lost``, [location, item]; NaN: not known."""
    rows = unit_cost.astype(dict.fromkeys(SERIES, str)).drop_duplicates(SERIES).set_index(SERIES)
    shape, every = (len(places), len(items)), pd.MultiIndex.from_product([places, items])
    return {
        name: (rows[name].reindex(every).to_numpy(float) if name in rows else np.full(len(every), np.nan)).reshape(shape)
        for name in ("lead_time_days", "lost")
    }


def _terms(
    assumptions: Assumptions, calendar: Calendar, value: Floats, given: dict[str, Floats] | None, in_money: bool
) -> Terms:
    days, lost = (given or {}).get("lead_time_days", np.full(value.shape, np.nan)), assumptions.shortage_cost * value
    lead = np.ceil(np.where(np.isnan(days), assumptions.lead_time_days, days) / calendar.days).astype(np.int64)
    if given is not None and in_money:
        lost = np.where(np.isnan(given["lost"]), lost, given["lost"])
    return Terms(lead, assumptions.holding_cost * value, lost, assumptions.review_periods)


def _ordered_by(law: Marginals, demand: Floats, terms: Terms, calendar: Calendar, dependence: Dependence, seed: int) -> Held:
    horizon = demand.shape[2]
    ahead = law.through(horizon + int(terms.span.max()) + 1, calendar.season)
    ordered = protected(sample(ahead, dependence, seed=seed, replications=range(REPLICATIONS)), terms, 0, horizon)
    critical = np.divide(
        terms.shortage, terms.shortage + terms.holding, out=np.full(demand.shape[:2], 0.5), where=terms.shortage > 0
    )
    return hold(level_at(ordered, critical), demand, terms, law.mean)


def _row(name: str, held: Held, average: Held, demand: Floats, there: Floats) -> dict[str, object]:
    cost, usual = held.cost[there], average.cost[there]
    lost, asked = float(held.short[there].sum()), float(demand.sum() / demand.shape[2])
    saved = float(usual.sum() - cost.sum())
    return {
        "forecast": name,
        "cost": float(cost.sum()),
        "stock": float(held.on_hand[there].sum()),
        "lost": lost,
        "fill_rate": 1 - lost / asked if asked > 0 else np.nan,
        "saved": saved,
        "saved_share": saved / float(usual.sum()) if usual.sum() > 0 else np.nan,
        "better": int((cost < usual).sum()),
        "worse": int((cost > usual).sum()),
    }
