"""Figures for comparison: what participants that opted in give of a report, and the quartiles the coordinator publishes.

The quartiles that a round publishes are those of the last round before it that has figures: reports of one night come at
different times. They are written once and never change, so that nobody can watch one company come or go within a round.
"""

from __future__ import annotations

from typing import Any

from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.context import Seat
from decai_forecast.round import Round, before

__all__ = ["give_figures", "publish_comparison", "published_comparison"]


def give_figures(network: Network, seat: Seat, night: Round, report: dict[str, Any]) -> None:
    """Posts the participant's two figures to the coordinator, if it opted in."""
    from decai_forecast.reports.compare import given  # pandas: not when Airflow reads a DAG file

    figures = given(report)
    if seat.report_settings().compare and figures:
        network.inbox().write_json(f"{night.id}/compare/{seat.partner}.json", figures)


def publish_comparison(network: Network, night: Round) -> None:
    """Publishes, once, the quartiles of the last earlier round that has figures."""
    from decai_forecast.reports.compare import aggregate  # pandas: not when Airflow reads a DAG file

    inbox, public = network.inbox(), network.public()
    rounds = before(network.store(COORDINATOR).children("inbox"), night.id)
    earlier = [name for name in rounds if inbox.exists(f"{name}/compare")]
    if not earlier or public.exists(_key(night.id)):
        return
    last = earlier[-1]
    figures = [inbox.read_json(f"{last}/compare/{name}") for name in inbox.children(f"{last}/compare")]
    public.write_json(_key(night.id), {"round": last, "measures": aggregate(figures)})


def published_comparison(seat: Seat, round_id: str) -> dict[str, Any] | None:
    """What the coordinator published for this round, or None."""
    return seat.public.read_json(_key(round_id)) if seat.public.exists(_key(round_id)) else None


def _key(round_id: str) -> str:
    return f"rounds/{round_id}/comparison.json"
