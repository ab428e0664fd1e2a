"""Quartiles of the figures that companies gave for comparison.

The quartiles that a round publishes are those of the last round before it that has figures: reports of one round come at
different times. They are written once and never change, so that nobody can watch one company come or go within a round.
"""

from __future__ import annotations

from dataclasses import asdict

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.link import Comparison, Quartiles
from decai_forecast.round import Round, before

__all__ = ["publish_comparison"]


def publish_comparison(coordinator: CoordinatorContext, round: Round) -> None:
    """Publishes, once, the quartiles of the last earlier round that has figures."""
    from decai_forecast.reports.compare import aggregate  # pandas: not when Airflow reads a DAG file

    link = coordinator.link
    if link.comparison(round.id) is not None:
        return
    for earlier in reversed(before(link.rounds(), round.id)):
        if given := link.figures(earlier):
            measures = aggregate([asdict(figures) for figures in given])
            quartiles = {name: Quartiles(**found) for name, found in measures.items()}
            link.publish_comparison(round.id, Comparison(earlier, quartiles))
            return
