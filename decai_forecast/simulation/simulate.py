"""Simulating a partner's network over the forecast horizon: as it is, with each place down in turn, or in a what-if."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from decai_forecast.columns import KEYS, SERIES
from decai_forecast.errors import ConfigError
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents.fit import BASE_STOCK, Choice
from decai_forecast.simulation.best_response import best_response
from decai_forecast.simulation.corrected import Corrected, corrected
from decai_forecast.simulation.demand import INDEPENDENT, Dependence
from decai_forecast.simulation.demand.dependence import LEAST_ROWS
from decai_forecast.simulation.engine.drive import Progress
from decai_forecast.simulation.measures import served
from decai_forecast.simulation.network.graph import Bools, Floats
from decai_forecast.simulation.network.reach import supplier_shares
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import SITE, Assumption, SupplyNetwork
from decai_forecast.simulation.planned import Planner
from decai_forecast.simulation.proposed import Goal, Today, outages_of, proposed_targets
from decai_forecast.simulation.result import Simulation
from decai_forecast.simulation.setting import Setting, setting
from decai_forecast.simulation.shocks import Scenario, compile_scenario, standard_sweep, told
from decai_forecast.simulation.tables import (
    Run,
    bullwhip_table,
    exposure_table,
    ripple_table,
    series_table,
    service_table,
    supply_path,
)
from decai_forecast.simulation.usual import usual_of

__all__ = ["REPLICATIONS", "simulate"]

REPLICATIONS = 200  # standard error of a stock-out probability of 5 %: 1.5 points
PATHS = 50  # series whose projected days of supply are told: those that lose most


def simulate(
    forecast: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    seed: int,
    replications: int = REPLICATIONS,
    dependence: Dependence = INDEPENDENT,
    lots: pd.DataFrame | None = None,
    section: Mapping[str, pd.DataFrame] | None = None,
    behaviour: Choice | None = None,
    scenario: Callable[[SupplyNetwork], Scenario] | None = None,
    goal: Goal | None = None,
    likely: pd.DataFrame | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Simulates the horizon ``replications`` times; the same for equal arguments, in whatever order the rows come.

    ``forecast``: location_id, item_id, date, mean, q05 .. q99 (horizon rows per series, units). ``data_sets``, ``section``: as
    :func:`build` takes them; what is missing is taken from ``assumptions``. ``dependence``: how demand moves together beyond
    what the forecast foresees. ``lots``: location_id, item_id, lot (units). ``behaviour``: how sites that sell order, as fitted
    to their own records; None: base stock. ``scenario``: a what-if instead of the sweep over all places. ``goal`` of the stock
    targets: the least cost where it is None. ``likely``: location_id, item_id, p: how likely stock-outs
    are as the past teaches; levels are then such that the simulation says it, too (:func:`corrected`).

    Raises :class:`NotEnoughData` without any series, :class:`ConfigError` naming the first row that is wrong.
    """
    now = setting(
        forecast, data_sets, assumptions, calendar, seed=seed, replications=replications, dependence=dependence, lots=lots,
        section=section, behaviour=behaviour, scenarios=_swept if scenario is None else lambda bare: (scenario(bare),),
    )  # fmt: skip
    taught = None if likely is None else corrected(now, likely)
    now = now if taught is None else taught.setting
    run = replace(_run(now, forecast, progress), asked_for=scenario is not None)
    network, scenarios = now.network, now.scenarios
    orders, counts = data_sets.get("open_orders") is not None, usual_of(data_sets.get("stock"), calendar, network.start)
    today = Today(run.stocked, orders, counts, outages_of(network, assumptions.supplier_outages_per_year))
    targets = proposed_targets(network, now.planner, goal or Goal(), today)
    stated = (*_ahead(network), *_stated(now.planner, assumptions, calendar, replications, behaviour), *targets[1])
    found = _result(run, now.planner, targets[0], assumptions, stated, name="" if scenario is None else scenarios[0].name)
    return found if taught is None else _taught(found, taught)


def _taught(found: Simulation, by: Corrected) -> Simulation:
    """With what was simulated by the policy's own levels, and with how many levels the past has changed."""
    before = found.series[SERIES].merge(by.before, on=SERIES, how="left")["simulated"]
    text = (
        f"{by.series} pairs of place and item hold such levels that shelves are empty as often as your own past teaches; of "
        f"{by.moved} these are more than a tenth higher or lower than the policy's"
    )
    series = found.series.assign(p_stockout_simulated=before.to_numpy(float))
    return replace(found, series=series, assumptions=(*found.assumptions, Assumption("Levels today", text, False)))


def _run(now: Setting, forecast: pd.DataFrame, progress: Progress | None) -> Run:
    """What happens over the horizon as things stand, and as far ahead as outages reach with and without each of them."""
    network = now.network
    hits = [compile_scenario(one, network) for one in now.scenarios]
    found = now.swept(hits, periods=network.periods, progress=progress)
    base = now.swept([]).base if network.beyond else found.base
    last = max(pd.Timestamp(day) for day in forecast["date"].unique()).date()
    dates = [pd.Timestamp(network.calendar.add(last, k - network.calendar.horizon + 1)) for k in range(network.periods)]
    return Run(network, now.scenarios, hits, found, base, _median(forecast), now.stocked, dates, now.planner.replications)


def _swept(network: SupplyNetwork) -> Sequence[Scenario]:
    found = standard_sweep(network)
    if not found:
        raise ConfigError(
            "every supplier and site recovers in 0 days, so that there is no outage to simulate; set supplier_outage_days in "
            "network.yaml, or recovery_days of a supplier or site, above 0"
        )
    return found


