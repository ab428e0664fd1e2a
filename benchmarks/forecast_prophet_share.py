"""How much of a partner's nightly forecasting is Prophet's: all companies of the Iowa set at one cut-off, own models only.

The shared training, the check and the simulation come on top in a night, so that the true share is smaller. Prophet runs a
child process for each fit; its time counts.
"""

from __future__ import annotations

import resource
import sys
from typing import Any

import pandas as pd
from forecast_sets import load
from harness import said

from decai_forecast.demand import predict_own, prepare, train_own
from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.demand.prophet_features import prophet_totals

PREPARE = sys.modules["decai_forecast.demand.prepare"]


def used() -> float:
    """CPU seconds of this process and its children."""
    found = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in found)


def main() -> dict[str, Any]:
    given, spent = load("iowa"), [0.0]
    prophet_totals(_tiny(), 60)  # Prophet's import is not the night's

    def timed(panel: Panel, cutoff: int) -> tuple[dict[str, Floats], bool]:
        before = used()
        found = prophet_totals(panel, cutoff)
        spent[0] += used() - before
        return found

    vars(PREPARE)["prophet_totals"] = timed  # a clock around it, nothing else
    began = used()
    for _, table in sorted(given.tables.items()):
        rows = prepare(table, given.calendar, given.origins[-1], seed=7)
        own = train_own(rows.train, seed=7)
        predict_own(own.models, own.mean, rows.future)
    whole = used() - began
    return {"cpu": round(whole, 2), "prophet": round(spent[0], 2), "companies": len(given.tables)}


def _tiny() -> Panel:
    from decai_forecast.demand.panel import to_panel
    from decai_forecast.demand.table import build_table
    from decai_forecast.periods import Calendar

    days = pd.date_range("2024-01-01", periods=60, freq="W-MON")
    rows = pd.DataFrame({"date": days, "item_id": "a", "quantity": range(60)})
    weeks = Calendar("W", 13)
    return to_panel(build_table(rows, weeks, (days[-1] + pd.Timedelta(days=7)).date()), weeks)


if __name__ == "__main__":
    said(**main())
