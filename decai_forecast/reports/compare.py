"""How a participant stands among the others: quantiles over at least five companies, of two figures that they chose to give.

A company gives its service and its forecast error of a round, nothing per item. Published are quartiles, rounded to whole
per cents, where at least :data:`MINIMUM` companies gave a figure; below that nothing is published, and the report says so.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isfinite
from statistics import quantiles
from typing import Any

__all__ = ["MEASURES", "MINIMUM", "aggregate", "comparison", "given"]

MINIMUM = 5  # companies behind every number that is shown: k
MEASURES = ("fill_rate", "wape")
DIGITS = 2  # whole per cents: an exact quartile would be one company's own figure


def given(report: Mapping[str, Any]) -> dict[str, float]:
    """What a company that opted in gives of its report: at most two numbers."""
    quality = (report["forecast"] or {}).get("quality") or {}
    found = {
        "fill_rate": report["service"]["fill_rate"] if report["service"] else None,
        "wape": quality.get("scores", {}).get("combined", {}).get("wape"),
    }
    return {name: round(value, 4) for name, value in found.items() if value is not None}


def aggregate(figures: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Per measure the number of companies and, from :data:`MINIMUM` on, the quartiles; of fewer not even their number.

    ``figures`` come from outside: what is no finite number is left out.
    """
    found: dict[str, Any] = {}
    for name in MEASURES:
        values = [value for one in figures if isinstance(value := one.get(name), int | float) and isfinite(value)]
        if len(values) >= MINIMUM:
            low, middle, high = (round(value, DIGITS) for value in quantiles(values, n=4, method="inclusive"))
            found[name] = {"companies": len(values), "q25": low, "q50": middle, "q75": high}
    return found


def comparison(report: Mapping[str, Any], published: Mapping[str, Any] | None, *, opted_in: bool) -> dict[str, Any]:
    """The part ``comparison`` of the report; ``published``: the aggregate and its round, None where there is none yet."""
    own = given(report)
    rows = [
        {"measure": name, "own": own.get(name)} | dict(published["measures"][name])
        for name in MEASURES
        if published and name in published["measures"]
    ]
    return {"k": MINIMUM, "opted_in": opted_in, "round": published["round"] if published else None, "rows": rows}
