"""The report as one page that opens anywhere: no script, no network, light, dark and printed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decai_forecast.demand import all_candidates
from decai_forecast.periods import Calendar
from decai_forecast.reports.charts import demand_chart, drivers_chart, service_chart
from decai_forecast.reports.template import css, environment
from decai_forecast.reports.words import plural

__all__ = ["render_html"]

SHOWN = 50  # rows of the stock table; the CSV has all
NODES = 25  # rows of the exposure table


def render_html(report: Mapping[str, Any]) -> str:
    """The page of a report (:func:`build_report`); all texts in it are escaped, since names come from companies."""
    calendar = Calendar(report["calendar"]["frequency"], report["calendar"]["horizon"])
    return environment().get_template("report.html.j2").render(
        r=report,
        css=css(),
        charts=_charts(report),
        nodes=report["exposure"]["nodes"][:NODES] if report["exposure"] else [],
        rows=report["stock"]["rows"][:SHOWN] if report["stock"] else [],
        sites=_sites(report),
        candidates=all_candidates(),
        quarter={"D": "28 days", "W": "13 weeks", "M": "6 months"}[calendar.frequency],
        periods=lambda count: plural(int(count), calendar),
    )  # fmt: skip


def _charts(report: Mapping[str, Any]) -> dict[str, Any]:
    from markupsafe import Markup

    charts = {}
    if report["service"]:
        charts["service"] = Markup(_service(report))
    if report["forecast"] and report["forecast"]["fan"]:
        charts["demand"] = Markup(demand_chart(report["forecast"]["history"], report["forecast"]["fan"]))
    if report["planning"] and report["planning"]["drivers"]:
        charts["drivers"] = Markup(drivers_chart(report["planning"]["drivers"]["total"]))
    return charts


def _service(report: Mapping[str, Any]) -> str:
    case = "this scenario" if report["scenario"] else "the worst case"
    return service_chart(report["service"], report["calendar"]["horizon"], case)


def _sites(report: Mapping[str, Any]) -> bool:
    """Whether items need their site beside them."""
    stock = report["stock"]
    return bool(stock) and len({row["location_id"] for row in (*stock["rows"], *stock["inner"])}) > 1
