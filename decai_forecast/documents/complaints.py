"""Collecting what is wrong in a document, so that a person sees all of it at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.spelling import near

__all__ = ["Complaints"]


class Complaints:
    """The faults of one document. ``strict``: whatever takes a heavy library is looked into too."""

    def __init__(self, *, strict: bool = True) -> None:
        self.strict = strict
        self.found: list[Fault] = []

    def __call__(self, where: Where, text: str, *, key: bool = False) -> None:
        self.found.append(Fault(where, text, key))

    def column(self, name: Any, columns: Mapping[str, Any], where: Where) -> bool:
        """Whether ``name`` is a contracted column; complains if not."""
        if name in columns:
            return True
        self(where, f"{name!r} is not a column{near(str(name), set(columns))}; there are {', '.join(columns)}")
        return False

    def keys(self, node: Mapping[str, Any], known: Sequence[str], where: Where) -> None:
        """Complains about keys of ``node`` that nobody would read."""
        for key in node:
            if key not in known:
                advice = near(str(key), set(known)) or f"; known are {', '.join(known)}"
                self((*where, key), f"unknown key {key!r}{advice}", key=True)
