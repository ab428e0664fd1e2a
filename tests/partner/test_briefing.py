"""What a planner is told: totals from the company down to its categories, and the night's facts as the report takes them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from night_steps import NIGHT, combined, sales, trained

from decai_forecast.partner.briefing import briefing
from decai_forecast.partner.facts import WATCH, First, OverrideEffect, OverrideScore, WatchFacts
from decai_forecast.periods import Calendar
from decai_forecast.reports import Planning
from decai_forecast.steps import Writer, run_step
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
PAST = pd.date_range("2026-06-08", periods=3, freq="7D")  # the first of them is older than the last horizon
AHEAD = pd.date_range("2026-06-29", periods=2, freq="7D")
Totals = Mapping[tuple[str, str, str], tuple[float, float]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "shop")


def hierarchy(totals: Totals) -> pd.DataFrame:
    """(level, location, category) -> units in the first and second period; the band is 10 % wide on either side."""
    rows = [
        (level, where, category, day, units, 0.9 * units, 1.1 * units)
        for (level, where, category), both in totals.items()
        for day, units in zip(AHEAD, both, strict=True)
    ]
    return pd.DataFrame(rows, columns=["level", "location_id", "category", "date", "mean", "q10", "q90"])


def told(store: Store, table: pd.DataFrame, totals: Totals) -> Planning:
    return briefing(WEEKS, trained(store, table), None, combined(store, hierarchy(totals)))


ONE = {("company", "", ""): (20.0, 40.0), ("location", "north", ""): (20.0, 40.0), ("category", "north", "tools"): (20.0, 40.0)}
TWO = {
    ("company", "", ""): (60.0, 40.0),
    ("location", "north", ""): (20.0, 0.0),
    ("location", "south", ""): (40.0, 40.0),
    ("category", "north", "tools"): (20.0, 0.0),
    ("category", "south", "food"): (10.0, 30.0),
    ("category", "south", "tools"): (30.0, 10.0),
}


def test_a_level_with_one_total_says_nothing_new(store: Store) -> None:
    """A company of one site and one category has one row; recent and ahead are units per period, the band is of the first."""
    table = sales({("north", "i0", "tools"): 10.0}, PAST)
    (row,) = told(store, table, ONE).totals
    assert row == {
        "level": "company", "location_id": "", "category": "", "recent": 10.0, "ahead": 30.0, "q10": 18.0, "q90": 22.0,
    }  # fmt: skip


def test_totals_stand_largest_first_in_each_level(store: Store) -> None:
    """By what is forecast over the whole horizon; each has what its own items sold in the last one."""
    table = sales(
        {
            ("north", "i0", "tools"): 1.0,
            ("south", "i0", "tools"): 2.0,
            ("south", "i1", "food"): 4.0,
            ("south", "i2", "food"): 8.0,
        },
        PAST,
    )
    rows = told(store, table, TWO).totals
    assert [(row["level"], row["location_id"], row["category"], row["recent"], row["ahead"]) for row in rows] == [
        ("company", "", "", 15.0, 50.0),
        ("location", "south", "", 14.0, 40.0),
        ("location", "north", "", 1.0, 10.0),
        ("category", "south", "food", 12.0, 20.0),
        ("category", "south", "tools", 2.0, 20.0),
        ("category", "north", "tools", 1.0, 10.0),
    ]


def test_only_the_last_horizon_is_recent(store: Store) -> None:
    """Older periods do not count; of a shorter history, as many periods as there are."""
    table = sales({("north", "i0", "tools"): 10.0}, PAST)
    table.loc[table["date"] == PAST[0], "quantity"] = 1000.0
    assert told(store, table, ONE).totals[0]["recent"] == 10.0
    short = sales({("north", "i0", "tools"): 7.0}, PAST[-1:])
    assert (
        briefing(WEEKS, trained(Store(store.path("b"), "b"), short), None, combined(store, hierarchy(ONE))).totals[0]["recent"]
        == 7.0
    )


def test_the_twelve_largest_totals_of_a_level_are_told(store: Store) -> None:
    """A company of many sites reads no longer list."""
    sites = {("location", f"s{k:02}", ""): (float(k), float(k)) for k in range(15)}
    rows = told(store, sales({("s00", "i0", "tools"): 1.0}, PAST), {("company", "", ""): (105.0, 105.0)} | sites).totals
    assert [row["location_id"] for row in rows if row["level"] == "location"] == [f"s{k:02}" for k in range(14, 2, -1)]


def test_what_was_never_sold_was_sold_nothing_recently(store: Store) -> None:
    """A newcomer has no periods behind it, and its reason is told."""
    empty = sales({("north", "i0", "tools"): 1.0}, PAST).iloc[:0]
    done = trained(store, empty, newcomer="no sales yet")
    planning = briefing(WEEKS, done, None, combined(store, hierarchy(ONE)))
    assert planning.totals[0]["recent"] == 0.0
    assert planning.newcomer == "no sales yet"


def test_facts_of_the_night_become_json(store: Store) -> None:
    """Days as ISO text; first forecasts, notes and drivers as the combination wrote them."""
    day, until = date(2026, 7, 6), date(2026, 7, 13)
    effect = OverrideEffect("ab", "north", "i0", day, until, "fair", "ada", "2026-06-01T00:00:00", 5.0, None, 2, 10.0, 12.0)
    score = OverrideScore("cd", "north", "i0", day, day, "ada", "fair", 1, 4.0, 1.0, 3.0, 0.5)
    first = First("north", "new", 3.0, "like i0")
    made = combined(
        store, hierarchy(ONE), first=(first,), not_forecast=("i9: unknown",), overrides=(effect,), override_scores=(score,)
    )
    planning = briefing(WEEKS, trained(store, sales({("north", "i0", "tools"): 1.0}, PAST)), None, made)
    assert (planning.since, planning.alarms, planning.drivers) == ("2026-06-29", (), {"periods": [1]})
    assert planning.first == [{"location_id": "north", "item_id": "new", "units": 3.0, "reason": "like i0"}]
    assert planning.notes == ("i9: unknown",)
    ((told_effect,), (told_score,)) = planning.overrides, planning.scores
    assert (told_effect["first"], told_effect["last"], told_effect["value"]) == ("2026-07-06", "2026-07-13", 5.0)
    assert (told_score["first"], told_score["last"], told_score["fva"]) == ("2026-07-06", "2026-07-06", 3.0)


def test_alarms_are_those_of_the_watch(store: Store) -> None:
    """Since the day from which it looked on."""

    def work(writer: Writer) -> WatchFacts:
        writer.json("alarms.json", [])
        return WatchFacts(date(2026, 6, 1), 1, {})

    watched = run_step(store, NIGHT, WATCH, [], work)
    done = trained(store, sales({("north", "i0", "tools"): 1.0}, PAST))
    planning = briefing(WEEKS, done, watched, combined(store, hierarchy(ONE)))
    assert (planning.since, list(planning.alarms)) == ("2026-06-01", [])
