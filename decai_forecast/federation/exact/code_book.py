"""A code book in an exact training: how many entries it may have, and that rows hold nothing but its codes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Refused

__all__ = ["MAX_ENTRIES", "check_book", "check_codes"]

MAX_ENTRIES = 250  # of a byte's 256 bins one is for rows without a code


def check_book(feature: str, names: Sequence[str], max_bin: int) -> None:
    """:class:`Refused` unless the book has between two and ``max_bin`` - 1 entries, each once."""
    most = min(max_bin - 1, MAX_ENTRIES)
    if not 2 <= len(names) <= most or len(set(names)) != len(names):
        raise Refused(f"{feature}: a code book of {len(names)} entries; expected 2 to {most}, each once")


def check_codes(feature: str, column: npt.NDArray[np.float32], entries: int) -> None:
    """:class:`Refused` at the first value that is neither missing nor the place of an entry; its row is told."""
    known = ~np.isnan(column)
    wrong = known & ~((column >= 0) & (column < entries) & (column == np.floor(column)))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise Refused(f"{feature}, row {row}: {column[row]:g} is no code of its book, which has 0 to {entries - 1}")
