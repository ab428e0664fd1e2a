"""What somebody may have meant who wrote another word."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

__all__ = ["near"]

ALIKE = 0.6  # share of the letters that two words must have in common, from 0 to 1


def near(word: str, known: Iterable[str]) -> str:
    """``; did you mean 'x'?`` for the nearest known word, or nothing."""
    nearest = difflib.get_close_matches(word, sorted(known), 1, ALIKE)
    return f"; did you mean {nearest[0]!r}?" if nearest else ""
