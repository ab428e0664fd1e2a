"""What an unreadable value looks like: a guess for the report, never for the data."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from difflib import get_close_matches

__all__ = ["hint", "meant"]

GUESSES = (
    (r"[+-]?\d{1,3}([.' ]\d{3})+,\d+|[+-]?\d+,\d+", "a decimal comma; deliver a decimal point"),
    (r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?", "a thousands separator; deliver plain digits"),
    (r"[+-]?[\d.,]+ ?(€|\$|£|EUR|USD|kg|g|l|%)|(€|\$|£) ?[\d.,]+", "a number with its unit; deliver the number alone"),
    (r"\d{1,2}[./-]\d{1,2}[./-]\d{2,4}.*", "a date in another order; deliver YYYY-MM-DD"),
    (r"\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?", "a time without its zone; add the offset, such as +01:00"),
    (r"\d+\.\d+", "a fraction where a whole number is promised"),
    (r"(?i)n/?a|null|none|nan|-+|#\w+!?|\?+", "a mark for a missing value; deliver nothing instead"),
)


def hint(raw: Iterable[str]) -> str:
    """``looks like a decimal comma; ...`` for the first value that looks like something; else nothing."""
    for value in raw:
        for pattern, said in GUESSES:
            if re.fullmatch(pattern, value.strip()):
                return f"looks like {said}"
    return ""


def meant(name: str, others: Sequence[str]) -> str:
    """``; did you mean ...`` for the one of ``others`` that is nearest to ``name``, capitals and blanks left aside."""
    plain = {other.strip().casefold(): other for other in others}
    near = get_close_matches(name.strip().casefold(), plain, n=1, cutoff=0.75)
    return f"; did you mean {plain[near[0]]!r}? Names must agree in every character" if near else ""
