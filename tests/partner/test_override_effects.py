"""Overrides in a night: those in force when it first combined, and what each changes in the forecast that ships."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from decai_forecast.demand.overrides import Override, record_override, withdraw
from decai_forecast.partner.facts import OverrideEffect
from decai_forecast.partner.overrides import effects_of, overrides_in_force, with_overrides
from decai_forecast.store import Store

WHEN = "2026-06-20T08:00:00+00:00"
MONDAY, NEXT = date(2026, 6, 29), date(2026, 7, 6)
SERIES = pd.DataFrame({"location_id": ["all"] * 2, "item_id": ["i0", "i1"]})
RAISED = Override("all", "i0", MONDAY, NEXT, "fair", "ada", WHEN, factor=2.0)
DELISTED = Override("all", "i1", NEXT, NEXT, "delisted", "bea", WHEN, value=0.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """Of a company whose planners said two things."""
    store = Store(tmp_path, "shop")
    for one in (RAISED, DELISTED):
        record_override(store, one, SERIES)
    return store


def forecast() -> pd.DataFrame:
    """Ten units of each item in each of two weeks."""
    rows = [
        ("all", item, pd.Timestamp(day), h, 10.0, 5.0, 10.0, 15.0)
        for item in SERIES["item_id"]
        for h, day in ((1, MONDAY), (2, NEXT))
    ]
    frame = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h", "mean", "q10", "q50", "q90"])
    return frame.assign(lot=0.0)


def take_back(store: Store, one: Override) -> None:
    assert withdraw(store, one.id, who="ada", when=WHEN, reason="called off")


def test_a_night_keeps_the_overrides_it_began_with(store: Store) -> None:
    """What is withdrawn afterwards changes later nights only."""
    assert {one.id for one in overrides_in_force(store, "2026-06-29")} == {RAISED.id, DELISTED.id}
    take_back(store, RAISED)
    assert {one.id for one in overrides_in_force(store, "2026-06-29")} == {RAISED.id, DELISTED.id}
    assert overrides_in_force(store, "2026-07-06") == [DELISTED]
    assert overrides_in_force(Store(store.path("other"), "other"), "2026-06-29") == []


def test_the_models_own_numbers_stay_beside_the_shipped_ones() -> None:
    """With the id of the override that a row follows."""
    made = with_overrides(forecast(), [RAISED, DELISTED])
    assert made["override"].tolist() == [RAISED.id, RAISED.id, "", DELISTED.id]
    assert made["q50"].tolist() == [20.0, 20.0, 10.0, 0.0]
    for name in ("mean", "q10", "q50", "q90"):
        assert made[f"model_{name}"].tolist() == forecast()[name].tolist()


def test_an_override_says_what_it_changes() -> None:
    """Rows, and their units as the model made them and as they ship; one that covers no row is left out."""
    gone = Override("all", "i0", date(2027, 1, 4), date(2027, 1, 4), "far", "ada", WHEN, factor=2.0)
    made = with_overrides(forecast(), [RAISED, DELISTED, gone])
    effects: Mapping[str, Any] = {one.id: one for one in effects_of(made, [RAISED, DELISTED, gone])}
    assert effects == {
        RAISED.id: OverrideEffect(
            RAISED.id, "all", "i0", MONDAY, NEXT, "fair", "ada", WHEN, None, 2.0, 2, 20.0, 40.0
        ),
        DELISTED.id: OverrideEffect(
            DELISTED.id, "all", "i1", NEXT, NEXT, "delisted", "bea", WHEN, 0.0, None, 1, 10.0, 0.0
        ),
    }  # fmt: skip


def test_a_later_override_takes_the_rows_of_an_earlier_one() -> None:
    """Which then says only of those that are left."""
    later = Override("all", "i0", NEXT, NEXT, "rain", "ada", "2026-06-21T08:00:00+00:00", value=3.0)
    effects = effects_of(with_overrides(forecast(), [RAISED, later]), [RAISED, later])
    assert [(one.id, one.rows, one.shipped_units) for one in effects] == [(RAISED.id, 1, 20.0), (later.id, 1, 3.0)]
