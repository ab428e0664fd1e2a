"""A company's simulation: its network on its forecast, every place down in turn; or a what-if of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING

from decai_forecast.columns import SERIES
from decai_forecast.network import FILE, SEED, Assumptions
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import CHECK, COMBINE, SIMULATE, TRAIN, CombineFacts, SimulateFacts, TrainFacts
from decai_forecast.partner.finished import accepted_frame, clean_file, required_step
from decai_forecast.partner.own_past import Conditions, ordering_of, saved_in_the_past, taught_by_past
from decai_forecast.partner.prices import prices_of
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.simulation import Simulation
    from decai_forecast.simulation.network.supply import SupplyNetwork
    from decai_forecast.simulation.shocks import Scenario

__all__ = ["DATA_SETS", "Tonight", "simulate", "simulated", "tonight"]

DATA_SETS = ("items", "stock", "receipts", "open_orders", "locations", "lanes", "bill_of_materials", "prices")


def simulate(company: PartnerContext, round: Round) -> Done[SimulateFacts]:
    """Simulates the company's network over the horizon: as it is, and with every supplier and site down in turn.

    Writes ``simulation.json``, and ``lead_time.parquet``: the demand of each site and item over what an order protects.
    """
    combined, checked = required_step(company, round.id, COMBINE), required_step(company, round.id, CHECK)
    inputs = [combined.inputs, checked.inputs, asdict(company.assumptions), company.supply and asdict(company.supply)]

    def work(writer: Writer) -> SimulateFacts:
        simulation = simulated(company, round)
        writer.json("simulation.json", simulation.to_json())
        writer.frame("lead_time.parquet", _lead_time(company, round, simulation))
        served, left = simulation.fill_rate, simulation.worst["network_fill_rate"]
        stock, items = (bool(clean_file(checked, name)) for name in ("stock", "items"))
        return SimulateFacts(f"{simulation.worst_node} {served:.0%} → {left:.0%}", stock, items)

    return run_step(company.store, round.id, SIMULATE, inputs, work)


def simulated(
    company: PartnerContext,
    round: Round,
    scenario: Callable[[SupplyNetwork], Scenario] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """The simulation of a round's forecast; with a ``scenario``, of that instead of the sweep over all places."""
    import pandas as pd

    from decai_forecast.simulation import simulate as run
    from decai_forecast.simulation.past import calibrated

    now = tonight(company, round)
    learned, likely = taught_by_past(now.combined, now.table, *now.given, now.conditions)
    options = now.conditions.options() | {"likely": likely, "scenario": scenario, "progress": progress}
    simulation = calibrated(run(now.forecast, *now.given, **options), learned, likely)
    costs = pd.DataFrame([{"forecast": one.forecast, "cost": one.cost} for one in now.combined.facts.costs])
    if scenario is None:
        past = saved_in_the_past(now.combined, now.table, *now.given, now.conditions)
        simulation = replace(simulation, held_out=past)
    return replace(simulation, money=costs) if len(costs) else simulation


@dataclass(frozen=True)
class Tonight:
    """All that a company's simulation of a round starts from; ``given``: data sets, assumptions and calendar."""

    combined: Done[CombineFacts]
    table: pd.DataFrame
    forecast: pd.DataFrame
    given: tuple[Mapping[str, pd.DataFrame | None], Assumptions, Calendar]
    conditions: Conditions


def tonight(company: PartnerContext, round: Round) -> Tonight:
    """Of a round whose forecast is made."""
    trained, checked = required_step(company, round.id, TRAIN), required_step(company, round.id, CHECK)
    combined = required_step(company, round.id, COMBINE)
    data_sets = {name: accepted_frame(checked, name) for name in DATA_SETS}
    table, forecast = trained.frame("table.parquet"), combined.frame("forecast.parquet")
    conditions = _conditions(company, trained, combined, table, data_sets)
    data_sets["prices"] = prices_of(data_sets["prices"], table)
    return Tonight(combined, table, forecast, (data_sets, company.assumptions, company.calendar), conditions)


def _conditions(
    company: PartnerContext,
    trained: Done[TrainFacts],
    combined: Done[CombineFacts],
    table: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
) -> Conditions:
    from decai_forecast.simulation import REPLICATIONS
    from decai_forecast.simulation.network.section import read_section

    section = read_section(company.base / FILE, company.partner) if company.supply else {}
    behaviour = ordering_of(table, data_sets, company.calendar)
    return Conditions(SEED, REPLICATIONS, combined.facts.dependence, _lots(trained), section, behaviour)


def _lead_time(company: PartnerContext, round: Round, simulation: Simulation) -> pd.DataFrame:
    """Mean and quantiles of the demand that an order of the first period protects, drawn as the simulation's demand is."""
    from decai_forecast.simulation.demand import marginals_of, sums_of

    trained, combined = required_step(company, round.id, TRAIN), required_step(company, round.id, COMBINE)
    rows = simulation.targets
    spans = rows[SERIES].assign(periods=rows["review"].astype(int) + rows["lead"].astype(int) - 1)
    law = marginals_of(combined.frame("forecast.parquet"), _lots(trained))
    return sums_of(law, spans, combined.facts.dependence, season=company.calendar.season, seed=SEED)


def _lots(trained: Done[TrainFacts]) -> pd.DataFrame:
    """location_id, item_id, lot of the series that are forecast from their own history."""
    future = trained.frame(f"future-{max(trained.facts.cutoffs)}.parquet")
    return future[[*SERIES, "lot"]].drop_duplicates(SERIES, ignore_index=True)
