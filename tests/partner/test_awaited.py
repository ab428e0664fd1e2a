"""The rounds of which a company has yet to hear what was published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from parties import Parties, submission

from decai_forecast.link import State
from decai_forecast.partner.awaited import MOST, awaited_rounds
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_submission import keep_submission

TODAY = date(2026, 7, 10)


@pytest.fixture
def company(tmp_path: Path) -> PartnerContext:
    return Parties(tmp_path).company("a")


def delivered(company: PartnerContext, *rounds: str, state: State = State.READY) -> None:
    for round_id in rounds:
        keep_submission(company.store, submission("a", round=round_id, state=state, code="x"))


def reported(company: PartnerContext, *rounds: str) -> None:
    for round_id in rounds:
        company.store.write_bytes(f"outbox/{round_id}/report.html", b"")


def test_a_company_that_never_delivered_awaits_nothing(company: PartnerContext) -> None:
    """Installing it starts no report of last night."""
    company.store.write_bytes("rounds/2026-07-10/pull/done.json", b"{}")
    assert awaited_rounds(company, TODAY) == []


def test_what_it_delivered_for_is_awaited_until_it_has_a_report(company: PartnerContext) -> None:
    """Whatever became of the delivery; also a further round of the same night, and one that is replayed."""
    delivered(company, "2020-01-06", "2026-07-10.10", "2026-07-10.2")
    delivered(company, "2026-07-10", state=State.FAILED)
    assert awaited_rounds(company, TODAY) == ["2020-01-06", "2026-07-10", "2026-07-10.2", "2026-07-10.10"]
    reported(company, "2026-07-10.2", "2020-01-06")
    assert awaited_rounds(company, TODAY) == ["2026-07-10", "2026-07-10.10"]


def test_nights_on_which_it_was_down_are_awaited_for_a_while(company: PartnerContext) -> None:
    """Its report says what was missing; nights before its first delivery are none of its own."""
    delivered(company, "2026-07-08")
    reported(company, "2026-07-08")
    assert awaited_rounds(company, date(2026, 7, 8)) == []
    assert awaited_rounds(company, TODAY) == ["2026-07-09", "2026-07-10"]
    assert awaited_rounds(company, date(2026, 8, 1)) == ["2026-07-30", "2026-07-31", "2026-08-01"]
    reported(company, "2026-07-10")
    assert awaited_rounds(company, TODAY) == ["2026-07-09"]


def test_not_all_of_a_long_past_is_asked_for(company: PartnerContext) -> None:
    """The newest ones."""
    delivered(company, *(f"2026-06-{day:02}" for day in range(1, 31)))
    rounds = awaited_rounds(company, date(2026, 6, 30))
    assert (len(rounds), rounds[-1]) == (MOST, "2026-06-30")
