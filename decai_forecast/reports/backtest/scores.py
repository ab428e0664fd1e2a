"""The tables of scores: over all, by partner, horizon, item class and origin, and the paired tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from math import isnan
from typing import Any

import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.demand.metrics import ITEM_CLASSES
from decai_forecast.demand.paired import SIGNIFICANT, compare, holm
from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.measures import MEASURES, best
from decai_forecast.reports.backtest.names import COMBINED, LOCAL, model_name
from decai_forecast.reports.json_values import records

__all__ = ["NAMES", "TOO_FEW", "best_baseline", "by_part", "change", "means", "medians", "paired", "partners", "scores"]

NAMES = [measure.name for measure in MEASURES]
TESTED = ("wape", "wql", "cost")
TOO_FEW = "too few to tell"


def means(facts: BacktestFacts) -> pd.DataFrame:
    """Model -> measures: means over the partners, each weighing the same, in the order of the page."""
    return facts.scored.groupby("model")[NAMES].mean().loc[facts.models]


def medians(facts: BacktestFacts) -> pd.DataFrame:
    """As :func:`means`, of the median partner: one that collapses moves it no further than any other."""
    return facts.scored.groupby("model")[NAMES].median().loc[facts.models]


def scores(facts: BacktestFacts) -> dict[str, Any]:
    """The table of scores, and which models are best in each column."""
    found = means(facts)
    return {
        "models": dict(zip(found.index, records(found), strict=True)),
        "medians": dict(zip(found.index, records(medians(facts)), strict=True)),
        "best": {measure.name: best(measure, found[measure.name]) for measure in MEASURES},
        "measures": [asdict(measure) | {"hint": measure.hint} for measure in MEASURES],
    }


def best_baseline(facts: BacktestFacts, measure: str) -> str | None:
    """The simple model that does best by ``measure`` in hindsight; None where there is none."""
    known = means(facts).loc[facts.baseline, measure].dropna()
    return str(known.idxmin()) if len(known) else None


def change(ours: float, theirs: float) -> float:
    """-0.05: five per cent less; NaN against nothing."""
    return ours / theirs - 1 if theirs > 0 else float("nan")


def paired(facts: BacktestFacts) -> dict[str, Any]:
    """The combination against every other model, pair by pair: partners, or the series of a partner that is told alone."""
    unit = "partners" if len(facts.partners) > 1 else "series"
    keys = ["partner"] if unit == "partners" else SERIES
    found = facts.scored if unit == "partners" else facts.summary(facts.rows, ["model", *keys])
    tests = [row for measure in TESTED for row in _tests(facts, found, keys, measure)]
    return {"unit": unit, "tests": tests}


def _tests(facts: BacktestFacts, found: pd.DataFrame, keys: list[str], measure: str) -> list[dict[str, Any]]:
    """The tests of one measure, corrected for their number."""
    rows = [_test(found, keys, model, measure) for model in facts.models if model != COMBINED]
    corrected = holm([row["p"] for row in rows])
    return [
        row | {"p_holm": p, "word": _word(row["pairs"], len(rows), row["median_change"], p)}
        for row, p in zip(rows, corrected, strict=True)
    ]


def _test(found: pd.DataFrame, keys: list[str], model: str, measure: str) -> dict[str, Any]:
    wide = found.pivot(index=keys, columns="model", values=measure)
    result = compare(
        wide[COMBINED],
        wide[model],
        names=(model_name(COMBINED), model_name(model)),
        unit="partners" if keys == ["partner"] else "series",
    )
    return {"model": model, "measure": measure} | asdict(result)


def _word(pairs: int, tests: int, median_change: float, p: float) -> str:
    """``p`` is corrected for the number of ``tests``; too few are pairs that cannot reach significance, whatever they say."""
    if 2 * 0.5**pairs * tests >= SIGNIFICANT:
        return TOO_FEW
    if not p < SIGNIFICANT or not median_change:
        return "no clear difference"
    return "better" if median_change < 0 else "worse"


def partners(facts: BacktestFacts) -> list[dict[str, Any]]:
    """Every partner's scores by model, and the change of the combination against its own forecaster; the worst first, unknown
    changes last."""
    found = [_partner(facts, name, part.set_index("model")) for name, part in facts.scored.groupby("partner", sort=True)]
    return sorted(found, key=lambda row: (isnan(row["change"]["wape"]), -row["change"]["wape"], row["partner"]))


def _partner(facts: BacktestFacts, name: object, found: pd.DataFrame) -> dict[str, Any]:
    there = found.loc[[m for m in facts.models if m in found.index]]
    return {
        "partner": str(name),
        "series": int(there["series"].iloc[0]),
        "units": float(there["actual"].iloc[0]),
        "scores": dict(zip(there.index, records(there[[*NAMES, "money"]]), strict=True)),
        "change": {m: change(*there.loc[[COMBINED, LOCAL], m]) for m in TESTED},
    }


def by_part(facts: BacktestFacts, column: str) -> list[dict[str, Any]]:
    """WAPE and WQL of every model by ``h``, ``item_class`` or ``origin``.

    Errors are summed over the partners as shares of each one's total demand, so that a part of which a partner sells next
    to nothing cannot decide; over all parts that is the mean over partners again.
    """
    found = facts.summary(facts.level, ["model", column]).set_index(["model", column])
    once = facts.level[facts.level["model"] == COMBINED]
    total = float(once["actual"].sum())
    rows = []
    for part in _parts(once[column]):
        there = found.loc[[(m, part) for m in facts.models if (m, part) in found.index]].droplevel(column)
        about = {"part": _told(part), "series": int(there["series"].iloc[0]), "share": float(there["actual"].iloc[0]) / total}
        rows.append(about | {"scores": dict(zip(there.index, records(there[["wape", "wql"]]), strict=True))})
    return rows


def _parts(values: pd.Series) -> Sequence[Any]:
    """In the order of time, or of the classes."""
    found = list(values.dropna().unique())
    order: Mapping[Any, Any] = {name: k for k, name in enumerate(ITEM_CLASSES)}
    return sorted(found, key=lambda part: order.get(part, part))


def _told(part: Any) -> str:
    if isinstance(part, pd.Timestamp):
        return part.date().isoformat()
    return str(part) if isinstance(part, str) else f"{part:g}"
