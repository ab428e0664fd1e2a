"""What the report tells planners: alarms by kind, drivers in words, overrides and their worth; all of it inert and honest."""

from __future__ import annotations

from datetime import date
from typing import Any

import examples

from decai_forecast.demand.watch import Alarm
from decai_forecast.reports import Planning, build_report, render_html
from decai_forecast.reports.planning import moved

ATTACK = examples.ATTACK
MOVES = {"recent": 120.0, "base": 90.0, "drivers": {"season": 12.0, "recent level": -30.0, "trend": 0.1}, "finish": 3.0}


def alarm(kind: str, size: float, item: str = "item-001") -> Alarm:
    return Alarm(kind, "main", item, date(2026, 11, 16), size, "about 6", "60 units", "check it")


def planning(text: str = "promotion", **changes: Any) -> Planning:
    entry = MOVES | {"forecast": 75.1}
    override = {
        "id": "5f2a", "location_id": "main", "item_id": text, "first": "2026-11-30", "last": "2026-12-21", "reason": text,
        "who": text, "when": "2026-11-20T08:00:00+00:00", "value": None, "factor": 1.5, "rows": 4, "model_units": 40.0,
        "shipped_units": 60.0,
    }  # fmt: skip
    score = {
        "override": "1b", "location_id": "main", "item_id": text, "first": "2026-10-05", "last": "2026-10-05", "who": text,
        "reason": text, "rows": 1, "loss_untouched": 9.0, "loss_override": 3.0, "fva": 6.0, "pinball_gain": 2.0,
    }  # fmt: skip
    usual: dict[str, Any] = {
        "since": "2026-11-16",
        "alarms": [alarm("outlier", 9.0 - k, f"{text}-{k}") for k in range(8)] + [alarm("bias", 0.8)],
        "drivers": {
            "periods": [4, 10],
            "share": 1.0,
            "total": entry,
            "items": [entry | {"location_id": "main", "item_id": text}],
        },
        "totals": [
            {"level": level, "location_id": "", "category": category, "recent": 10.0, "ahead": 12.0, "q10": 8.0, "q90": 17.0}
            for level, category in (("company", ""), ("category", text), ("category", "household"))
        ],
        "first": [{"location_id": "main", "item_id": text, "units": 3.0, "reason": text}],
        "notes": [text],
        "overrides": [override],
        "scores": [score],
    }
    return Planning(**usual | changes)


def page(found: Planning | None) -> str:
    return render_html(build_report(examples.facts(planning=found)))


def test_drivers_are_named_by_size() -> None:
    """The largest first, whatever their sign; one below a hundredth of the forecast is not worth a word."""
    assert moved(MOVES | {"forecast": 75.1}) == "recent level -30, season +12"
    assert moved(MOVES | {"forecast": 75.1, "drivers": {"trend": 0.1}}) == "nothing by 1 %"


def test_of_many_alarms_the_largest_of_each_kind_are_shown() -> None:
    """Nine were raised: five outliers and the bias are in the report, all are counted."""
    found = build_report(examples.facts(planning=planning()))["planning"]["alarms"]
    assert found["count"] == 9
    assert found["counts"] == {"bias": 1, "outlier": 8}
    assert [row["kind"] for row in found["rows"]] == ["bias", *["outlier"] * 5]


def test_the_page_says_whether_planners_added_value() -> None:
    """Three units of error instead of nine."""
    text = page(planning())
    assert "1 past override can be judged: 1 was better than the model" in text
    assert "planners added value" in text
    worse = planning(scores=[planning().scores[0] | {"loss_override": 20.0, "fva": -11.0}])
    assert "the model alone would have been better" in page(worse)


def test_names_and_reasons_are_inert() -> None:
    """A script as item, category, reason or planner is text on the page."""
    text = page(planning(ATTACK, newcomer=ATTACK))
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 10


def test_a_report_without_anything_to_plan_stands() -> None:
    """No alarms, drivers, totals or overrides: no empty headings."""
    for found in (None, Planning(since="2026-11-16")):
        text = page(found)
        for heading in ("To look at", "What moves it", "Without a history", "What planners said", "By category"):
            assert heading not in text
