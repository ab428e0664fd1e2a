"""Times of an outage in words, and that they go together."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from worlds import items_of, normal_forecast, run

from decai_forecast.simulation.shocks import scenario_of
from decai_forecast.simulation.times import until_back, until_failure


@pytest.mark.parametrize(
    ("days", "failure", "back"),
    [(8.0, "8", "8"), (0.0, "at once", "\u2013"), (np.nan, ">43", ">43"), (None, ">43", ">43"), (2.25, "2", "2")],
)
def test_days_in_words(days: float | None, failure: str, back: str) -> None:
    """Nobody reads "fails after 0 days", or "back after 0 days" of what never failed."""
    assert (until_failure(days, 43), until_back(days, 43)) == (failure, back)


def weekly(scenario: dict[str, object] | None = None) -> pd.Series:
    """The row of the supplier of one item: of its outage, or of the scenario."""
    case = {} if scenario is None else {"scenario": lambda _network: scenario_of({"name": "x", "shocks": [scenario]})}
    found = run(normal_forecast({"near": (100, 30)}), items=items_of({"near": "Near"}, 7.0), replications=60, **case)
    return found.exposure.iloc[0]


@pytest.mark.parametrize("factor", [0.95, 0.9, 0.85, 0.8, 0.7])
def test_nothing_is_back_before_it_fails(factor: float) -> None:
    """Where a part of the runs fails, as well: both times are of the same half of them."""
    row = weekly({"kind": "capacity", "node": "Near", "factor": factor, "start": 0, "length_days": 14})
    if np.isnan(row["tts_p50"]):
        assert row["service_recovery_days"] == 0
    else:
        assert np.isnan(row["service_recovery_days"]) or row["service_recovery_days"] > 7 * row["tts_p50"]


def test_a_closed_shop_is_told_as_one() -> None:
    """Its customers get nothing from the first period on, however much it holds; a supplier sells to nobody."""
    rows = run(normal_forecast({"near": (100, 30)}), items=items_of({"near": "Near"}, 7.0), replications=20).exposure
    both = rows.set_index("kind")
    assert (bool(both.loc["site", "sells"]), both.loc["site", "tts_p50"]) == (True, 0)
    assert not both.loc["supplier", "sells"]
