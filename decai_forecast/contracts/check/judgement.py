"""What the judge says of one rule."""

from __future__ import annotations

from typing import NamedTuple

__all__ = ["Judgement"]


class Judgement(NamedTuple):
    """What Great Expectations says of one rule."""

    kept: bool | None  # None: could not be checked
    rows: int = 0  # bad ones
    value: float | None = None  # that an expectation about the whole delivery has seen
    why: str = ""  # it could not be checked
