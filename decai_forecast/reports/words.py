"""Numbers as a reader sees them."""

from __future__ import annotations

from datetime import date
from math import isnan

from decai_forecast.periods import Calendar
from decai_forecast.reports.json_values import significant

__all__ = ["MINUS", "NOTHING", "amount", "capital", "day", "figure", "level", "percent", "period", "plural", "signed", "units"]

NOTHING = "\u2013"  # a dash where there is no figure
USUAL_DIGITS = 2  # after the point of a currency; ISO 4217, of which these differ:
DIGITS = dict.fromkeys(
    ("BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF", "XPF"), 0
) | dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3) | dict.fromkeys(("CLF", "UYW"), 4)  # fmt: skip
MINUS = "\u2212"  # as long as a plus; a hyphen is not


def percent(fraction: float | None, decimals: int = 1) -> str:
    """``98.5 %``; a dash where there is no figure."""
    return NOTHING if fraction is None or isnan(fraction) else f"{100 * significant(fraction):.{decimals}f}\u202f%"


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
    value = significant(value)
    return f"{value:.2g}" if 0 < abs(value) < 1 else f"{value:,.{decimals}f}"


def level(value: float | None) -> str:
    """``1,234`` or ``12.345``: a quantity as it was rounded where it was made (quantities.py)."""
    if value is None or isnan(value):
        return NOTHING
    whole, _, rest = f"{significant(value):,.3f}".partition(".")
    return whole if not rest.strip("0") else f"{whole}.{rest.rstrip('0')}"


def amount(value: float | None, currency: str) -> str:
    """``EUR 1,234.50``, in the currency's digits; without a currency ``1,234 cost units``, in which holding a unit for a period
    costs 1."""
    if value is None or isnan(value):
        return NOTHING
    text = figure(value, currency)
    sign, text = (MINUS, text[1:]) if text.startswith(MINUS) else ("", text)
    return f"{sign}{currency} {text}" if currency else f"{sign}{text} cost units"


def figure(value: float | None, currency: str) -> str:
    """``1,234.50``: an amount whose currency stands beside it."""
    if value is None or isnan(value):
        return NOTHING
    digits = DIGITS.get(currency, USUAL_DIGITS)
    text = f"{significant(abs(value)):,.{digits}f}" if currency else units(abs(value))
    return f"{MINUS if value < 0 and text.strip('0.') else ''}{text}"


def capital(text: str) -> str:
    """With a capital letter at its beginning, the rest as it is."""
    return text[:1].upper() + text[1:]


def day(value: date | str) -> str:
    """``24 Nov 2026``."""
    found = date.fromisoformat(value) if isinstance(value, str) else value
    return f"{found.day} {found:%b %Y}"


def period(calendar: Calendar) -> str:
    """``day``, ``week`` or ``month``."""
    return calendar.noun


def plural(count: int, calendar: Calendar) -> str:
    """``1 week``, ``13 weeks``."""
    return f"{count} {period(calendar)}{'' if count == 1 else 's'}"
