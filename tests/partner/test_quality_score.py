"""The quality score: what deliveries of the last thirty rounds were worth, and what is no fault of the company's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path

import pytest
from parties import ROUND, submission

from decai_forecast.contracts import Verdict
from decai_forecast.link import State
from decai_forecast.partner.facts import CHECK, PULL, CheckFacts, DataSetFacts, PullFacts
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.quality import Delivered, history, mark_late, quality, score, was_late
from decai_forecast.steps import run_step
from decai_forecast.store import Store

GOOD = DataSetFacts(Verdict.ACCEPTED, 100, 0, "")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "a")


def delivered(verdict: Verdict, rows: int = 100, quarantined: int = 0, *, late: bool = False) -> Delivered:
    return Delivered("2026-06-29", "demand", verdict, rows, quarantined, late)


def checked(store: Store, round_id: str, missing: Mapping[str, str] | None = None, **data_sets: DataSetFacts) -> None:
    """A round whose deliveries were pulled and checked; ``missing``: those that did not come."""
    pulled = PullFacts(date(2026, 6, 29), {}, {}, missing or {}, {}, {}, {}, {}, {})
    run_step(store, round_id, PULL, 1, lambda writer: pulled)
    run_step(store, round_id, CHECK, 1, lambda writer: CheckFacts(data_sets))


@pytest.mark.parametrize(
    ("one", "worth"),
    [
        (delivered(Verdict.ACCEPTED), 1.0),
        (delivered(Verdict.ACCEPTED, late=True), 0.5),
        (delivered(Verdict.ACCEPTED_IN_PART, 100, 25), 0.75),
        (delivered(Verdict.ACCEPTED_IN_PART, 100, 25, late=True), 0.375),
        (delivered(Verdict.ACCEPTED, 0), 1.0),
        (delivered(Verdict.REFUSED), 0.0),
        (delivered(Verdict.ABSENT), 0.0),
    ],
)
def test_what_a_delivery_is_worth(one: Delivered, worth: float) -> None:
    """The share of its rows that could be used, halved if it came late; nothing if it was refused or did not come."""
    assert one.counts
    assert one.worth == worth
    assert score([one]) == 100 * worth


def test_what_could_not_be_checked_does_not_count() -> None:
    """It says nothing of the company."""
    assert score([delivered(Verdict.NOT_CHECKED)]) is None
    assert score([delivered(Verdict.NOT_CHECKED), delivered(Verdict.ACCEPTED)]) == 100
    assert score([]) is None


def test_thirty_rounds_count() -> None:
    """The newest ones in the order of time; the tenth of a day is newer than its second."""
    old = [Delivered("2026-06-01.2", "demand", Verdict.REFUSED)]
    new = [Delivered(f"2026-06-01.{k}", "demand", Verdict.ACCEPTED, 1) for k in range(10, 40)]
    assert score([*new, *old]) == 100
    assert score([*new[1:], *old]) == pytest.approx(100 * 29 / 30)


def test_a_round_without_an_end_is_left_out(store: Store) -> None:
    """Only what is over says something: a pull alone is a round under way."""
    run_step(store, ROUND.id, PULL, 1, lambda writer: PullFacts(ROUND.as_of, {}, {}, {}, {}, {}, {}, {}, {}))
    assert history(store) == []
    assert quality(store, ROUND.id) is None


def test_data_sets_stand_by_name_and_rounds_newest_first(store: Store) -> None:
    """Those that did not come stand among them, with why."""
    checked(store, "2026-06-28", demand=GOOD)
    checked(store, "2026-06-29", {"items": "source_absent"}, stock=GOOD, demand=GOOD)
    told = [(one.round, one.data_set, one.verdict, one.code) for one in history(store)]
    assert told == [
        ("2026-06-29", "demand", Verdict.ACCEPTED, ""),
        ("2026-06-29", "items", Verdict.ABSENT, "source_absent"),
        ("2026-06-29", "stock", Verdict.ACCEPTED, ""),
        ("2026-06-28", "demand", Verdict.ACCEPTED, ""),
    ]
    assert history(store, "2026-06-28") == history(store)[3:]


@pytest.mark.parametrize("code", ["not_checked", "internal", "timeout", "source_failed", "rule"])
def test_a_fault_of_ours_is_not_held_against_the_company(store: Store, code: str) -> None:
    """A night that ended before the check stands in the history and not in the score."""
    checked(store, "2026-06-28", demand=GOOD)
    keep_submission(store, submission("a", state=State.FAILED, code=code, digest=""))
    (newest, _) = history(store)
    assert (newest.verdict, newest.code) == (Verdict.NOT_CHECKED, code)
    assert quality(store, ROUND.id) == 100


@pytest.mark.parametrize("code", ["source_absent", "source_unreadable", "contract"])
def test_a_night_without_a_delivery_is_an_absent_one(store: Store, code: str) -> None:
    """It is worth nothing."""
    checked(store, "2026-06-28", demand=GOOD)
    keep_submission(store, submission("a", state=State.FAILED, code=code, digest=""))
    assert history(store)[0].verdict is Verdict.ABSENT
    assert quality(store, ROUND.id) == 50


def test_a_late_delivery_is_worth_half(store: Store) -> None:
    """Once the company was reminded, whatever comes of the round afterwards."""
    assert not was_late(store, ROUND.id)
    mark_late(store, ROUND.id)
    assert was_late(store, ROUND.id)
    assert history(store) == [Delivered(ROUND.id, "demand", Verdict.ABSENT, late=True)]
    checked(store, ROUND.id, demand=GOOD)
    assert history(store) == [Delivered(ROUND.id, "demand", Verdict.ACCEPTED, 100, 0, late=True)]
    assert quality(store, ROUND.id) == 50


def test_the_score_of_a_past_round_does_not_know_later_ones(store: Store) -> None:
    """A report that is made again says what it said."""
    checked(store, "2026-06-28", demand=GOOD)
    checked(store, "2026-06-28.10", demand=DataSetFacts(Verdict.REFUSED, 100, 0, "stale"))
    assert (quality(store, "2026-06-28"), quality(store, "2026-06-28.9"), quality(store, "2026-06-28.10")) == (100, 100, 50)
    assert quality(store, "2026-06-27") is None


def test_reading_stops_where_the_score_does(store: Store) -> None:
    """The thirty-first round that counts is not looked into further, and equals the score over all."""
    for k in range(1, 10):
        checked(store, f"2026-05-0{k}", demand=DataSetFacts(Verdict.REFUSED, 1, 0, "stale"))
    for k in range(1, 31):
        checked(store, f"2026-06-{k:02}", demand=GOOD)
    assert quality(store, "2026-06-30") == score(history(store)) == 100
    assert quality(store, "2026-06-29") == pytest.approx(100 * 29 / 30)
