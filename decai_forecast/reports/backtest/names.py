"""Forecasters and candidates as a planner reads them, and the order they are told in."""

from __future__ import annotations

from collections.abc import Iterable

from decai_forecast.demand.backtest import SIMPLE

__all__ = ["BASELINE", "COMBINED", "LOCAL", "SHARED", "candidate_name", "model_name", "ours_first"]

COMBINED, LOCAL, SHARED = "combined", "local", "shared"
BASELINE = SIMPLE
OURS = (COMBINED, LOCAL, SHARED)
MODELS = {COMBINED: "Combined", LOCAL: "Own", SHARED: "Shared", "croston": "Croston", "sba": "SBA", "tsb": "TSB"}
CANDIDATES = {
    "local": "own",
    "mostly_local": "three quarters own",
    "mean": "mean of own and shared",
    "mostly_shared": "three quarters shared",
    "shared": "shared",
    "shared_and_local_trees": "shared with own trees",
}


def model_name(model: str) -> str:
    """``Moving average`` for ``moving_average``."""
    return MODELS.get(model, model.replace("_", " ").capitalize())


def candidate_name(told: str) -> str:
    """A choice in words: ``mean, lumpy: shared`` is the mean of own and shared, and shared for lumpy items."""
    parts = [part.split(": ") for part in told.split(", ")]
    return ", ".join(": ".join([*head, CANDIDATES.get(last, last.replace("_", " "))]) for *head, last in parts)


def ours_first(models: Iterable[str]) -> list[str]:
    """Combination, own and shared, then the simple ones from A to Z."""
    there = set(models)
    return [m for m in OURS if m in there] + sorted(there - set(OURS))
