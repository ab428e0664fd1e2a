"""The ``supply:`` section of ``network.yaml``: what a participant states about its supply network instead of delivering it.

::

    supply:
      alder_foods:
        suppliers: [{vendor: Acme, recovery_days: 28, capacity: 500}]
        sites: [{location_id: dc, recovery_days: 14}]
        lanes: [{from_id: Acme, to_id: dc, lead_time_days: 10}]
        bill_of_materials: [{item_id: kit, component_id: part, quantity: 2}]
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Where
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.spelling import near
from decai_forecast.errors import ConfigError, DocumentError, Problem
from decai_forecast.simulation.network.rows import NUMBERS, TEXTS, WHERE

__all__ = ["read_section"]

NETWORK = Kind("a network file", "expected a mapping with `version: 1`", version=1)
TABLES: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {  # table -> columns that must be there, and others
    "suppliers": (("vendor",), ("recovery_days", "capacity")),
    "sites": (("location_id",), ("recovery_days", "capacity")),
    "lanes": (("from_id", "to_id", "lead_time_days"), ("item_id", "share", "capacity", "recovery_days")),
    "bill_of_materials": (("item_id", "component_id", "quantity"), ("location_id", "lead_time_days", "unit")),
}


def read_section(path: Path, participant: str) -> Mapping[str, pd.DataFrame]:
    """The tables that ``path`` states for ``participant``; empty where there are none.

    Each row knows its line. Raises :class:`ConfigError` with file, line and column of every fault.
    """
    try:
        document = Document(path, NETWORK)
        section = document.value.get("supply") or {}
        if problems := [*document.repeated(), *_problems(document, section, participant)]:
            raise document.error(problems)
    except DocumentError as error:
        raise ConfigError(str(error)) from None
    tables = section.get(participant) or {}
    return {name: _frame(document, ("supply", participant, name), rows) for name, rows in tables.items() if rows}


def _problems(document: Document, section: Any, participant: str) -> Iterator[Problem]:
    """What is wrong, in the order of the file; only in the part of ``participant``, but for the names of participants."""
    if not isinstance(section, dict):
        yield document.problem(("supply",), "supply must be a mapping of participants")
        return
    known = [str(p.get("id")) for p in document.value.get("participants") or () if isinstance(p, dict)]
    for name in section:
        if name not in known:
            said = f"supply names {name!r}, which is no participant{near(name, set(known))}; there are {', '.join(known)}"
            yield document.problem(("supply", name), said, key=True)
    tables = section.get(participant) or {}
    if not isinstance(tables, dict):
        yield document.problem(("supply", participant), f"expected a mapping of {', '.join(TABLES)}")
        return
    for name, rows in tables.items():
        yield from _table(document, ("supply", participant, name), name, rows)


def _table(document: Document, at: Where, name: str, rows: Any) -> Iterator[Problem]:
    if name not in TABLES:
        yield document.problem(at, f"unknown table {name!r}{near(name, set(TABLES))}; there are {', '.join(TABLES)}", key=True)
    elif not isinstance(rows, list):
        yield document.problem(at, f"{name} must be a list of rows, each a mapping")
    else:
        for number, row in enumerate(rows):
            yield from _row(document, (*at, number), name, row)


def _row(document: Document, at: Where, name: str, row: Any) -> Iterator[Problem]:
    needed, others = TABLES[name]
    if not isinstance(row, dict):
        yield document.problem(at, f"a row of {name} must be a mapping such as {{{needed[0]}: ...}}")
        return
    if missing := [column for column in needed if row.get(column) is None]:
        yield document.problem(at, f"a row of {name} needs {', '.join(missing)}")
    for column, value in row.items():
        here = (*at, column)
        if column not in (*needed, *others):
            yield document.problem(here, f"unknown key {column!r}{near(column, {*needed, *others})}", key=True)
        elif column in NUMBERS and value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            yield document.problem(here, f"{column} is {value!r}; expected a number")
        elif (column in TEXTS and not isinstance(value, str | int | None)) or isinstance(value, bool):
            yield document.problem(here, f"{column} is {value!r}; expected a name (in quotes where it has leading zeros)")


def _frame(document: Document, at: Where, rows: list[Mapping[str, Any]]) -> pd.DataFrame:
    found = pd.DataFrame(rows)
    for column in set(TEXTS) & set(found):
        found[column] = ["" if value is None else str(value).strip() for value in (row.get(column) for row in rows)]
    for column in set(NUMBERS) & set(found):
        found[column] = found[column].astype(float)
    found[WHERE] = [f"{document.path}:{document.place((*at, number))[0]}" for number in range(len(rows))]
    return found
