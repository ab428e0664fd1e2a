"""Two charts as inline SVG: no script, no date, the same bytes for the same figures, colours from the page's CSS."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["demand_chart", "service_chart"]

# Matplotlib wants colours; the page's CSS variables replace these stand-ins, so that light and dark mode both fit.
INK, SOFT, LINE, FIRST, SECOND = "#010101", "#020202", "#030303", "#040404", "#050505"
VARIABLES = {INK: "--ink", SOFT: "--soft", LINE: "--line", FIRST: "--first", SECOND: "--second"}
SIZE = (8.0, 2.7)  # inches; 576 SVG units wide
FONT = 8  # SVG units: 12 px at the page's full width
TICKS = 7  # dates on the axis, about
BAND = 0.16  # opacity of P10 to P90
SALT = "decai_forecast"  # fixes the ids that Matplotlib makes up

Rows = Sequence[Mapping[str, Any]]


def service_chart(rows: Rows, failure_level: float) -> str:
    """Share of demand served per period, today and without the biggest supplier; mean with a band from P10 to P90."""
    from matplotlib.ticker import MaxNLocator

    def draw(axes: Axes) -> None:
        x = range(len(rows))
        for name, colour, style in (("base", FIRST, "-"), ("down", SECOND, (0, (5, 2)))):
            mean, low, high = ([100 * row[f"{name}_{key}"] for row in rows] for key in ("mean", "p10", "p90"))
            axes.fill_between(x, low, high, color=colour, alpha=BAND, linewidth=0)
            axes.plot(x, mean, color=colour, linestyle=style, linewidth=1.6)
        axes.axhline(100 * failure_level, color=SOFT, linewidth=0.8, linestyle=(0, (1, 2)))
        lowest = min(min(row["base_p10"], row["down_p10"]) for row in rows)
        axes.set_ylim(min(80.0, 100 * lowest // 10 * 10), 100.8)
        axes.yaxis.set_major_locator(MaxNLocator(6, integer=True, steps=[1, 2, 5, 10]))  # labels are whole per cents
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:.0f} %")
        _dates(axes, [row["date"] for row in rows])

    return _svg("service", draw, "Share of demand served per period", _told(rows))


def _told(rows: Rows) -> str:
    worst = min(rows, key=lambda row: row["down_mean"])
    lowest = f"{100 * worst['down_mean']:.0f} % on {worst['date']}"
    return f"Lowest mean without the biggest supplier: {lowest}. All numbers are in the table below."


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
        _dates(axes, [row["date"] for row in (*history, *fan)])

    return _svg(
        "demand", draw, "Total demand, units per period", "Past periods, then the forecast. All numbers are in the table below."
    )


def _dates(axes: Axes, dates: Sequence[str]) -> None:
    at = range(0, len(dates), max(1, -(-len(dates) // TICKS)))
    labels = [f"{day.day} {day:%b}" for day in (date.fromisoformat(dates[k]) for k in at)]
    axes.set_xticks(list(at), labels)
    axes.set_xlim(-0.5, len(dates) - 0.5)


def _svg(name: str, draw: Any, title: str, text: str) -> str:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": SALT, "font.size": FONT}):
        figure = Figure(figsize=SIZE)
        axes = figure.add_axes((0.075, 0.11, 0.92, 0.85))
        axes.grid(axis="y", color=LINE, linewidth=0.7)
        axes.set_axisbelow(True)
        for side, spine in axes.spines.items():
            spine.set_visible(side == "bottom")
            spine.set_color(LINE)
        axes.tick_params(length=0, pad=6, labelcolor=SOFT)
        draw(axes)
        out = io.StringIO()
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    return _inline(out.getvalue(), name, title, text)


def _inline(svg: str, name: str, title: str, text: str) -> str:
    """The bare ``<svg>`` for the page: named for readers of all kinds, ids of its own, the page's fonts and colours."""
    body = svg[svg.index("<svg") :]
    body = re.sub(r"<metadata>.*?</metadata>|<style[^>]*>.*?</style>", "", body, flags=re.DOTALL)
    body = re.sub(r'(\bid="|xlink:href="#|url\(#)', rf"\g<1>{name}-", body).replace("xlink:href", "href")
    body = re.sub(r"font: ([\d.]+px)[^;\"]*", r"font-size: \1", body)
    for colour, variable in VARIABLES.items():
        body = body.replace(colour, f"var({variable})")
    box = re.search(r'viewBox="[^"]+"', body)
    assert box is not None  # Matplotlib always writes one
    head = f'<svg {box.group()} class="chart" role="img" aria-labelledby="{name}-title {name}-text">'
    head += f'<title id="{name}-title">{escape(title)}</title><desc id="{name}-text">{escape(text)}</desc>'
    return head + body[body.index(">") + 1 :]
