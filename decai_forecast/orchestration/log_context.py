"""Every line of a task's log says which round and which company it is about, beside what Airflow says of the task."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from decai_forecast.round import Round

__all__ = ["About", "about", "current"]


@dataclass(frozen=True)
class About:
    """What the task of this process is about; ``partner`` is empty for a task of the coordinator."""

    round: str
    partner: str


_abouts: list[About] = []  # the last one counts: a process runs one task


def about(round: Round, partner: str = "") -> None:
    """From now on, in this process: fields ``round`` and ``partner`` of the structured log. A process runs one task."""
    fields = {"round": round.id, **({"partner": partner} if partner else {})}
    structlog.contextvars.bind_contextvars(**fields)
    _abouts.append(About(round.id, partner))


def current() -> About | None:
    """What the last task of this process is about, also after it has ended; None for one that is about no round."""
    return _abouts[-1] if _abouts else None
