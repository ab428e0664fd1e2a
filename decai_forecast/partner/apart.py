"""A company's whole round where the coordinator is somewhere else: deliver, take part, wait for what is published, report."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime

from decai_forecast.errors import DecaiError, LinkError
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_round import is_served
from decai_forecast.partner.whole_round import delivered, reported
from decai_forecast.round import Round

__all__ = ["Looks", "NotPublished", "run_apart"]

Progress = Callable[[str], None]


class NotPublished(DecaiError):
    """The coordinator has published nothing for the round in time."""

    code = "not_published"


@dataclass(frozen=True)
class Looks:
    """Seconds between two looks at what is published, the first ones and the longest, and between two lines of progress."""

    first: float = 2.0
    longest: float = 20.0
    tell: float = 60.0


def run_apart(
    company: PartnerContext,
    round: Round,
    taking_part: AbstractContextManager[None],
    until: datetime,
    progress: Progress,
    looks: Looks = Looks(),
) -> str:
    """Where the report lies. ``taking_part``: in which the company answers when it is called to train together.

    A company that was killed begins again and finds what is done. :class:`NotPublished` or :class:`LinkError` at ``until``.
    """
    if not (is_served(company, round.id) and _is_published(company, round, progress)):
        _deliver(company, round, until, progress, looks)
    if not _is_published(company, round, progress):
        with taking_part:
            _wait(company, round, until, progress, looks)
    where = reported(company, round)
    progress(f"report {company.partner}: {where}")
    return where


def _deliver(company: PartnerContext, round: Round, until: datetime, progress: Progress, looks: Looks) -> None:
    """Until the coordinator has heard of it. Its own faults are told and end nothing: a short report will name them."""
    while True:
        try:
            progress(f"deliver {company.partner}: {delivered(company, round)}")
            return
        except DecaiError as error:
            progress(f"deliver {company.partner}: {error.code}: {str(error).splitlines()[0]}")
            if not isinstance(error, LinkError):
                return
            if not error.passes or datetime.now(UTC) >= until:
                raise
        time.sleep(looks.longest)


def _wait(company: PartnerContext, round: Round, until: datetime, progress: Progress, looks: Looks) -> None:
    """Until the round's shared forecaster is published, or the last one for want of it."""
    pause, lines = looks.first, _Lines(progress, looks.tell)
    lines.tell(f"{company.partner}: waits for round {round.id}, until {until:%Y-%m-%d %H:%M} UTC at most")
    while not _is_published(company, round, lines.tell):
        if datetime.now(UTC) >= until:
            raise NotPublished(
                f"{company.partner}: nothing was published for round {round.id} until {until:%Y-%m-%d %H:%M} UTC; ask the "
                f"coordinator, then `decai round run --partner {company.partner} --round {round.id}` goes on"
            )
        time.sleep(pause)
        pause = min(1.5 * pause, looks.longest)
        lines.tell(_far(company, round))
    progress(f"{company.partner}: round {round.id} is published")


def _is_published(company: PartnerContext, round: Round, tell: Progress) -> bool:
    """A coordinator that does not answer has published nothing yet; what does not hold is an error."""
    try:
        return company.link.shared(round.id) is not None
    except LinkError as error:
        if not error.passes:
            raise
        tell(f"{company.partner}: {error}")
        return False


def _far(company: PartnerContext, round: Round) -> str:
    """How far the shared training is."""
    try:
        progress = company.link.progress(round.id)
    except DecaiError as error:  # it is for looking at only
        return f"{company.partner}: {error.code}"
    return f"{company.partner}: {progress.line}" if progress else f"{company.partner}: waits for the others"


class _Lines:
    """Says a line at once if it begins otherwise than the last one, and else when it is time again."""

    def __init__(self, progress: Progress, seconds: float) -> None:
        self._progress, self._seconds = progress, seconds
        self._last, self._at = "", float("-inf")

    def tell(self, line: str) -> None:
        if line[:40] == self._last and time.monotonic() - self._at < self._seconds:
            return
        self._last, self._at = line[:40], time.monotonic()
        self._progress(line)
