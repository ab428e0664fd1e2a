"""The kinds of files that come from outside, as their messages call them."""

from __future__ import annotations

from dataclasses import dataclass

from decai_forecast.errors import DocumentError

__all__ = ["Kind"]


@dataclass(frozen=True)
class Kind:
    """``name`` with its article: "a contract". ``expected``: what a file of this kind holds, told where it holds no mapping.

    ``version``: the number that its key ``version`` must have; None: it has no such key.
    """

    name: str
    expected: str
    error: type[DocumentError] = DocumentError
    version: int | None = None
