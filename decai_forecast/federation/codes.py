"""What may be said of an error across a company's border: a code."""

from __future__ import annotations

from decai_forecast.errors import DecaiError

__all__ = ["CLIENT_FAILED", "MALFORMED", "NO_ROWS", "TIMEOUT", "code_of"]

CLIENT_FAILED = 2  # Flower's own number for a client application that raised
NO_ROWS = "no_rows"  # the node has nothing for a cut-off; of an old one that is no failure
TIMEOUT = "timeout"  # no answer within the plan's time
MALFORMED = "malformed"  # an answer that does not hold what was asked for


def code_of(error: BaseException) -> str:
    """The error's code, or ``internal``; never its message, which may name files and rows."""
    return error.code if isinstance(error, DecaiError) else "internal"
