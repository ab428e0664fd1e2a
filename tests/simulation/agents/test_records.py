"""What deliveries tell of a firm's ordering, as it stood when each order was placed."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.demand import build_table
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents.records import Records, records_of

WEEKS = pd.date_range("2025-01-06", periods=4, freq="W-MON")


def records() -> Records:
    """One item: 10 a week; 30 ordered in the first week, of which 20 come a week later and 10 are still to come."""
    keys = {"location_id": "main", "item_id": "x"}
    table = build_table(pd.DataFrame(keys | {"date": WEEKS, "quantity": 10.0}), Calendar("W", 4), date(2025, 2, 3))
    stock = pd.DataFrame(keys | {"date": WEEKS + pd.Timedelta(days=6), "on_hand": [20.0, 30.0, 20.0, 10.0]})
    received = pd.DataFrame([keys | {"ordered_on": WEEKS[0], "received_on": WEEKS[1], "quantity": 20.0}])
    still = pd.DataFrame([keys | {"ordered_on": WEEKS[0], "expected_on": WEEKS[3], "quantity": 10.0}])
    return records_of(table, stock, received, still, Calendar("W", 4))


def test_stock_and_supply_line_are_those_of_the_period_before() -> None:
    """Stock at its end less today's demand; ordered and not yet there."""
    found = records()
    np.testing.assert_allclose(found.net, [[np.nan, 10, 20, 10]])
    np.testing.assert_allclose(found.line, [[0, 30, 10, 10]])
    np.testing.assert_allclose(found.orders, [[30, 0, 0, 0]])


def test_fill_is_what_came_of_what_was_due() -> None:
    """20 of 30 came when they were due; the rest did not in the week after."""
    np.testing.assert_allclose(records().fill, [[1, 1, 2 / 3, 0]])


def test_without_orders_there_are_no_records() -> None:
    """Stock alone tells no ordering."""
    table = build_table(pd.DataFrame({"item_id": "x", "date": WEEKS, "quantity": 10.0}), Calendar("W", 4), date(2025, 2, 3))
    assert records_of(table, None, None, None, Calendar("W", 4)).orders.shape == (0, 4)
