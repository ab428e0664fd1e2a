"""The backtest report as one page that opens anywhere: no script, no network, light, dark and printed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from decai_forecast.periods import Calendar
from decai_forecast.reports.backtest.charts import fan_chart, horizon_chart, partner_chart, pit_chart
from decai_forecast.reports.backtest.names import model_name
from decai_forecast.reports.template import css, environment
from decai_forecast.reports.words import NOTHING, percent, plural, signed

__all__ = ["render_backtest"]

Report = Mapping[str, Any]


def render_backtest(report: Report) -> str:
    """The page of a report (:func:`build_backtest_report`); all texts in it are escaped, since names come from companies."""
    calendar = Calendar(report["calendar"]["frequency"], report["calendar"]["horizon"])
    return environment().get_template("backtest/report.html.j2").render(
        r=report,
        css=css() + (files(__package__) / "report.css").read_text(),
        charts=_charts(report),
        chose=_chose(report),
        model=model_name,
        figure=_figure,
        lowest=_lowest,
        moved=signed,
        p_value=_p,
        periods=lambda count: plural(int(count), calendar),
    )  # fmt: skip


def _charts(report: Report) -> dict[str, Any]:
    from markupsafe import Markup

    ahead = f"by {report['calendar']['period']} of the horizon"
    charts: dict[str, Any] = {f"fan{k}": fan_chart(f"fan-{k}", found) for k, found in enumerate(report["examples"])}
    charts |= {m: horizon_chart(report["by_horizon"], m, f"{m.upper()} {ahead}") for m in ("wape", "wql")}
    charts["pit"] = pit_chart(report["calibration"]["models"])
    if len(report["partners"]) > 1:
        charts["partners"] = partner_chart(report["partners"])
    return {name: Markup(svg) for name, svg in charts.items()}


def _chose(report: Report) -> dict[str, str]:
    """Partner -> what it took at the scored cut-offs, the most frequent first."""
    counts: dict[str, Counter[str]] = {}
    for row in report["choices"]:
        counts.setdefault(row["partner"], Counter())[row["told"]] += 1
    return {name: "; ".join(f"{told}\u00a0\u00d7{n}" for told, n in found.most_common()) for name, found in counts.items()}


def _lowest(scores: Mapping[str, Mapping[str, float | None]]) -> float | None:
    """The lowest WAPE of one row of models; None where none is defined."""
    return min((found["wape"] for found in scores.values() if found["wape"] is not None), default=None)


def _figure(value: float | None, form: str = "number") -> str:
    """``58.3 %``, ``+2.1 %`` or ``0.583``; a dash where there is no figure."""
    if value is None:
        return NOTHING
    if form == "number":
        return f"{value:.3f}"
    return percent(value) if form == "share" else signed(value)


def _p(value: float | None) -> str:
    if value is None:
        return NOTHING
    return f"{value:.3f}" if value >= 0.0005 else "< 0.001"
