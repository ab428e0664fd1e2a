"""The charts of the resilience report (see svg.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from decai_forecast.reports.svg import BAND, FIRST, LINE, SECOND, SOFT, date_axis, drawn

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["demand_chart", "drivers_chart", "service_chart"]

Rows = Sequence[Mapping[str, Any]]


def service_chart(service: Mapping[str, Any], horizon: int, case: str = "the worst case") -> str:
    """Share of demand served per period, today and in the worst case; mean with a band from P10 to P90, both thresholds.

    A line marks the end of the forecast where more than its ``horizon`` was simulated.
    """
    from matplotlib.ticker import MaxNLocator

    rows: Rows = service["periods"]

    def draw(axes: Axes) -> None:
        x = range(len(rows))
        for name, colour, style in (("base", FIRST, "-"), ("down", SECOND, (0, (5, 2)))):
            mean, low, high = ([100 * row[f"{name}_{key}"] for row in rows] for key in ("mean", "p10", "p90"))
            axes.fill_between(x, low, high, color=colour, alpha=BAND, linewidth=0)
            axes.plot(x, mean, color=colour, linestyle=style, linewidth=1.6)
        for level, dashes in (("failure_level", (1, 2)), ("recovery_level", (6, 2, 1, 2))):
            axes.axhline(100 * service[level], color=SOFT, linewidth=0.8, linestyle=(0, dashes))
        if len(rows) > horizon:
            axes.axvline(horizon - 0.5, color=LINE, linewidth=1)
        lowest = min(min(row["base_p10"], row["down_p10"]) for row in rows)
        axes.set_ylim(min(80.0, 100 * lowest // 10 * 10), 100.8)
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))  # labels are whole per cents
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
        date_axis(axes, [row["date"] for row in rows])

    return drawn("service", draw, "Share of demand served per period", _told(rows, case))


def _told(rows: Rows, case: str) -> str:
    worst = min(rows, key=lambda row: row["down_mean"])
    lowest = f"{100 * worst['down_mean']:.0f} % on {worst['date']}"
    return f"Lowest mean in {case}: {lowest}. All numbers are in the table below."


def demand_chart(history: Rows, fan: Rows) -> str:
    """Total demand: the last periods, then the forecast's mean with a band from q10 to q90; units per period."""

    def draw(axes: Axes) -> None:
        past, x = len(history), range(len(history), len(history) + len(fan))
        axes.plot(range(past), [row["units"] for row in history], color=SOFT, linewidth=1.3)
        axes.fill_between(x, [row["q10"] for row in fan], [row["q90"] for row in fan], color=FIRST, alpha=BAND, linewidth=0)
        axes.plot(x, [row["mean"] for row in fan], color=FIRST, linewidth=1.6, linestyle=(0, (5, 2)))
        if history:
            axes.axvline(past - 0.5, color=LINE, linewidth=1)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        date_axis(axes, [row["date"] for row in (*history, *fan)])

    return drawn(
        "demand", draw, "Total demand, units per period", "Past periods, then the forecast. All numbers are in the table below."
    )


def drivers_chart(entry: Mapping[str, Any]) -> str:
    """From the starting level to the forecast, driver by driver, in units per period; the largest first."""
    moves = sorted(entry["drivers"].items(), key=lambda move: (-abs(move[1]), move[0]))
    steps = [*((name, value) for name, value in moves if value), ("finish", entry["finish"])]
    ends = [entry["base"]]
    for _, value in steps:
        ends.append(ends[-1] + value)
    labels = ["starting level", *(name for name, _ in steps), "forecast"]

    def draw(axes: Axes) -> None:
        axes.grid(visible=False)
        axes.barh([0, len(steps) + 1], [entry["base"], entry["forecast"]], color=SOFT, height=0.6, alpha=0.55)
        for k, (_, value) in enumerate(steps, start=1):
            axes.barh(k, value, left=ends[k - 1], color=FIRST if value > 0 else SECOND, height=0.6)
            _beside(axes, max(ends[k - 1], ends[k]), k, f"{value:+,.3g}")
        for k, value in ((0, entry["base"]), (len(steps) + 1, entry["forecast"])):
            _beside(axes, value, k, f"{value:,.4g}")
        axes.axvline(entry["recent"], color=SOFT, linewidth=0.8, linestyle=(0, (1, 2)))
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
        low, high = min(0.0, *ends), max(*ends, entry["recent"])
        axes.set_xlim(low, low + 1.1 * (high - low))
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")

    text = "The dotted line is the mean of the last quarter. " + ", ".join(f"{name} {value:+,.3g}" for name, value in steps)
    size, box = (8.0, 0.35 + 0.27 * len(labels)), (0.2, 0.1, 0.79, 0.88)
    return drawn("drivers", draw, "From the starting level to the forecast, units per period", text, size=size, box=box)


def _beside(axes: Axes, x: float, y: float, text: str) -> None:
    """A number at the right end of a bar."""
    axes.annotate(text, (x, y), xytext=(4, 0), textcoords="offset points", va="center", color=SOFT)
