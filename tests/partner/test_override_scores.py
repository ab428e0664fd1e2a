"""An override is scored by the forecasts that it changed, whatever else was said later."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from decai_forecast.partner.planned import planned_facts, scores_of, with_overrides

from decai_forecast.demand.overrides import Override, record_override
from decai_forecast.network import Assumptions
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.earlier import earlier_forecasts
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.steps import Writer, run_step
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
FIRST, SECOND, THIRD = date(2026, 6, 1), date(2026, 6, 8), date(2026, 6, 15)
ITEMS = ("i0", "i1")


@pytest.fixture
def company(tmp_path: Path) -> PartnerContext:
    store, public = (Store(tmp_path / name, name) for name in ("shop", "public"))
    return PartnerContext("shop", store, public, (), tmp_path, "net", True, WEEKS, Assumptions())


def _night(company: PartnerContext, cutoff: date, said: list[Override]) -> None:
    """A finished combination: ten units of each item in each week, and what was said."""
    rows = [("all", item, pd.Timestamp(WEEKS.add(cutoff, h - 1)), h) for item in ITEMS for h in (1, 2)]
    forecast = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h"])
    shipped = with_overrides(forecast.assign(mean=10.0, q10=5.0, q50=10.0, q90=15.0, lot=0.0), said)

    def work(writer: Writer) -> dict[str, object]:
        writer.frame("forecast.parquet", shipped)
        return {"cutoff": cutoff.isoformat(), "overrides": planned_facts(shipped, said)}

    run_step(company.store, cutoff.isoformat(), "combine", [], work)


def _override(company: PartnerContext, item: str, week: date) -> Override:
    said = Override("all", item, week, week, "promotion", "ada", "2026-05-31T08:00:00+00:00", value=20.0)
    record_override(company.store, said, pd.DataFrame({"location_id": ["all"] * 2, "item_id": ITEMS}))
    return said


@pytest.mark.parametrize("another", [False, True])
def test_a_withdrawn_override_is_scored_by_the_night_it_changed(company: PartnerContext, another: bool) -> None:
    """It was in force in the first night and withdrawn before the second; one of another item changes nothing of that."""
    withdrawn, other = _override(company, "i0", SECOND), _override(company, "i1", SECOND)
    _night(company, FIRST, [withdrawn])
    _night(company, SECOND, [other] if another else [])
    sold = pd.DataFrame({"location_id": "all", "item_id": ITEMS, "date": pd.Timestamp(SECOND), "quantity": 20.0})
    found = scores_of(company, earlier_forecasts(company, Round.of(THIRD.isoformat())), sold.assign(censored=False))
    scores = {row["item_id"]: (row["rows"], row["fva"]) for row in found}
    assert scores == {"i0": (1, 10.0)} | ({"i1": (1, 10.0)} if another else {})
