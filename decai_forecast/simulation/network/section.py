"""The tables of one participant in the section ``supply`` of ``network.yaml`` (its form: ``network/supply.py``)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Where
from decai_forecast.documents.files import read_as
from decai_forecast.network import NETWORK
from decai_forecast.network.between_keys import CheckedAgreement
from decai_forecast.simulation.network.rows import NUMBERS, TEXTS, WHERE

__all__ = ["read_section"]


def read_section(path: Path, participant: str) -> Mapping[str, pd.DataFrame]:
    """The tables that ``path`` states for ``participant``; empty where there are none.

    Each row knows its line. The whole file is read: :class:`ConfigError` with file, line and column of every fault in it.
    """
    document = Document(path, NETWORK)
    read_as(document, CheckedAgreement)
    tables: Mapping[str, list[Mapping[str, Any]]] = document.value.get("supply", {}).get(participant, {})
    return {name: _frame(document, ("supply", participant, name), rows) for name, rows in tables.items() if rows}


def _frame(document: Document, at: Where, rows: list[Mapping[str, Any]]) -> pd.DataFrame:
    found = pd.DataFrame(rows)
    for column in set(TEXTS) & set(found):
        found[column] = ["" if value is None else str(value).strip() for value in (row.get(column) for row in rows)]
    for column in set(NUMBERS) & set(found):
        found[column] = found[column].astype(float)
    found[WHERE] = [f"{document.path}:{document.place((*at, number))[0]}" for number in range(len(rows))]
    return found
