"""The first record of a text file, and what spreadsheets put above it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from decai_forecast.contracts.files.faults import FileFault

__all__ = ["Header", "header_of", "ordered_names"]

DELIMITERS = ",;\t|"
DELIMITER_NAMES = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}


@dataclass(frozen=True)
class Header:
    """The columns' names in their order (empty for a column without one); ``above`` are the records above the names."""

    names: tuple[str, ...]
    delimiter: str
    above: int = 0

    @property
    def named(self) -> list[str]:
        """Names for people: a column without one is told by its place."""
        return [name or f"(column {k}, without a name)" for k, name in enumerate(self.names, start=1)]


def header_of(path: Path, delimiter: str = "") -> Header:
    """The header of a UTF-8 file; ``delimiter`` (or its English name) is found if it is not given.

    Empty lines, the line ``sep=;`` of a spreadsheet and comments (``# ...``) above the names are passed over.
    :class:`FileFault` if a name stands twice.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        above, given = 0, DELIMITER_NAMES.get(delimiter, delimiter)
        line, after = file.readline(), file.readline()
        while line and after and (found := _preface(line, after)) is not None:
            above, given = above + 1, given or found
            line, after = after, file.readline()
        given = given or max(DELIMITERS, key=line.count)
        names = tuple(next(_records(chain([line, after], file), given), []))
    if twice := sorted({name for name in names if name and names.count(name) > 1}):
        raise FileFault(f"{path}: column {twice[0]!r} stands twice in the header")
    return Header(names, given, above)


def _preface(line: str, after: str) -> str | None:
    """None if ``line`` is the header; else the delimiter it names, if any."""
    if named := re.fullmatch(r'"?sep=(.)"?\s*', line, re.IGNORECASE):
        return named[1]
    widths = [max(map(text.count, DELIMITERS)) for text in (line, after)]
    comment = line.startswith("# ") or (line.startswith("#") and widths[0] < widths[1])
    return "" if comment or not line.strip() else None


def _records(lines: Iterator[str], delimiter: str) -> Iterator[list[str]]:
    try:
        yield from csv.reader(lines, delimiter=delimiter)
    except csv.Error:  # a header that no text file has
        return


def ordered_names(names: Sequence[str]) -> dict[str, int]:
    """Name -> place, without columns that have no name or differ from an earlier one only in capitals."""
    found: dict[str, int] = {}
    for place, name in enumerate(names):
        if name and name.lower() not in map(str.lower, found):
            found[name] = place
    return found
