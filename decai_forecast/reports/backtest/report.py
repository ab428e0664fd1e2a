"""The backtest report as JSON: every figure the page shows, and each partner's."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import Any

from decai_forecast.reports.backtest.calibration import calibration
from decai_forecast.reports.backtest.examples import examples
from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.headline import headline
from decai_forecast.reports.backtest.method import choices, method, origins, skipped, slips
from decai_forecast.reports.backtest.money import money
from decai_forecast.reports.backtest.scores import by_part, paired, partners, scores
from decai_forecast.reports.json_values import json_values, validated
from decai_forecast.reports.words import period

__all__ = ["FORMAT", "build_backtest_report", "schema"]

FORMAT = "decai-backtest/1"


@cache
def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of the report."""
    found: dict[str, Any] = json.loads((files(__package__) / "report.schema.json").read_text())
    return found


def build_backtest_report(facts: BacktestFacts) -> dict[str, Any]:
    """The report of a backtest, valid by ``report.schema.json``; the same for equal facts.

    Shares, errors and changes are fractions of 1. :class:`ConfigError` where there is no forecast to judge.
    """
    cutoffs, tests, found = origins(facts), paired(facts), partners(facts)
    report = {
        "format": FORMAT,
        "source": facts.source,
        "partner": facts.partner,
        "alone": facts.alone,
        "calendar": {
            "frequency": facts.calendar.frequency,
            "horizon": facts.calendar.horizon,
            "period": period(facts.calendar),
        },
        "headline": headline(facts, tests, found),
        "models": facts.models,
        "origins": cutoffs,
        "scores": scores(facts),
        "paired": tests,
        "partners": found,
        "choices": choices(facts),
        "by_horizon": by_part(facts, "h"),
        "by_class": by_part(facts, "item_class"),
        "by_origin": by_part(facts, "origin"),
        "calibration": calibration(facts),
        "money": money(facts),
        "examples": examples(facts),
        "skipped": skipped(facts),
        "slips": slips(facts),
        "method": method(facts, cutoffs),
        "seed": facts.seed,
        "versions": dict(sorted(facts.versions.items())),
    }
    return validated(json_values(report), schema())
