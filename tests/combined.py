"""A finished combination without its forecasters: what a test needs that looks at a forecast and who changed it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import pandas as pd

from decai_forecast.demand import Choice, SharedTreeCount
from decai_forecast.demand.overrides import Override
from decai_forecast.partner.facts import COMBINE, CombineFacts
from decai_forecast.partner.overrides import effects_of, with_overrides
from decai_forecast.simulation.demand import INDEPENDENT
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store


def combined(store: Store, cutoff: date, forecast: pd.DataFrame, overrides: Sequence[Override] = ()) -> Done[CombineFacts]:
    """The step of the round of ``cutoff``, with the model's ``forecast`` and the overrides in force in it."""
    shipped = with_overrides(forecast, overrides)
    choice, trees = Choice("local", "", 0, {}), SharedTreeCount(None, "", 0)
    facts = CombineFacts(cutoff, choice, trees, 1, INDEPENDENT, overrides=effects_of(shipped, overrides))

    def work(writer: Writer) -> CombineFacts:
        writer.frame("forecast.parquet", shipped)
        return facts

    return run_step(store, cutoff.isoformat(), COMBINE, [], work)
