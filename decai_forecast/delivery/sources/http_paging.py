"""How an interface is paged: the contract's ``paging``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from decai_forecast.contracts.vocabulary import PAGING, PAGING_STYLES
from decai_forecast.delivery.errors import SourceMisdescribed
from decai_forecast.delivery.request import Request

__all__ = ["Paging"]

COUNTED = ("offset", "page", "socrata")  # asked on until a page is empty: a server may give less than it is asked for
NAMES = ("limit", "offset", "page", "cursor")
LIMIT = 50_000  # rows per page


@dataclass(frozen=True)
class Paging:
    """Style, size, and the interface's own names of parameters and fields."""

    style: str = "none"
    limit: int = LIMIT
    first: int = 1  # number of the first page
    names: Mapping[str, str] = field(default_factory=dict)  # limit, offset, page, cursor -> parameter
    rows_field: str = "data"
    next_field: str = "next"
    total_field: str = ""
    total_header: str = ""
    where: str = ""

    @property
    def counted(self) -> bool:
        return self.style in COUNTED

    @classmethod
    def of(cls, request: Request) -> Paging:
        given = request.paging
        if unknown := [key for key in given if key not in PAGING]:
            raise SourceMisdescribed(f"{request.name}: paging has no {unknown[0]!r}; known are {', '.join(PAGING)}")
        style = str(given.get("style") or "none")
        if style not in PAGING_STYLES:
            raise SourceMisdescribed(f"{request.name}: paging style {style!r} is not known; use {', '.join(PAGING_STYLES)}")
        return cls(
            style, request.number("limit", given.get("limit"), LIMIT), 0 if str(given.get("first")) == "0" else
            request.number("first", given.get("first"), 1), {key: str(given.get(f"{key}Parameter") or key) for key in NAMES},
            str(given.get("rowsField") or "data"), str(given.get("nextField") or "next"), str(given.get("totalField") or ""),
            str(given.get("totalHeader") or ""), str(given.get("where") or ""),
        )  # fmt: skip
