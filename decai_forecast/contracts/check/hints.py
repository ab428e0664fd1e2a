"""What an unreadable value looks like: a guess for the report, never for the data."""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["hint"]

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
