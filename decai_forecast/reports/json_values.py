"""What all reports share on their way to JSON: plain values, and the schema that holds them to their form."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

import pandas as pd

from decai_forecast.errors import DecaiError

__all__ = ["json_values", "records", "significant", "validated"]

COMPLAINT_CHARACTERS = 200  # characters of what the validator says: it quotes whole parts of the report
DIGITS = 6  # significant ones: more is noise of sampling


def json_values(value: Any) -> Any:
    """JSON values: numbers with ``DIGITS`` significant digits, NaN and infinity as null."""
    if isinstance(value, Mapping):
        return {str(k): json_values(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [json_values(v) for v in value]
    if isinstance(value, float):
        return significant(value) if isfinite(value) else None
    return value


def significant(value: float) -> float:
    """With ``DIGITS`` significant digits, as JSON and page both have it; NaN and infinity stay."""
    return float(f"{value:.{DIGITS}g}") + 0.0  # + 0.0: no minus before a zero


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """One mapping per row, of Python's own numbers."""
    columns = {str(name): frame[name].tolist() for name in frame}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def validated(report: dict[str, Any], schema: Mapping[str, Any]) -> dict[str, Any]:
    """``report`` as it is; :class:`DecaiError` with the place where it does not keep the JSON Schema (2020-12)."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match

    error = best_match(Draft202012Validator(schema).iter_errors(report))
    if error is not None:
        fault = error.message if len(error.message) <= COMPLAINT_CHARACTERS else f"{error.message[:COMPLAINT_CHARACTERS]} ..."
        raise DecaiError(f"the report does not keep its schema at {error.json_path}: {fault}; its facts are incomplete")
    return report