def _median(forecast: pd.DataFrame) -> Mapping[tuple[str, str], Floats]:
    ordered = forecast.astype(dict.fromkeys(SERIES, str)).sort_values(KEYS)
    return {(str(p), str(i)): rows.to_numpy(float) for (p, i), rows in ordered.groupby(SERIES)["q50"]}


def _result(
    run: Run, planner: Planner, targets: pd.DataFrame, assumptions: Assumptions, stated: Sequence[Assumption], *, name: str
) -> Simulation:
    network, calendar = run.network, run.network.calendar
    series = series_table(run, tuple(planner.protected_mean(group) for group in network.groups))
    exposure = exposure_table(run, None if name else best_response(network))
    worst = exposure[_reaching(network, exposure)].iloc[0]
    losing = series.sort_values(["expected_lost_units", *SERIES], ascending=[False, True, True]).head(PATHS)
    items, _, shares = supplier_shares(network)
    volume = series.groupby("item_id")["demand"].sum().reindex(items).fillna(0.0).to_numpy(float)
    return Simulation(
        series=series,
        exposure=exposure.drop(columns="scenario"),
        service=service_table(run, int(worst["scenario"])),
        worst_node=str(worst["node"]),
        hhi=_hhi(shares, volume),
        fill_rate=float(served(run.demand.sum(), run.demand.sum() - run.served.sum())),
        service_target=planner.critical,
        lost_units=float((run.demand - run.served).sum() / run.replications),
        outage_periods=int(np.ceil(float(worst["node_ttr_days"]) / calendar.days)),
        horizon=calendar.horizon,
        period_days=calendar.days,
        replications=run.replications,
        seed=planner.seed,
        ripple=ripple_table(run),
        bullwhip=bullwhip_table(run),
        targets=targets,
        dos_path=supply_path(run, frozenset(losing[SERIES].itertuples(index=False, name=None))),
        assumptions=(*network.assumptions, *stated),
        currency=assumptions.currency if network.money else "",
        scenario=name,
        case=told(run.scenarios[int(worst["scenario"])], network),
        periods=network.periods,
        ahead_fill_rate=float(served(run.asked.sum(), run.asked.sum() - run.met.sum())),
    )


def _reaching(network: SupplyNetwork, exposure: pd.DataFrame) -> Bools:
    """[row]: outages that others feel. That a shop which is closed sells nothing needs no simulation; where nothing else is
    known, all rows count."""
    lanes = {lane for group in network.groups for lane in _lanes(group)}
    feeding = {origin for origin, to in lanes if origin != to}
    found = ((exposure["kind"] != SITE) | exposure["node"].isin(feeding)).to_numpy(bool)
    return found if found.any() else np.ones(len(found), dtype=bool)


def _lanes(group: Group) -> list[tuple[str, str]]:
    """From which place to which; what is made of parts goes from a place to itself."""
    names = group.graph.places or group.graph.nodes
    return [(names[a], names[b]) for a, b in zip(group.graph.parent, group.graph.child, strict=True)]


def _hhi(shares: Floats, volume: Floats) -> float:
    """Of the suppliers' shares of all volume: how concentrated the company is, not its single items."""
    total = volume.sum()
    return float(np.square((shares * volume[:, None]).sum(axis=0) / total).sum()) if total > 0 else float("nan")


def _ahead(network: SupplyNetwork) -> list[Assumption]:
    """What is simulated beyond the forecast, and by which demand."""
    if not network.beyond:
        return []
    calendar, season = network.calendar, min(network.calendar.season, network.calendar.horizon)
    text = (
        f"outages are followed for {_count(network.periods, calendar)}, until they have been got over; after the "
        f"{_count(calendar.horizon, calendar)} of the forecast its last {_count(season, calendar)} repeat"
    )
    return [Assumption("Beyond the forecast", text, True)]


def _stated(
    planner: Planner, given: Assumptions, calendar: Calendar, replications: int, behaviour: Choice | None
) -> list[Assumption]:
    """What the simulation itself takes for granted."""
    moves = planner.dependence
    learned = moves.rows >= LEAST_ROWS
    return [
        _policy(planner, behaviour),
        Assumption("Review", f"orders are placed {_every(given.review_periods, calendar)}", True),
        Assumption("Unserved demand", "is lost, not served later", True),
        Assumption("Demand", f"{_together(moves, learned=learned)}; {replications} replications", not learned),
    ]  # fmt: skip


def _together(moves: Dependence, *, learned: bool) -> str:
    if moves == INDEPENDENT:
        return "its periods and items are independent around the forecast"
    periods = f"its periods move together with correlation {moves.periods:.2f}"
    if not learned:
        return f"{periods}, as at other companies, since there are too few past forecasts to learn from"
    return (
        f"{periods}, sites of an item share {moves.item:.0%} and the company {moves.company:.0%} of the surprise, as in "
        f"{moves.rows:,} past forecasts"
    )


def _policy(planner: Planner, behaviour: Choice | None) -> Assumption:
    usual = (
        f"every site orders up to the level that covers {planner.critical:.0%} of the demand until the order arrives; an order "
        "sees the demand of its period"
    )
    if behaviour is None or behaviour.fit.name == BASE_STOCK:
        why = f" ({behaviour.reason})" if behaviour is not None and behaviour.tried else ""
        return Assumption("Policy", f"{usual}{why}", True)
    text = f"sites that sell order by {behaviour.fit.name}, as your own records of {behaviour.orders:,} orders show"
    return Assumption("Policy", f"{text} ({behaviour.reason}); proposed levels are held as base stock", False)


def _every(periods: int, calendar: Calendar) -> str:
    return f"every {_count(1, calendar).removeprefix('1 ')}" if periods == 1 else f"every {_count(periods, calendar)}"


def _count(periods: int, calendar: Calendar) -> str:
    return f"{periods} {calendar.noun}{'' if periods == 1 else 's'}"
