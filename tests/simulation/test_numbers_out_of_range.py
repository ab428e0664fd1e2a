"""Numbers that no company has are refused with their place and what to do; none reaches a library."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from simulation.worlds import items_of, normal_forecast, run, stock_of

from decai_forecast.errors import ConfigError
from decai_forecast.network import Assumptions

FORECAST = normal_forecast({"a": (100.0, 20.0)})


def items(**values: float) -> pd.DataFrame:
    return items_of({"a": "V"}).assign(**values)


BEYOND = "expected a number of at most 1,000,000,000,000; check its unit, or leave it out"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"stock": stock_of({"a": np.inf})}, f"stock, row 1: on_hand is inf; {BEYOND}"),
        ({"stock": stock_of({"a": 1e15})}, f"stock, row 1: on_hand is 1e+15; {BEYOND}"),
        ({"items": items(unit_cost=np.inf)}, f"items, row 1: unit_cost is inf; {BEYOND}"),
        ({"items": items(minimum_order=1e15)}, f"items, row 1: minimum_order is 1e+15; {BEYOND}"),
        ({"prices": pd.DataFrame({"item_id": ["a"], "price": [np.inf]})}, f"prices, row 1: price is inf; {BEYOND}"),
        (
            {"items": items(lead_time_days=1e6)},
            "items, row 1: lead_time_days is 1e+06; expected a number of at most 3,650; check its unit, or leave it out",
        ),
    ],
)
def test_a_number_beyond_all_measure_is_refused_where_it_stands(changes: dict[str, pd.DataFrame], told: str) -> None:
    with pytest.raises(ConfigError) as error:
        run(FORECAST, **({"items": items()} | changes))
    assert str(error.value) == told


def test_a_forecast_of_too_many_units_is_refused() -> None:
    with pytest.raises(ConfigError, match="has a quantile above 1,000,000,000,000 units; check the unit of the demand"):
        run(normal_forecast({"a": (1e15, 1e14)}), items=items())


@pytest.mark.parametrize("cost", [0.0, 1e-9, 1e11])
def test_any_other_cost_gives_targets(cost: float) -> None:
    """A cost of 0 is one that nobody knows; the smallest and the largest give the same level as any."""
    found = run(FORECAST, items=items(unit_cost=cost), replications=50, assumptions=Assumptions(currency="EUR"))
    usual = run(FORECAST, items=items(unit_cost=5.0), replications=50)
    assert found.targets["level_proposed"].tolist() == pytest.approx(usual.targets["level_proposed"].tolist(), rel=0.02)
    assert np.isfinite(found.targets["cost_proposed"]).all()
    assert (found.currency == "") == (cost == 0.0)


def test_the_largest_quantities_are_simulated() -> None:
    found = run(normal_forecast({"a": (1e11, 1e10)}), items=items(unit_cost=1.0), replications=50)
    assert found.targets["fill_rate_proposed"].iloc[0] > 0.9
    assert np.isfinite(found.exposure["lost_units"]).all()
