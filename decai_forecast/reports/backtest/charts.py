"""The charts of the backtest report (see svg.py)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import pairwise
from math import isnan
from typing import TYPE_CHECKING, Any

from decai_forecast.reports.backtest.names import COMBINED, LOCAL, SHARED, model_name
from decai_forecast.reports.svg import BAND, FIRST, INK, LINE, SECOND, SOFT, drawn
from decai_forecast.reports.words import MINUS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["fan_chart", "horizon_chart", "partner_chart", "pit_chart"]

Rows = Sequence[Mapping[str, Any]]
ROW = 0.2  # inches of a partner in the chart of partners
EDGE = 0.42  # inches of its axis
ROOMY = (0.075, 0.11, 0.89, 0.85)  # the last label of the axis needs room
NAME = 22  # characters of a partner's name in it; the table has all of it
TICKS = 8  # dates on an axis, about
LABEL = 0.065  # of the axis' height: distance between two names
STYLES: Mapping[str, tuple[str, Any, float]] = {  # colour, dashes, width
    COMBINED: (FIRST, "-", 2.2),
    LOCAL: (SECOND, (0, (5, 2)), 1.6),
    SHARED: (INK, (0, (1, 1.5)), 1.6),
}
SIMPLE = (SOFT, "-", 0.8)


def partner_chart(rows: Rows) -> str:
    """Change of the combination's WAPE (dot) and WQL (ring) against each partner's own forecaster; the worst on top."""
    height = ROW * len(rows) + EDGE

    def draw(axes: Axes) -> None:
        y = range(len(rows), 0, -1)
        axes.grid(axis="y", visible=False)
        axes.grid(axis="x", color=LINE, linewidth=0.7)
        axes.axvline(0, color=SOFT, linewidth=1)
        for name, style in (("wape", {"color": FIRST}), ("wql", {"facecolor": "none", "edgecolor": SECOND, "linewidth": 1.4})):
            known = [(100 * row["change"][name], k) for row, k in zip(rows, y, strict=True) if row["change"][name] is not None]
            axes.scatter([x for x, _ in known], [k for _, k in known], s=26, zorder=3, **style)
        axes.set_yticks(list(y), [_short(row["partner"]) for row in rows])
        axes.set_ylim(0.3, len(rows) + 0.7)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:+g} %".replace("-", MINUS) if value else "0 %")

    worst = max(rows, key=lambda row: row["change"]["wape"] or 0.0)
    text = f"Largest rise in WAPE: {worst['partner']}. All numbers are in the table below."
    box = (0.21, (EDGE - 0.1) / height, 0.77, 1 - EDGE / height)
    return drawn("partners", draw, "Change of error against the own forecaster, by partner", text, size=(8.0, height), box=box)


def _short(name: str) -> str:
    return name if len(name) <= NAME else f"{name[: NAME - 1]}…"


def horizon_chart(rows: Rows, measure: str, title: str) -> str:
    """One line per model over the periods ahead; ours stand out, the simple ones are grey."""
    from matplotlib.ticker import MaxNLocator

    models = [m for m in rows[0]["scores"] if any(row["scores"][m][measure] is not None for row in rows)]

    def draw(axes: Axes) -> None:
        for model in reversed(models):
            colour, dashes, width = STYLES.get(model, SIMPLE)
            x, y = [int(row["part"]) for row in rows], [_number(row["scores"][model][measure]) for row in rows]
            marker = "o" if len(rows) == 1 else None
            axes.plot(x, y, color=colour, linestyle=dashes, linewidth=width, marker=marker)
        _label_ends(axes, {m: _number(rows[-1]["scores"][m][measure]) for m in models})
        axes.set_xlim(0.8, len(rows) + 0.2)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))

    text = f"Models: {', '.join(map(model_name, models))}. All numbers are in the table below."
    return drawn(f"horizon-{measure}", draw, title, text, box=(0.075, 0.11, 0.78, 0.85))


def _label_ends(axes: Axes, last: Mapping[str, float]) -> None:
    """Names at the right end of the lines, moved apart where they would lie on each other."""
    there = sorted((m for m in last if not isnan(last[m])), key=lambda m: last[m])
    low, high = axes.get_ylim()
    at, edge = [], float("-inf")
    for model in there:
        edge = max(last[model], edge + LABEL * (high - low))
        at.append(edge)
    over = max(0.0, at[-1] - high) if at else 0.0
    for model, y in zip(there, at, strict=True):
        colour = STYLES[model][0] if model in STYLES else SOFT
        axes.annotate(model_name(model), (1.01, y - over), xycoords=("axes fraction", "data"), color=colour, va="center")


def _number(value: float | None) -> float:
    return float("nan") if value is None else value


def pit_chart(models: Mapping[str, Mapping[str, Any]]) -> str:
    """Histogram of the combination's PIT, with that of the own forecaster as an outline; flat at 10 % is calibrated."""
    ours = [100 * share for share in models[COMBINED]["pit"]]

    def draw(axes: Axes) -> None:
        width = 100 / len(ours)
        edges = [width * k for k in range(len(ours) + 1)]
        axes.bar(edges[:-1], ours, width=0.92 * width, align="edge", color=FIRST, alpha=0.55, linewidth=0)
        if LOCAL in models:
            own = [100 * share for share in models[LOCAL]["pit"]]
            axes.stairs(own, edges, baseline=None, color=SECOND, linewidth=1.4, linestyle=(0, (5, 2)))
        axes.axhline(width, color=SOFT, linewidth=1, linestyle=(0, (1, 2)))
        axes.set_xticks(edges)
        axes.set_xlim(0, 100)
        axes.xaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")

    text = "Shares of the ten bars: " + ", ".join(f"{share:.1f} %" for share in ours) + "."
    return drawn("pit", draw, "Where the actuals fell in the forecast distribution", text, box=ROOMY)


