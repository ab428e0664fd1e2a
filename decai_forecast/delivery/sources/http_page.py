"""Reading one page: how many rows it has, and what comes after it. What is no page of rows is said, never taken for empty."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from decai_forecast.delivery.errors import SourceCut, SourceRefused, SourceUnreadable
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.http_get import Answer, Step, message_of
from decai_forecast.delivery.sources.http_paging import Paging

__all__ = ["Page", "read_page"]

KINDS = {type(None): "null", bool: "a truth value", int: "a number", float: "a number", str: "a text", list: "a list"}


@dataclass(frozen=True)
class Page:
    """The rows as CSV or as a JSON array, their number, where the next page is, and how many there are in all."""

    body: bytes
    rows: int
    following: str = ""
    total: int | None = None


def read_page(request: Request, paging: Paging, answer: Answer, step: Step) -> Page:
    """The page in ``answer``; a login page, an error or another shape is a fault of its own."""
    where = f"{request.name}: {step.where}"
    if answer.body[:512].lstrip().lower().startswith((b"<!doctype", b"<html")):
        raise SourceRefused(f"{where} gave a web page (HTML) instead of {request.contract.source.format}; is a login needed?")
    if request.contract.source.format == "csv":
        total = _number(where, answer.headers.get(paging.total_header), paging.total_header)
        return Page(answer.body, _records(request, where, answer.body), answer.next_link, total)
    body = _parsed(where, answer.body)
    rows = _rows(where, paging, body)
    _ours(request, where, {str(key) for row in rows for key in row})
    return Page(json.dumps(rows).encode(), len(rows), _following(paging, answer, body), _total(where, paging, answer, body))


def _records(request: Request, where: str, body: bytes) -> int:
    """Records, not lines: a value in quotes may hold line breaks, and the last line may end without one."""
    encoding = str(request.contract.source.server.get("encoding") or "utf-8-sig")
    try:
        text = body.decode(encoding, errors="replace")
    except LookupError:
        return 0  # the landing says that there is no such encoding
    given = str(request.own.get("delimiter") or "")
    first = text.partition("\n")[0]
    delimiter = {"comma": ",", "tab": "\t", "semicolon": ";", "pipe": "|"}.get(given, given) or max(",;\t|", key=first.count)
    try:
        records = (record for record in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if record)
        header = next(records, [])
        rows = sum(1 for _ in records)
    except (csv.Error, TypeError) as error:
        raise SourceUnreadable(f"{where} cannot be read as CSV: {error}") from None
    _ours(request, where, header)
    return rows


def _parsed(where: str, body: bytes) -> Any:
    try:
        return json.loads(body)
    except ValueError:
        raise SourceCut(f"{where} gave no complete JSON") from None


def _rows(where: str, paging: Paging, body: Any) -> list[Any]:
    name = paging.rows_field
    if isinstance(body, Mapping) and name not in body:
        complaint = message_of(body)
        detail = f": {complaint[:200]}" if complaint else f"; it has {', '.join(map(str, body)) or 'nothing'}"
        raise SourceUnreadable(f"{where} gave no rows under {name!r}{detail}; see rowsField")
    rows = body[name] if isinstance(body, Mapping) else body
    if not isinstance(rows, list):
        under = f"under {name!r} " if isinstance(body, Mapping) else ""
        raise SourceUnreadable(f"{where} gave {KINDS.get(type(rows), 'an object')} {under}instead of a list of rows")
    if wrong := [row for row in rows if not isinstance(row, Mapping)]:
        raise SourceUnreadable(f"{where} gave {KINDS.get(type(wrong[0]))} instead of a row with named values")
    return rows


def _ours(request: Request, where: str, have: Iterable[str]) -> None:
    """Rows without one contracted column are another table's."""
    found = sorted(set(have))
    if found and not set(found) & {column.source_name for column in request.contract.columns}:
        raise SourceUnreadable(f"{where}: none of the contracted columns is there; found {', '.join(found)}")


def _following(paging: Paging, answer: Answer, body: Any) -> str:
    detail = body.get(paging.next_field) if isinstance(body, Mapping) else None
    return answer.next_link or ("" if detail is None else str(detail))


def _total(where: str, paging: Paging, answer: Answer, body: Any) -> int | None:
    if paging.total_field:
        return _number(where, body.get(paging.total_field) if isinstance(body, Mapping) else None, paging.total_field)
    return _number(where, answer.headers.get(paging.total_header), paging.total_header)


def _number(where: str, given: Any, name: str) -> int | None:
    """The promised total; None where the contract names none."""
    if not name:
        return None
    if not str(given).isdigit():
        raise SourceUnreadable(f"{where} gave no number under {name!r}; see totalField and totalHeader")
    return int(given)
