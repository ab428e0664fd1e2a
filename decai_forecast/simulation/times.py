"""Times of an outage as a reader sees them, in days; the same on the page and in the terminal."""

from __future__ import annotations

from math import isnan

__all__ = ["until_back", "until_failure"]

AT_ONCE, NOTHING = "at once", "\u2013"


def until_failure(days: float | None, followed: float) -> str:
    """``8``; ``at once``: from the first period; ``>43``: not within the days that were ``followed``."""
    if days is None or isnan(days):
        return f">{followed:,.0f}"
    return f"{days:,.0f}" if days > 0 else AT_ONCE


def until_back(days: float | None, followed: float) -> str:
    """``20``; a dash where nothing failed, so that nothing has to come back; ``>43``: not within the days ``followed``."""
    if days is None or isnan(days):
        return f">{followed:,.0f}"
    return f"{days:,.0f}" if days > 0 else NOTHING
