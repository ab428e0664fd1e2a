"""Numbers as a reader sees them."""

from __future__ import annotations

from datetime import date
from math import isnan

from decai_forecast.periods import Calendar

__all__ = ["MINUS", "NOTHING", "amount", "day", "percent", "period", "plural", "signed", "units"]

NOTHING = "\u2013"  # a dash where there is no figure
MINUS = "\u2212"  # as long as a plus; a hyphen is not


def percent(fraction: float | None, decimals: int = 1) -> str:
    """``98.5 %``; a dash where there is no figure."""
    return NOTHING if fraction is None or isnan(fraction) else f"{100 * fraction:.{decimals}f}\u202f%"


def signed(fraction: float | None, decimals: int = 1) -> str:
    """As :func:`percent`, with a plus or a minus; without either where it is rounded to nothing."""
    text = percent(fraction if fraction is None else abs(fraction), decimals)
    if fraction is None or isnan(fraction) or round(100 * fraction, decimals) == 0:
        return text
    return f"{'+' if fraction > 0 else MINUS}{text}"


def units(value: float | None, decimals: int = 0) -> str:
    """``1,234``; small amounts keep two significant digits."""
    if value is None or isnan(value):
        return NOTHING
    return f"{value:.2g}" if 0 < abs(value) < 1 else f"{value:,.{decimals}f}"


def amount(value: float | None, currency: str) -> str:
    """``EUR 1,234``; without a currency ``1,234 cost units``, in which holding a unit for a period costs 1."""
    if value is None or isnan(value):
        return NOTHING
    text = units(abs(value)) if abs(value) < 1 else f"{abs(value):,.0f}"
    sign = MINUS if value < 0 and text != "0" else ""
    return f"{sign}{currency} {text}" if currency else f"{sign}{text} cost units"


def day(value: date | str) -> str:
    """``24 Nov 2026``."""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{found.day} {found:%b %Y}"


def period(calendar: Calendar) -> str:
    """``day``, ``week`` or ``month``."""
    return {"D": "day", "W": "week", "M": "month"}[calendar.frequency]


def plural(count: int, calendar: Calendar) -> str:
    """``1 week``, ``13 weeks``."""
    return f"{count} {period(calendar)}{'' if count == 1 else 's'}"
