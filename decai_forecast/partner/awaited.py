"""The rounds of which a company has yet to hear what the coordinator published."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.reports.send import outbox_key
from decai_forecast.round import in_time, is_round, time_of

__all__ = ["awaited_rounds"]

MOST = 14  # rounds that are asked for at a time: two weeks, as the coordinator's pages show
NIGHTS = 3  # on which a company may have been silent, and still gets its report


def awaited_rounds(company: PartnerContext, today: date) -> list[str]:
    """Rounds without a report that the company has delivered for, and the nights until ``today`` on which it delivered nothing;
    oldest first. A company that never delivered awaits nothing: installing it must not start last night's report."""
    own = in_time(filter(is_round, company.store.children("rounds")))
    delivered = [round_id for round_id in own if kept_submission(company.store, round_id) is not None]
    silent = _nights_after(delivered[-1], today) if delivered else ()
    return [round_id for round_id in (*delivered, *silent) if not _has_report(company, round_id)][-MOST:]


def _nights_after(round_id: str, today: date) -> Iterator[str]:
    """Rounds of the last nights after that of ``round_id``."""
    last = date.fromisoformat(time_of(round_id)[0])
    nights = (today - timedelta(days=back) for back in reversed(range(NIGHTS)))
    return (night.isoformat() for night in nights if night > last)


def _has_report(company: PartnerContext, round_id: str) -> bool:
    return company.store.exists(outbox_key(round_id, "report.html"))
