"""What all charts share: inline SVG, no script, no date, the same bytes for the same figures, colours from the page's CSS."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from datetime import date
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["BAND", "FIRST", "INK", "LINE", "SECOND", "SOFT", "date_axis", "drawn"]

# Matplotlib wants colours; the page's CSS variables replace these stand-ins, so that light and dark mode both fit.
INK, SOFT, LINE, FIRST, SECOND = "#010101", "#020202", "#030303", "#040404", "#050505"
VARIABLES = {INK: "--ink", SOFT: "--soft", LINE: "--line", FIRST: "--first", SECOND: "--second"}
SIZE = (8.0, 2.7)  # inches; 576 SVG units wide
FONT = 8  # SVG units: 12 px at the page's full width
TICKS = 7  # dates on the axis, about
BAND = 0.16  # opacity of q10 to q90
SALT = "decai_forecast"  # fixes the ids that Matplotlib makes up
BOX = (0.075, 0.11, 0.92, 0.85)  # left, bottom, width, height of the axes


def date_axis(axes: Axes, dates: Sequence[str]) -> None:
    """Labels the positions 0, 1, 2 ... with some of their ISO dates."""
    at = range(0, len(dates), max(1, -(-len(dates) // TICKS)))
    labels = [f"{day.day} {day:%b}" for day in (date.fromisoformat(dates[k]) for k in at)]
    axes.set_xticks(list(at), labels)
    axes.set_xlim(-0.5, len(dates) - 0.5)


def drawn(
    name: str,
    draw: Callable[[Axes], None],
    title: str,
    text: str,
    *,
    size: tuple[float, float] = SIZE,
    box: tuple[float, float, float, float] = BOX,
) -> str:
    """The ``<svg>`` of what ``draw`` puts on axes; ``name`` is unique on the page, ``title`` and ``text`` say what is seen.

    ``size`` in inches (72 SVG units each); ``box``: left, bottom, width and height of the axes as fractions of it.
    """
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context({"svg.fonttype": "none", "svg.hashsalt": SALT, "font.size": FONT}):
        figure = Figure(figsize=size)
        axes = figure.add_axes(box)
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
