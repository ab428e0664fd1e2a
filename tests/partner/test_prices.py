"""Prices of the data set demand count where the data set prices says none."""

from __future__ import annotations

import pandas as pd

from decai_forecast.partner.prices import prices_of

TABLE = pd.DataFrame(
    {
        "location_id": ["a", "b", "a", "a", "a"],
        "item_id": ["x", "x", "x", "y", "z"],
        "date": pd.to_datetime(["2026-01-05", "2026-01-05", "2025-12-29", "2026-01-05", "2026-01-05"]),
        "price": [3.0, 5.0, 9.0, float("nan"), 0.0],
    }
)


def test_the_newest_prices_paid_stand_in() -> None:
    """The median of the newest period; a price of 0, or none, is no price."""
    found = prices_of(None, TABLE)
    assert found is not None
    assert found.set_index("item_id")["price"].to_dict() == {"x": 4.0}


def test_delivered_prices_come_first() -> None:
    given = pd.DataFrame({"item_id": ["x", "y"], "price": [7.0, None]})
    found = prices_of(given, TABLE.assign(price=[3.0, 5.0, 9.0, 2.0, 1.0]))
    assert found is not None
    assert found.dropna().set_index("item_id")["price"].to_dict() == {"x": 7.0, "y": 2.0, "z": 1.0}


def test_without_any_price_there_is_none() -> None:
    assert prices_of(None, TABLE.assign(price=float("nan"))) is None
