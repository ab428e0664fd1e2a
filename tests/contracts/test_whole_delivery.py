"""Rules about the delivery as a whole: gaps, drift, unit slips, service levels, the partner's own queries."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest
from deliveries import AS_OF, DAYS, demand
from judging import Judged, expects, own

from decai_forecast.contracts.report import to_text


def steady(days: int = DAYS, items: int = 4, seed: int = 5, mean: float = 20.0) -> pd.DataFrame:
    """Poisson demand of several items, every day up to the day before the cut-off."""
    rng = np.random.default_rng(seed)
    dates = [AS_OF - timedelta(days=k) for k in range(days, 0, -1)]
    return pd.concat(
        [
            pd.DataFrame({"date": dates, "item_id": f"i{k}", "quantity": rng.poisson(mean * (k + 1), days) * 1.0, "price": 1.5})
            for k in range(items)
        ],
        ignore_index=True,
    )


def test_a_gap_in_the_calendar(judged: Judged) -> None:
    """One item misses two days; the other makes the calendar as a whole complete."""
    frame = demand().drop([40, 41])
    whole, by_item = (own(f"rule: calendar, column: date, every: D{by}") for by in ("", ", by: [item_id]"))
    assert judged(frame, whole).verdict == "accepted"
    found = judged(frame, by_item)
    assert (found.verdict, found.code, found.broken[0].value) == ("refused", "calendar", 2.0)
    assert found.broken[0].note == f"the first gap is after {demand()['date'][39]}"
    assert judged(frame, own("rule: calendar, column: date, every: D, by: [item_id], allowed: 2")).verdict == "accepted"


@pytest.mark.parametrize(("every", "days"), [("W", 7), ("M", 31)])
def test_weeks_and_months_have_gaps_too(judged: Judged, every: str, days: int) -> None:
    """Other rhythms."""
    starts = [
        (pd.Timestamp(2025, 9, 1) + k * (pd.DateOffset(months=1) if every == "M" else pd.DateOffset(days=days)))
        for k in range(9)
    ]
    frame = pd.DataFrame({"date": [s.date() for s in starts], "item_id": "a", "quantity": 1.0, "price": 1.0})
    changes = (("value: 10\n", "value: 500\n"),)
    rule = own(f"rule: calendar, column: date, every: {every}")
    assert judged(frame, rule, changes=changes).verdict == "accepted"
    assert judged(frame.drop(4), rule, changes=changes).broken[0].value == 1.0


@pytest.mark.parametrize("factor", [6, 12, 24, 1000, 1 / 12])
def test_a_unit_slip_is_found(judged: Judged, factor: float) -> None:
    """One item's last four weeks come in cases: its recent rows are told, the other items' are not."""
    frame = steady(mean=40.0)
    slip = (frame["item_id"] == "i1") & (frame["date"] >= AS_OF - timedelta(days=28))
    frame.loc[slip, "quantity"] = frame.loc[slip, "quantity"] * factor
    found = judged(frame, own("rule: unit_slip, column: quantity, by: [item_id]"), changes=(("value: 1\n", "value: 50\n"),))
    assert [(r.rule, r.bad_rows) for r in found.broken] == [("r", int(slip.sum()))]


@pytest.mark.parametrize("factor", [1.0, 1.8, 3.0])
def test_a_busy_month_is_no_unit_slip(judged: Judged, factor: float) -> None:
    """Demand may double or treble; a factor of the list with no overlap is something else."""
    frame = steady()
    recent = frame["date"] >= AS_OF - timedelta(days=28)
    frame.loc[recent, "quantity"] = frame.loc[recent, "quantity"] * factor
    assert judged(frame, own("rule: unit_slip, column: quantity, by: [item_id]")).verdict == "accepted"


def test_a_unit_slip_against_the_last_accepted_delivery(judged: Judged, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A delivery of the recent days only is compared with history."""
    history = tmp_path_factory.mktemp("history") / "demand.parquet"
    frame = steady()
    frame.to_parquet(history)
    recent = frame[frame["date"] >= AS_OF - timedelta(days=20)].assign(quantity=lambda f: f["quantity"] * 12)
    rule = own("rule: unit_slip, column: quantity, by: [item_id]", "warning")
    assert judged(recent, rule).broken == []
    assert [r.bad_rows for r in judged(recent, rule, history=history).broken] == [len(recent)]


def test_drift_against_the_last_accepted_delivery(judged: Judged, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Only new rows are compared; without history there is nothing to say."""
    history = tmp_path_factory.mktemp("history") / "demand.parquet"
    old = steady(days=200)[lambda f: f["date"] < AS_OF - timedelta(days=50)]
    old.to_parquet(history)
    rule = own("rule: drift, column: quantity, maximum: 0.3")
    same, moved = steady(days=200, seed=6), steady(days=200, seed=6)
    recent = moved["date"] >= AS_OF - timedelta(days=50)
    moved.loc[recent, "quantity"] = moved.loc[recent, "quantity"] * 3
    assert judged(same, rule, history=history).verdict == "accepted"
    found = judged(moved, rule, history=history)
    assert (found.verdict, found.code) == ("refused", "drift")
    assert found.broken[0].value is not None
    assert found.broken[0].value > 1
    first = judged(moved, rule)
    assert (first.verdict, [r.note for r in first.results if r.rule == "r"]) == (
        "accepted",
        ["no accepted delivery to compare with yet"],
    )


@pytest.mark.parametrize(
    ("query", "limit", "verdict"),
    [
        ("SELECT avg(quantity) FROM demand", "mustBeBetween: [50, 150]", "accepted"),
        ("SELECT avg(quantity) FROM ${table}", "mustBeGreaterThan: 150", "refused"),
        ("SELECT count(*) FROM {object} WHERE price > 1", "mustBe: 200", "accepted"),
        (
            "WITH a AS (SELECT max(date) AS d FROM demand) SELECT count(*) FROM demand, a WHERE date = d",
            "mustBe: 2",
            "accepted",
        ),
    ],
)
def test_a_partners_own_query(judged: Judged, query: str, limit: str, verdict: str) -> None:
    """One number, held against the rule's operator."""
    found = judged(demand(), f'{{id: r, type: sql, query: "{query}", {limit}}}')
    assert (found.verdict, found.code) == (verdict, "sql" if verdict == "refused" else "")


def test_a_partners_own_expectation(judged: Judged) -> None:
    """Great Expectations itself, on the delivery."""
    at_most = "column: quantity, max_value: {}"
    assert judged(demand(), expects("expect_column_mean_to_be_between", at_most.format(100))).verdict == "accepted"
    found = judged(demand(), expects("expect_column_mean_to_be_between", at_most.format(99)))
    assert (found.verdict, found.code) == ("refused", "expectation")


HOSTILE = [  # (query, what is said); what is no SELECT at all is a fault of the contract, see test_partner_sql
    ("SELECT count(*) FROM '/etc/passwd'", "passwd"),
    ("SELECT count(*) FROM no_such_table", "no_such_table does not exist"),
    ("SELECT * FROM demand", "the query must give one row with one number"),
    ("SELECT item_id FROM demand LIMIT 1", "the query gave 'a', not a number"),
]


@pytest.mark.parametrize(("query", "said"), HOSTILE)
def test_an_unsafe_query_is_not_run(judged: Judged, query: str, said: str) -> None:
    """It never becomes "the data are bad": the rule was not checked."""
    found = judged(demand(), f'{{id: r, type: sql, query: "{query}", mustBe: 0}}')
    assert (found.verdict, found.code) == ("not_checked", "rule")
    assert said in found.broken[0].note
    assert "NOT CHECKED r" in to_text(found)
