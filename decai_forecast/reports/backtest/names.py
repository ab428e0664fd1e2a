"""Forecasters and candidates as a planner reads them, and the order they are told in."""

from __future__ import annotations

from collections.abc import Iterable

from decai_forecast.demand.candidates import COMBINED, LOCAL, SHARED, all_candidates
from decai_forecast.demand.models import MODELS

__all__ = ["COMBINED", "LOCAL", "OURS", "SHARED", "candidate_name", "model_name", "ours_first"]

OURS = (COMBINED, LOCAL, SHARED)
TITLES = {COMBINED: "Combined", LOCAL: "Own", SHARED: "Shared"}


def model_name(model: str) -> str:
    """``Moving average`` for ``moving_average``."""
    return MODELS[model].heading if model in MODELS else TITLES[model]


def candidate_name(choice: str) -> str:
    """A choice in words: ``mean, lumpy: shared`` is the mean of own and shared, and shared for lumpy items."""
    candidates, parts = all_candidates(), [part.split(": ") for part in choice.split(", ")]
    return ", ".join(": ".join([*head, candidates[last].words]) for *head, last in parts)


def ours_first(models: Iterable[str]) -> list[str]:
    """Combination, own and shared, then the local models from A to Z."""
    there = set(models)
    return [m for m in OURS if m in there] + sorted(there - set(OURS))
