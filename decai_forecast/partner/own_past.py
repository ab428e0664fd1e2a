"""What a company's own records teach its simulation: how it orders, and how often its shelves were in truth found empty."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import TYPE_CHECKING, Any

from decai_forecast.partner.context import PartnerContext
from decai_forecast.steps import Done

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.simulation import Simulation
    from decai_forecast.simulation.agents.fit import Choice
    from decai_forecast.simulation.agents.panic import Panic
    from decai_forecast.simulation.past import Past

__all__ = ["calibrated_by_past", "carriers_of", "ordering_of", "panic_of"]


def ordering_of(company: PartnerContext, table: pd.DataFrame, data_sets: Mapping[str, pd.DataFrame | None]) -> Choice:
    """The ordering behaviour that the company's records show; base stock where they show no other clearly."""
    from decai_forecast.simulation.agents.fit import choose
    from decai_forecast.simulation.agents.records import records_of

    stock, receipts, open_orders = (data_sets.get(name) for name in ("stock", "receipts", "open_orders"))
    return choose(records_of(table, stock, receipts, open_orders, company.calendar))


def panic_of(company: PartnerContext, table: pd.DataFrame) -> Panic:
    """How customers react to an empty shelf: what they ask for after a period in which it turned them away."""
    import numpy as np

    from decai_forecast.demand import unconstrain
    from decai_forecast.demand.panel import to_panel
    from decai_forecast.simulation.agents.panic import fit_panic

    told = unconstrain(table, company.calendar)
    missed = (1 - told["quantity"] / told["demand"].where(told["demand"] > 0)).where(told["censored"], 0.0).fillna(0.0)
    short = to_panel(table.assign(quantity=missed, censored=False), company.calendar).quantity
    before = np.concatenate([np.full((len(short), 1), np.nan), short[:, :-1]], axis=1)
    return fit_panic(to_panel(table, company.calendar).quantity, before)


def carriers_of(company: PartnerContext, receipts: pd.DataFrame | None) -> dict[str, int]:
    """``lanes`` whose receipts say when they were ordered, and on how many late shipments come in rows (``with_states``)."""
    import numpy as np
    import pandas as pd

    from decai_forecast.simulation.agents.carrier import fit_carrier

    if receipts is None or "ordered_on" not in receipts:
        return {"lanes": 0, "with_states": 0}
    rows = receipts[receipts["ordered_on"].notna()].sort_values("ordered_on", kind="stable")
    took = (pd.to_datetime(rows["received_on"]) - pd.to_datetime(rows["ordered_on"])).dt.days
    keys = [name for name in ("vendor", "location_id", "item_id") if name in rows]
    lanes = [
        np.asarray(part, dtype=np.int64) for _, part in (-(-took // company.calendar.days)).groupby([rows[key] for key in keys])
    ]
    return {"lanes": len(lanes), "with_states": sum(fit_carrier(lane).streak > 0 for lane in lanes)}


def calibrated_by_past(
    company: PartnerContext,
    combined: Done,
    found: Simulation,
    table: pd.DataFrame,
    data_sets: Mapping[str, pd.DataFrame | None],
    cutoff: date,
    options: Mapping[str, Any],
) -> Simulation:
    """``found`` with stock-outs as likely as the company's own past teaches, where its counts of stock bear it.

    ``table``: the demand table. ``options``: what tonight was simulated with, and past nights are simulated with, too.
    """
    from decai_forecast.simulation.calibrated import Calibration
    from decai_forecast.simulation.demand import marginals_of
    from decai_forecast.simulation.past import Counts, calibrated, learned_from, said_at

    stock = data_sets.get("stock")
    if stock is None or "date" not in stock:
        why = "no counts of stock were delivered, so that nobody knows which shelves were empty"
        return calibrated(found, Calibration(False, why), None)
    if "past.parquet" not in combined.outputs:
        return calibrated(found, Calibration(False, "there is too little history to look back"), None)
    counts = Counts.of(stock, table, company.calendar)
    learned = learned_from(_nights(combined.frame(company.store, "past.parquet")), counts, data_sets, company.assumptions, **options)
    if not learned.used:
        return calibrated(found, learned, None)
    law = marginals_of(combined.frame(company.store, "forecast.parquet"), options["lots"])
    said = said_at(law, counts, cutoff, options["dependence"], options["seed"], options["replications"])
    return calibrated(found, learned, said)


def _nights(frame: pd.DataFrame) -> list[Past]:
    import pandas as pd

    from decai_forecast.simulation.past import Past

    cutoffs = [pd.Timestamp(cutoff) for cutoff in sorted(frame["cutoff"].unique())]
    return [Past(cutoff.date(), frame[frame["cutoff"] == cutoff].drop(columns="cutoff")) for cutoff in cutoffs]
