"""CSV for other systems: numbers in their unit, and texts that no spreadsheet runs."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from decai_forecast.reports.quantities import DECIMALS, WHOLE

__all__ = ["amount", "csv_text", "inert"]

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")  # a cell that begins so is run by spreadsheets


def csv_text(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(rows)
    return out.getvalue()


def amount(value: float, unit: str) -> str:
    """Three decimals, or none of units that come whole."""
    return f"{value:.0f}" if unit in WHOLE else f"{value:.{DECIMALS}f}"


def inert(text: str) -> str:
    """With a leading apostrophe where a spreadsheet would run the text as a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) or text.startswith(FORMULA) else text
