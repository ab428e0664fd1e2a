"""ODCS comparison operators (``mustBe``, ``mustBeBetween``, ...) as a :class:`Bound`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from decai_forecast.contracts.model import Bound
from decai_forecast.contracts.rules.values import is_number
from decai_forecast.documents.complaints import Complaints
from decai_forecast.documents.fault import Where

__all__ = ["bound_of", "in_words"]

OPERATORS = ("mustBe", "mustNotBe", "mustBeGreaterThan", "mustBeGreaterOrEqualTo", "mustBeLessThan", "mustBeLessOrEqualTo",
             "mustBeBetween", "mustNotBeBetween")  # fmt: skip


def bound_of(
    quality: Mapping[str, Any], where: Where, complain: Complaints, default: Bound | None = None, *, counted: bool = True
) -> Bound | None:
    """The rule's one operator; None after a complaint. ``counted``: it bounds a number of rows, not just any number."""
    given = [name for name in OPERATORS if name in quality]
    if not given and default is not None:
        return default
    if len(given) != 1:
        found = f"found {' and '.join(given)}" if given else "found none"
        complain(where, f"a rule needs exactly one of {', '.join(OPERATORS[:-1])}; {found}")
        return None
    name = given[0]
    bound = _bound(name, quality[name], str(quality.get("unit") or "rows"), (*where, name), complain)
    if bound is not None and counted and not _possible(bound):
        complain((*where, name), f"{name} {quality[name]} is never kept: no number of rows is below 0")
        return None
    return bound


def _possible(bound: Bound) -> bool:
    most = bound.maximum
    return most is None or most > 0 or (most == 0 and not bound.strict_maximum)


def _bound(name: str, value: Any, unit: str, where: Where, complain: Complaints) -> Bound | None:
    if unit not in ("rows", "percent"):
        complain((*where[:-1], "unit"), f"unit {unit!r} is not known; use rows or percent")
        return None
    if name == "mustBeBetween":
        return _between(value, unit, where, complain)
    if name == "mustNotBeBetween":
        complain(where, "mustNotBeBetween is not supported; write two rules")
        return None
    if not is_number(value):
        complain(where, f"{name} must be a number, not {value!r}")
        return None
    return {
        "mustBe": Bound(value, value, unit=unit),
        "mustNotBe": Bound(unequal=value, unit=unit),
        "mustBeGreaterThan": Bound(minimum=value, strict_minimum=True, unit=unit),
        "mustBeGreaterOrEqualTo": Bound(minimum=value, unit=unit),
        "mustBeLessThan": Bound(maximum=value, strict_maximum=True, unit=unit),
        "mustBeLessOrEqualTo": Bound(maximum=value, unit=unit),
    }[name]


def _between(value: Any, unit: str, where: Where, complain: Complaints) -> Bound | None:
    if isinstance(value, list) and len(value) == 2 and all(map(is_number, value)) and value[0] <= value[1]:
        return Bound(value[0], value[1], unit=unit)
    complain(where, f"mustBeBetween must be two numbers, the lower first, not {value!r}")
    return None


def in_words(bound: Bound) -> str:
    """``at least 5``, ``between 1 and 10``, ``less than 3 %``."""
    unit = " %" if bound.unit == "percent" else ""
    low, high = bound.minimum, bound.maximum
    if bound.unequal is not None:
        return f"not {_shown(bound.unequal)}{unit}"
    if low is not None and high is not None:
        return f"exactly {_shown(low)}{unit}" if low == high else f"between {_shown(low)} and {_shown(high)}{unit}"
    if low is not None:
        return f"{'more than' if bound.strict_minimum else 'at least'} {_shown(low)}{unit}"
    return f"{'less than' if bound.strict_maximum else 'at most'} {_shown(high or 0)}{unit}"


def _shown(value: float) -> str:
    return f"{int(value):,}" if value == int(value) else f"{value:,g}"
