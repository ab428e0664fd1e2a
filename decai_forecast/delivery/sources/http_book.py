"""Which pages are there and which comes next; lies in the store, so that a killed pull can go on."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from decai_forecast.delivery.errors import SourceCut, SourceUnreadable, SourceUnsafe
from decai_forecast.delivery.request import Request
from decai_forecast.delivery.sources.http_get import Step, origin, public
from decai_forecast.delivery.sources.http_page import Page
from decai_forecast.delivery.sources.http_paging import Paging
from decai_forecast.store import digest_bytes, digest_json

__all__ = ["Book", "Step"]


class Book:
    """One night's pages of one contract: those of another night or another contract are thrown away, never mixed in."""

    def __init__(self, request: Request, paging: Paging) -> None:
        self.request, self.paging = request, paging
        contract = request.contract
        asked = [contract.digest, request.as_of.isoformat(), request.location, dict(request.own), request.since]
        partial = f"landing/{contract.data_set}/partial"
        self.folder = f"{partial}/{digest_json(asked)[:16]}"
        for name in request.state.children(partial):
            if f"{partial}/{name}" != self.folder:
                request.state.remove(f"{partial}/{name}")
        self.progress: dict[str, Any] = {"pages": 0, "rows": 0, "bytes": 0, "next": "", "over": False, "seen": []}
        if request.state.exists(f"{self.folder}/progress.json"):
            self.progress = request.state.read_json(f"{self.folder}/progress.json")

    def next_step(self) -> Step | None:
        """The next page; None when there is no more."""
        if self.progress["over"]:
            return None
        linked = self.paging.style == "link" and self.progress["next"]
        url = self.progress["next"] if linked else self.request.location
        number = self.progress["pages"] + 1
        where = public(url) + (f" (page {number})" if number > 1 else "")
        return Step(url, {} if linked else self._params(), where, self.request.max_bytes - self.progress["bytes"])

    def _params(self) -> dict[str, str]:
        paging, names, limit = self.paging, self.paging.names, str(self.paging.limit)
        if paging.style == "socrata":
            return self._socrata()
        more = {
            "offset": {names["limit"]: limit, names["offset"]: str(self.progress["rows"])},
            "page": {names["limit"]: limit, names["page"]: str(self.progress["pages"] + paging.first)},
            "cursor": {names["limit"]: limit} | ({names["cursor"]: self.progress["next"]} if self.progress["next"] else {}),
        }
        return self._since() | more.get(paging.style, {})

    def _since(self) -> dict[str, str]:
        parameter = str(self.request.incremental.get("parameter") or "")
        return {parameter: self.request.since} if parameter and self.request.since is not None else {}

    def _socrata(self) -> dict[str, str]:
        """SODA 2: a stable order, or pages would overlap."""
        mark, columns = self.request.watermark, self.request.contract.columns
        params = {
            "$select": ",".join(column.source_name for column in columns),
            "$limit": str(self.paging.limit),
            "$offset": str(self.progress["rows"]),
            "$order": f"{mark},:id" if mark else ":id",
        }
        where = [f"({self.paging.where})"] if self.paging.where else []
        if mark and self.request.since is not None:
            numeric = any(c.source_name == mark and c.logical_type in ("integer", "number") for c in columns)
            since = self.request.since if numeric else "'" + self.request.since.replace("'", "''") + "'"
            where.append(f"{mark} >= {since}")
        return params | ({"$where": " AND ".join(where)} if where else {})

    def add(self, step: Step, page: Page) -> None:
        """Keeps a page and what comes after it; the page first, so that a kill between the two costs one page."""
        following = self._following(step, page)
        self._new(step, following if not self.paging.counted else digest_bytes(page.body)[:16] if page.rows else "")
        kept, rows = self.progress["pages"], self.progress["rows"] + page.rows
        if page.rows or not kept:
            self.request.state.write_bytes(self._page(kept), page.body)
            kept += 1
        self.progress |= {
            "pages": kept, "rows": rows, "bytes": self.progress["bytes"] + len(page.body), "next": following,
            "over": self._is_last(step, page, rows, following),
        }  # fmt: skip
        self.request.state.write_json(f"{self.folder}/progress.json", self.progress)

    def _following(self, step: Step, page: Page) -> str:
        """Where the next page is: a cursor, or an address of the same host, since it gets our credentials."""
        if self.paging.style != "link" or not page.following:
            return page.following if self.paging.style == "cursor" else ""
        url = urljoin(step.url, page.following)
        if origin(url) != origin(self.request.location):
            raise SourceUnsafe(
                f"{self.request.name}: {step.where} has its next page on another host ({public(url)}); nothing was sent there"
            )
        return url

    def _new(self, step: Step, mark: str) -> None:
        """A page or a cursor that comes again would come for ever."""
        if mark and mark in (*self.progress["seen"], self.request.location):
            reason = (
                f"gave the rows of an earlier page again: the interface does not page by {self.paging.style}; see paging"
                if self.paging.counted
                else "names a next page that was there already; see paging"
            )
            raise SourceUnreadable(f"{self.request.name}: {step.where} {reason}")
        self.progress["seen"] = [*self.progress["seen"], *([mark] if mark else [])]

    def _is_last(self, step: Step, page: Page, rows: int, following: str) -> bool:
        """Where pages are counted: at the promised total, else at an empty page, since a server may give less than asked."""
        all_there = page.total is not None and rows >= page.total
        last = (all_there or not page.rows) if self.paging.counted else not following
        if last and page.total is not None and not all_there:
            raise SourceCut(f"{self.request.name}: {step.where} is the last one after {rows:,} of {page.total:,} rows")
        return last

    def _page(self, number: int) -> str:
        return f"{self.folder}/page-{number:06d}.{self.request.contract.source.format}"

    def files(self) -> dict[Path, str]:
        """The pages as local files, and what to call them."""
        found = {}
        for number in range(self.progress["pages"]):
            target = self.request.scratch / f"page-{number:06d}.{self.request.contract.source.format}"
            target.write_bytes(self.request.state.read_bytes(self._page(number)))
            found[target] = public(self.request.location) + (f" (page {number + 1})" if number else "")
        return found

    def forget(self) -> None:
        self.request.state.remove(self.folder)
