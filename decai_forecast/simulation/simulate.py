"""Simulating a partner's network over the forecast horizon: as it is, with each place down in turn, or in a what-if."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from decai_forecast.errors import ConfigError
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.demand import INDEPENDENT, Dependence, Marginals, marginals_of, sample
from decai_forecast.simulation.engine.drive import Policy, Progress, sweep
from decai_forecast.simulation.engine.frame import Samples
from decai_forecast.simulation.lp import best_response
from decai_forecast.simulation.measures import served
from decai_forecast.simulation.network.build import build
from decai_forecast.simulation.network.fill import stock_of
from decai_forecast.simulation.network.graph import Bools, Floats, Ints
from decai_forecast.simulation.network.reach import supplier_shares
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import SITE, Assumption, SupplyNetwork
from decai_forecast.simulation.planned import Planner, marginals_at
from decai_forecast.simulation.proposed import Goal, proposed_targets
from decai_forecast.simulation.result import Simulation
from decai_forecast.simulation.shocks import Scenario, compile_scenario, standard_sweep
from decai_forecast.simulation.tables import (
    Run,
    bullwhip_table,
    exposure_table,
    ripple_table,
    series_table,
    service_table,
    supply_path,
)

__all__ = ["REPLICATIONS", "simulate"]

REPLICATIONS = 200  # standard error of a stock-out probability of 5 %: 1.5 points
PATHS = 50  # series whose projected days of supply are told: those that lose most
SERIES = ["location_id", "item_id"]


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
    scenario: Callable[[SupplyNetwork], Scenario] | None = None,
    goal: Goal | None = None,
    progress: Progress | None = None,
) -> Simulation:
    """Simulates the horizon ``replications`` times; the same for equal arguments, in whatever order the rows come.

    ``forecast``: location_id, item_id, date, mean, q05 .. q99 (horizon rows per series, units). ``data_sets``, ``section``: as
    :func:`build` takes them; what is missing is taken from ``assumptions``. ``dependence``: how demand moves together beyond
    what the forecast foresees. ``lots``: location_id, item_id, lot (units). ``scenario``: a what-if instead of the sweep over
    all places. ``goal`` of the stock targets: the least cost where it is None.

    Raises :class:`NotEnoughData` without any series, :class:`ConfigError` naming the first row that is wrong.
    """
    law = marginals_of(forecast, lots)
    critical = assumptions.shortage_cost / (assumptions.shortage_cost + assumptions.holding_cost)
    planner = Planner(law, dependence, critical, calendar.horizon, calendar.season, seed, replications)
    network = build(forecast, data_sets, assumptions, calendar, levels=planner, section=section)
    scenarios = _swept(network) if scenario is None else (scenario(network),)
    hits = [compile_scenario(one, network) for one in scenarios]
    rules = Policy(backorder=False)
    found = sweep(
        network.groups, _drawing(law, dependence, seed), hits, replications,
        periods=calendar.horizon, seed=seed, policy=rules, progress=progress,
    )  # fmt: skip
    dates = sorted(pd.Timestamp(day) for day in forecast["date"].unique())
    run = Run(
        network, scenarios, hits, found, _median(forecast), frozenset(stock_of(data_sets.get("stock"))), dates, replications
    )
    targets = proposed_targets(network, planner, goal or Goal(), known=run.stocked)
    return _result(run, planner, targets, assumptions, name="" if scenario is None else scenarios[0].name)


def _swept(network: SupplyNetwork) -> Sequence[Scenario]:
    found = standard_sweep(network)
    if not found:
        raise ConfigError(
            "every supplier and site recovers in 0 days, so that there is no outage to simulate; set supplier_outage_days in "
            "network.yaml, or recovery_days of a supplier or site, above 0"
        )
    return found


def _drawing(law: Marginals, dependence: Dependence, seed: int) -> Callable[[Group, Ints, range], Samples]:
    """What happens: samples of the demand nodes of a group."""

    def draw(group: Group, items: Ints, replications: range) -> Samples:
        return sample(marginals_at(law, group, items), dependence, seed=seed, replications=replications)

    return draw


def _median(forecast: pd.DataFrame) -> Mapping[tuple[str, str], Floats]:
    ordered = forecast.astype(dict.fromkeys(SERIES, str)).sort_values([*SERIES, "date"])
    return {(str(p), str(i)): rows.to_numpy(float) for (p, i), rows in ordered.groupby(SERIES)["q50"]}


def _result(
    run: Run, planner: Planner, targets: tuple[pd.DataFrame, Sequence[Assumption]], assumptions: Assumptions, *, name: str
) -> Simulation:
    network, calendar = run.network, run.network.calendar
    series = series_table(run, tuple(planner.protected_mean(group) for group in network.groups))
    exposure = exposure_table(run, None if name else best_response(network))
    worst = exposure[_reaching(network, exposure)].iloc[0]
    losing = series.sort_values(["expected_lost_units", *SERIES], ascending=[False, True, True]).head(PATHS)
    items, _, shares = supplier_shares(network)
    volume = series.groupby("item_id")["demand"].sum().reindex(items).fillna(0.0).to_numpy(float)
    table, stated = targets
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
        targets=table,
        dos_path=supply_path(run, frozenset(losing[SERIES].itertuples(index=False, name=None))),
        assumptions=(*network.assumptions, *_stated(planner, assumptions, run.replications), *stated),
        currency=assumptions.currency if network.money else "",
        scenario=name,
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


def _stated(planner: Planner, given: Assumptions, replications: int) -> list[Assumption]:
    """What the simulation itself takes for granted."""
    moves = planner.dependence
    together = (
        f"its periods move together with correlation {moves.periods:.2f}, sites of an item share {moves.item:.0%} and the "
        f"company {moves.company:.0%} of the surprise, as in {moves.rows:,} past forecasts"
        if moves.rows
        else "its periods and items are independent around the forecast, since there are too few past forecasts to learn from"
    )
    return [
        Assumption("Policy", f"every site orders up to the level that covers {planner.critical:.0%} of the demand until the "
                   "order arrives; an order sees the demand of its period", True),
        Assumption("Review", f"every {given.review_periods} periods", True),
        Assumption("Unserved demand", "is lost, not served later", True),
        Assumption("Demand", f"{together}; {replications} replications", not moves.rows),
    ]  # fmt: skip
