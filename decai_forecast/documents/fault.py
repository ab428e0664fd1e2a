"""What is wrong in a document, before it is known in which line that stands."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Fault", "Where"]

Where = tuple[str | int, ...]  # keys and places in lists, from the root of the document


class Fault(NamedTuple):
    """``key``: it is about the key at ``where``, not about its value."""

    where: Where
    text: str
    key: bool = False
