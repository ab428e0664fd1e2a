"""A round at a glance where one host holds all stores: for the command line, the pages and the run's note."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.summary import coordinator_summary
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.spending import Cost
from decai_forecast.partner.summary import partner_summary
from decai_forecast.round import Round

__all__ = ["gains_in_words", "privacy_in_words", "summarise"]


def summarise(network: Network, round: Round, *, scores: bool = True) -> dict[str, Any]:
    """Status, note and one row per company (JSON); ``scores`` reads each company's last 30 rounds for its quality."""
    summary = coordinator_summary(coordinator_context(network), round)
    companies = {name: partner_summary(partner_context(network, name), round.id, scores=scores) for name in network.partners}
    return summary | {"partners": [row | asdict(companies[row["partner"]]) for row in summary["partners"]]}


def gains_in_words(evaluation: Mapping[str, Any] | None) -> str:
    """What each company's score says of the new forecaster; for the coordinator, who has the scores."""
    scores = (evaluation or {}).get("scores", {})
    gains = ", ".join(f"{partner} {100 * one['gain']:+.1f} %" for partner, one in sorted(scores.items()))
    return f"Loss saved on the newest rows, against the last forecaster: {gains}." if gains else ""


def privacy_in_words(partners: Sequence[Mapping[str, Any]]) -> str:
    """One line for all companies of a summary, who mostly have spent the same; empty without privacy."""
    groups: dict[str, list[str]] = {}
    for row in partners:
        if row["privacy"]:
            groups.setdefault(Cost(**row["privacy"]).words(), []).append(row["partner"])
    costs = "; ".join(f"{what}: {', '.join(names)}" for what, names in groups.items())
    return f"Differential privacy of a training row, {costs}." if costs else ""
