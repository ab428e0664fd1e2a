"""Categories as numbers: a list of names that all agreed on beforehand, so that nobody shows which of them it has."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Refused

__all__ = ["MAX_ENTRIES", "check_book", "check_codes", "codes"]

MAX_ENTRIES = 250  # of a byte's 256 bins one is for rows without a code


def check_book(feature: str, names: Sequence[str], max_bin: int) -> None:
    """:class:`Refused` unless the book has between two and ``max_bin`` - 1 entries, each once."""
    most = min(max_bin - 1, MAX_ENTRIES)
    if not 2 <= len(names) <= most or len(set(names)) != len(names):
        raise Refused(f"{feature}: a code book of {len(names)} entries; expected 2 to {most}, each once")


def codes(names: Iterable[object], book: Sequence[str]) -> npt.NDArray[np.float32]:
    """The place of each name in the book, from 0; NaN for a name that is not in it."""
    place = {name: float(k) for k, name in enumerate(book)}
    return np.array([place.get(str(name), np.nan) for name in names], np.float32)


def check_codes(feature: str, column: npt.NDArray[np.float32], entries: int) -> None:
    """:class:`Refused` at the first value that is neither missing nor the place of an entry; its row is told."""
    known = ~np.isnan(column)
    wrong = known & ~((column >= 0) & (column < entries) & (column == np.floor(column)))
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise Refused(f"{feature}, row {row}: {column[row]:g} is no code of its book, which has 0 to {entries - 1}")
