"""Every line of a task's log says which round and which company it is about, beside what Airflow says of the task."""

from __future__ import annotations

import structlog

from decai_forecast.round import Round

__all__ = ["about"]


def about(round: Round, partner: str = "") -> None:
    """From now on, in this process: fields ``round`` and ``partner`` of the structured log. A process runs one task."""
    fields = {"round": round.id, **({"partner": partner} if partner else {})}
    structlog.contextvars.bind_contextvars(**fields)
