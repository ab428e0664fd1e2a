"""A partner's simulation: its network on its forecast, every place down in turn; or a what-if of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from decai_forecast.network import FILE
from decai_forecast.partner.check import accepted_frame, clean_key, required_step
from decai_forecast.partner.context import SEED, PartnerContext
from decai_forecast.partner.own_past import calibrated_by_past, ordering_of
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.simulation import Simulation
    from decai_forecast.simulation.network.supply import SupplyNetwork
    from decai_forecast.simulation.shocks import Scenario

__all__ = ["DATA_SETS", "simulate", "simulated"]

FORMAT = "simulation 5"  # of the step: a night simulated in another way is simulated again
DATA_SETS = ("items", "stock", "receipts", "open_orders", "locations", "lanes", "bill_of_materials", "prices")
SERIES = ["location_id", "item_id"]


def simulate(company: PartnerContext, round: Round) -> Done:
    """Simulates the partner's network over the horizon: as it is, and with every supplier and site down in turn."""
    combined, checked = required_step(company, round.id, "combine"), required_step(company, round.id, "check")
    inputs = [FORMAT, combined.inputs, checked.inputs, asdict(company.assumptions), _stated(company)]

    def work(writer: Writer) -> Mapping[str, Any]:
        found = simulated(company, round)
        writer.json("simulation.json", found.to_json())
        exposure = f"{found.worst_node} {found.fill_rate:.0%} → {found.worst['network_fill_rate']:.0%}"
        delivered = {f"{name}_delivered": bool(clean_key(checked, name)) for name in ("stock", "items")}
        return {"exposure": exposure} | delivered

    return run_step(company.store, round.id, "simulate", inputs, work)


def simulated(
    company: PartnerContext,
    round: Round,
    scenario: Callable[[SupplyNetwork], Scenario] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Simulation:
    """The simulation of a night's forecast; with a ``scenario``, of that instead of the sweep over all places."""
    import pandas as pd

    from decai_forecast.simulation import simulate as run

    trained, checked, combined = (required_step(company, round.id, step) for step in ("train", "check", "combine"))
    data_sets = {name: accepted_frame(company, checked, name) for name in DATA_SETS}
    table = trained.frame(company.store, "table.parquet")
    options = _options(company, round, combined, table, data_sets)
    forecast = combined.frame(company.store, "forecast.parquet")
    found = run(forecast, data_sets, company.assumptions, company.calendar, **options, scenario=scenario, progress=progress)
    found = calibrated_by_past(company, combined, found, table, data_sets, company.calendar.floor(round.as_of), options)
    money = pd.DataFrame(combined.facts["money"])
    return replace(found, money=money[["forecast", "cost"]]) if len(money) else found


def _options(
    company: PartnerContext, round: Round, combined: Done, table: pd.DataFrame, data_sets: Mapping[str, pd.DataFrame | None]
) -> dict[str, Any]:
    """What the simulation of tonight and those of past cut-offs have in common."""
    from decai_forecast.simulation import REPLICATIONS
    from decai_forecast.simulation.demand import Dependence
    from decai_forecast.simulation.network.section import read_section

    path = company.base / FILE
    return {
        "seed": SEED,
        "replications": REPLICATIONS,
        "dependence": Dependence(**combined.facts["dependence"]),
        "lots": _lots(company, round),
        "section": read_section(path, company.partner) if path.exists() else {},
        "behaviour": ordering_of(company, table, data_sets),
    }


def _lots(company: PartnerContext, round: Round) -> pd.DataFrame:
    """location_id, item_id, lot of the series that are forecast from their own history."""
    trained = required_step(company, round.id, "train")
    future = trained.frame(company.store, f"future-{company.calendar.floor(round.as_of)}.parquet")
    return future[[*SERIES, "lot"]].drop_duplicates(SERIES, ignore_index=True)


def _stated(company: PartnerContext) -> str:
    """What the participant states of its network in ``network.yaml``, as far as a step depends on it."""
    import yaml

    path = company.base / FILE
    raw = yaml.safe_load(path.read_text()) if path.exists() else {}
    return str((raw.get("supply") or {}).get(company.partner, ""))
