"""What a simulation starts from: the network with its levels, how its sites order, and the demand that they meet."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents.acting import acting
from decai_forecast.simulation.agents.fit import Choice
from decai_forecast.simulation.ahead import periods_beyond
from decai_forecast.simulation.demand import Dependence, marginals_of, sample
from decai_forecast.simulation.engine.drive import SETTLING, Policy, Progress, Swept, sweep
from decai_forecast.simulation.engine.frame import Hit, Samples
from decai_forecast.simulation.network.build import bare, levelled, with_each
from decai_forecast.simulation.network.fill import stock_of
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.stages import Group
from decai_forecast.simulation.network.supply import SupplyNetwork
from decai_forecast.simulation.planned import Planner, marginals_at
from decai_forecast.simulation.shocks.scenario import Scenario

__all__ = ["Setting", "setting"]


@dataclass(frozen=True)
class Setting:
    """``network``: with the levels that its sites order up to today. ``stocked``: pairs of place and item whose opening stock
    was delivered. ``planner``: knows the law of demand and sets levels by it. ``scenarios``: what may happen. ``bare``:
    the network without levels."""

    network: SupplyNetwork
    planner: Planner
    policy: Policy
    stocked: frozenset[tuple[str, str]]
    bare: SupplyNetwork
    scenarios: tuple[Scenario, ...] = ()
    behaviour: Choice | None = None

    def times(self, factors: Sequence[Floats], levels: Sequence[Floats]) -> Setting:
        """The same where sites order up to so many times their ``levels``; both per group, [node, item] and [node, item,
        period]. Stock and goods under way that nobody counted follow."""
        network = with_each(self.bare, [level * many[:, :, None] for level, many in zip(levels, factors, strict=True)])
        return _acted(replace(self, network=network), factors)

    def swept(self, hits: Sequence[Sequence[Hit]], *, periods: int | None = None, progress: Progress | None = None) -> Swept:
        """The base run and a run per scenario, over the horizon or so many ``periods``; the same demand up to the shorter."""
        until, planner = periods or self.planner.horizon, self.planner

        def draw(group: Group, items: Ints, replications: range) -> Samples:
            law = marginals_at(planner.law, group, items).through(until, planner.season)
            return sample(law, planner.dependence, seed=planner.seed, replications=replications)

        return sweep(
            self.network.groups, draw, hits, planner.replications,
            periods=until, seed=planner.seed, policy=self.policy, before=self.before, progress=progress,
        )  # fmt: skip

    def before(self, group: Group, items: Ints, replications: range) -> Samples:
        """Demand of the periods in which unknown stock settles: like that of the first cycle, with draws of its own."""
        assert group.stages.settling is not None
        periods = np.arange(-int(group.stages.settling.periods[items[0]]), 0) % group.stages.settling.cycle
        law = marginals_at(self.planner.law, group, items)
        early = replace(law, base=law.base[:, :, periods], rise=law.rise[:, :, periods])
        return sample(early, self.planner.dependence, seed=self.planner.seed + SETTLING, replications=replications)


def setting(
    forecast: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    *,
    seed: int,
    replications: int,
    dependence: Dependence,
    lots: pd.DataFrame | None = None,
    section: Mapping[str, pd.DataFrame] | None = None,
    behaviour: Choice | None = None,
    scenarios: Callable[[SupplyNetwork], Sequence[Scenario]] | None = None,
) -> Setting:
    """Arguments as :func:`simulate` takes them; ``scenarios`` of the network, whose levels are not yet set."""
    law = marginals_of(forecast, lots)
    critical = assumptions.shortage_cost / (assumptions.shortage_cost + assumptions.holding_cost)
    planner = Planner(law, dependence, critical, calendar.horizon, calendar.season, seed, replications)
    found = bare(forecast, data_sets, assumptions, calendar, section=section)
    asked = tuple(scenarios(found)) if scenarios else ()
    found = replace(found, beyond=periods_beyond(found, asked))
    network = levelled(found, replace(planner, horizon=found.periods))
    stocked = frozenset(stock_of(data_sets.get("stock"), calendar, network.start))
    return _acted(Setting(network, planner, Policy(backorder=False), stocked, found, asked, behaviour))


def _acted(plain: Setting, factors: Sequence[Floats] | None = None) -> Setting:
    """Where sites order as their records show; fitted levels, too, times the ``factors``."""
    if plain.behaviour is None:
        return plain
    acted = [acting(plain.behaviour, group) for group in plain.network.groups]
    groups = [group for group, _ in acted]
    if factors is not None:
        groups = [_scaled(group, many) if how is not None else group for (group, how), many in zip(acted, factors, strict=True)]
    policy = Policy(backorder=False, behaviours=[how for _, how in acted])
    return replace(plain, network=replace(plain.network, groups=tuple(groups)), policy=policy)


def _scaled(group: Group, factor: Floats) -> Group:
    sells = np.isin(np.arange(len(group.graph.nodes)), group.graph.demand)
    many = np.where(sells[:, None], factor, 1.0)[:, :, None]
    return replace(group, stages=replace(group.stages, level=group.stages.level * many))
