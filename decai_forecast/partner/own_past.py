"""What a company's own records teach its simulation: how it orders, and how often its shelves were in truth found empty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from decai_forecast.network import Assumptions
from decai_forecast.partner.facts import CombineFacts
from decai_forecast.periods import Calendar
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.simulation.agents.fit import Choice
    from decai_forecast.simulation.agents.panic import Panic
    from decai_forecast.simulation.calibrated import Calibration
    from decai_forecast.simulation.demand import Dependence
    from decai_forecast.simulation.past import Past

__all__ = ["Conditions", "carriers_of", "ordering_of", "panic_of", "saved_in_the_past", "taught_by_past"]


@dataclass(frozen=True)
class Conditions:
    """What the simulation of this round and those of past cut-offs have in common. ``lots``: location_id, item_id, lot (units);
    ``section``: what the company states of its supply network; ``behaviour``: how its sites order."""

    seed: int
    replications: int
    dependence: Dependence
    lots: pd.DataFrame
    section: Mapping[str, pd.DataFrame]
    behaviour: Choice

    def options(self) -> dict[str, Any]:
        """As :func:`decai_forecast.simulation.simulate` takes them."""
        return {field.name: getattr(self, field.name) for field in fields(self)}


def ordering_of(table: pd.DataFrame, data_sets: Mapping[str, pd.DataFrame | None], calendar: Calendar) -> Choice:
    """The ordering behaviour that the company's records show; base stock where they show no other clearly."""
    from decai_forecast.simulation.agents.fit import choose
    from decai_forecast.simulation.agents.records import records_of

    stock, receipts, open_orders = (data_sets.get(name) for name in ("stock", "receipts", "open_orders"))
    return choose(records_of(table, stock, receipts, open_orders, calendar))


def panic_of(table: pd.DataFrame, calendar: Calendar) -> Panic:
    """How customers react to an empty shelf: what they ask for after a period in which it turned them away."""
    import numpy as np

    from decai_forecast.demand import unconstrain
    from decai_forecast.demand.panel import to_panel
    from decai_forecast.simulation.agents.panic import fit_panic

    told = unconstrain(table, calendar)
    missed = (1 - told["quantity"] / told["demand"].where(told["demand"] > 0)).where(told["censored"], 0.0).fillna(0.0)
    short = to_panel(table.assign(quantity=missed, censored=False), calendar).quantity
    before = np.concatenate([np.full((len(short), 1), np.nan), short[:, :-1]], axis=1)
    return fit_panic(to_panel(table, calendar).quantity, before)


def carriers_of(receipts: pd.DataFrame | None, calendar: Calendar) -> dict[str, int]:
    """``lanes`` whose receipts say when they were ordered, and on how many late shipments come in rows (``with_states``)."""
    import numpy as np
    import pandas as pd

    from decai_forecast.simulation.agents.carrier import fit_carrier

    if receipts is None or "ordered_on" not in receipts:
        return {"lanes": 0, "with_states": 0}
    rows = receipts[receipts["ordered_on"].notna()].sort_values("ordered_on", kind="stable")
    took = (pd.to_datetime(rows["received_on"]) - pd.to_datetime(rows["ordered_on"])).dt.days
    keys = [name for name in ("vendor", "location_id", "item_id") if name in rows]
    lanes = [np.asarray(part, dtype=np.int64) for _, part in (-(-took // calendar.days)).groupby([rows[key] for key in keys])]
    return {"lanes": len(lanes), "with_states": sum(fit_carrier(lane).streak > 0 for lane in lanes)}


def taught_by_past(
    combined: Done[CombineFacts],
    table: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    conditions: Conditions,
) -> tuple[Calibration, pd.DataFrame | None]:
    """What the company's own past teaches of stock-outs, and how likely they are tonight (location_id, item_id, p, low, high);
    None where its counts of stock do not bear it.

    ``table``: the demand table. ``conditions``: of this round, under which past rounds are simulated, too.
    """
    from decai_forecast.simulation.calibrated import Calibration
    from decai_forecast.simulation.demand import marginals_of
    from decai_forecast.simulation.past import Counts, learned_from, likely, said_at

    stock = data_sets.get("stock")
    if stock is None or "date" not in stock:
        return Calibration(False, "no counts of stock were delivered, so that nobody knows which shelves were empty"), None
    if "past.parquet" not in combined:
        return Calibration(False, "there is too little history to look back"), None
    counts, options = Counts.of(stock, table, calendar), conditions.options()
    learned = learned_from(_nights(combined.frame("past.parquet")), counts, data_sets, assumptions, **options)
    if not learned.used:
        return learned, None
    law = marginals_of(combined.frame("forecast.parquet"), conditions.lots)
    said = said_at(law, counts, combined.facts.cutoff, conditions.dependence, conditions.seed, conditions.replications)
    return learned, likely(learned, said)


def saved_in_the_past(
    combined: Done[CombineFacts],
    table: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    assumptions: Assumptions,
    calendar: Calendar,
    conditions: Conditions,
) -> dict[str, Any]:
    """Whether what would have been proposed at the newest past cut-off came true (:class:`HeldOut`); empty without counts or
    past forecasts. Arguments as of :func:`taught_by_past`."""
    from decai_forecast.simulation.held_out import held_out

    stock = data_sets.get("stock")
    if stock is None or "date" not in stock or "past.parquet" not in combined:
        return {}
    nights = _nights(combined.frame("past.parquet"))
    found = held_out(nights[-1], table, data_sets, assumptions, calendar, **conditions.options()) if nights else None
    return found.to_json() if found else {}


def _nights(frame: pd.DataFrame) -> list[Past]:
    import pandas as pd

    from decai_forecast.simulation.past import Past

    cutoffs = [pd.Timestamp(cutoff) for cutoff in sorted(frame["cutoff"].unique())]
    return [Past(cutoff.date(), frame[frame["cutoff"] == cutoff].drop(columns="cutoff")) for cutoff in cutoffs]
