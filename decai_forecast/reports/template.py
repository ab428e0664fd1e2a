"""What all pages share: the template environment, which escapes every text, and the style sheet."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from decai_forecast.reports.words import amount, capital, day, figure, level, percent, units
from decai_forecast.simulation.times import until_back, until_failure

if TYPE_CHECKING:
    from jinja2 import Environment

__all__ = ["css", "environment"]


@cache
def environment() -> Environment:
    """Jinja over the templates of this room; an unknown name in a template is an error."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    found = Environment(
        loader=PackageLoader("decai_forecast.reports", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    found.filters |= {
        "percent": percent,
        "units": units,
        "day": day,
        "amount": amount,
        "capital": capital,
        "figure": figure,
        "level": level,
        "until_failure": until_failure,
        "until_back": until_back,
    }
    found.filters["words"] = lambda text: text.replace("_", " ")
    return found


def css() -> str:
    """Light, dark and printed."""
    return (files(__package__) / "page.css").read_text()
