"""What became of a round's new shared forecaster, and what the training cost in privacy: in words, for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from decai_forecast.network import Privacy
from decai_forecast.store import Store

__all__ = ["cost_in_words", "gains_in_words", "privacy_in_words", "spending", "verdict_in_words"]


def verdict_in_words(shared: Mapping[str, Any]) -> str:
    """One sentence on champion and challenger, from what the round published; empty where there was nothing to compare."""
    verdict = shared.get("evaluation")
    if verdict is None:
        private = shared.get("privacy") and shared["status"] == "trained"
        return "The new shared forecaster ships uncompared: scores are exact, and its training is private." if private else ""
    if verdict["promoted"]:
        return f"The new shared forecaster ships: {verdict['reason']}."
    return f"The new shared forecaster does not ship, the last one stays in use: {verdict['reason']}."


def gains_in_words(evaluation: Mapping[str, Any] | None) -> str:
    """What each partner's score says of the new forecaster; for the coordinator, who has the scores."""
    scores = (evaluation or {}).get("scores", {})
    told = ", ".join(f"{partner} {100 * one['gain']:+.1f} %" for partner, one in sorted(scores.items()))
    return f"Loss saved on the newest rows, against the last forecaster: {told}." if told else ""


def spending(store: Store, round_id: str, privacy: Privacy) -> dict[str, float] | None:
    """Epsilon of the round and of it with all before (``spent``), by the company's own accountant; and the budget.

    None where the company has no records of exact trainings: they lie elsewhere, or it has never trained exactly.
    """
    from decai_forecast.federation.exact import accountant  # numpy: not when Airflow reads a DAG file

    cost = accountant.spending(store, round_id, privacy.delta)
    if cost is None:
        return None
    return {"tonight": cost.of_round, "spent": cost.total, "budget": privacy.budget, "delta": privacy.delta}


def privacy_in_words(partners: Sequence[Mapping[str, Any]]) -> str:
    """One line for all partners of a summary, who mostly have spent the same; empty without privacy."""
    groups: dict[str, list[str]] = {}
    for row in partners:
        if cost := row["privacy"]:
            groups.setdefault(cost_in_words(cost), []).append(row["partner"])
    told = "; ".join(f"{what}: {', '.join(names)}" for what, names in groups.items())
    return f"Differential privacy of a training row, {told}." if told else ""


def cost_in_words(cost: Mapping[str, float]) -> str:
    """``epsilon 2.97 tonight, 5.31 of 30 spent (delta 1e-06)``."""
    return f"epsilon {cost['tonight']:.2f} tonight, {cost['spent']:.2f} of {cost['budget']:g} spent (delta {cost['delta']:g})"