def fan_chart(name: str, example: Mapping[str, Any]) -> str:
    """Demand as it was, and at every cut-off the forecast of the next horizon: median, and a band from q10 to q90."""
    history, forecast = example["history"], example["forecast"]
    dates = list(dict.fromkeys(row["date"] for row in (*history, *forecast)))
    at = {day: k for k, day in enumerate(dates)}

    def draw(axes: Axes) -> None:
        for start, part in _windows(example):
            x = [at[row["date"]] for row in part]
            axes.fill_between(x, [r["q10"] for r in part], [r["q90"] for r in part], color=FIRST, alpha=BAND, linewidth=0)
            axes.plot(x, [row["q50"] for row in part], color=FIRST, linewidth=1.6, linestyle=(0, (5, 2)))
            axes.axvline(at[start] - 0.5, color=LINE, linewidth=1)
        actual = [(r["date"], r["units"]) for r in history] + [(r["date"], r["actual"]) for r in forecast]
        axes.plot([at[day] for day, _ in actual], [_number(y) for _, y in actual], color=INK, linewidth=1.1)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
        _months(axes, dates)

    title = f"Demand and forecasts of item {example['item']} of {example['partner']}"
    return drawn(
        name, draw, title, "Solid: demand; dashed: median of each forecast; band: q10 to q90. Numbers below.", box=ROOMY
    )


def _windows(example: Mapping[str, Any]) -> list[tuple[str, Rows]]:
    """(first date, rows) of the forecast of each cut-off; cut-offs are ISO dates, so that text order is time order."""
    starts = [*example["origins"], "9999-12-31"]
    parts = [[r for r in example["forecast"] if a <= r["date"] < b] for a, b in pairwise(starts)]
    return [(part[0]["date"], part) for part in parts if part]


def _months(axes: Axes, dates: Sequence[str]) -> None:
    at = range(0, len(dates), max(1, -(-len(dates) // TICKS)))
    axes.set_xticks(list(at), [f"{date.fromisoformat(dates[k]):%b %Y}" for k in at])
    axes.set_xlim(-0.5, len(dates) - 0.5)
