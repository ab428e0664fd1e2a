"""The same 200 rows behind every kind of source; an HTTP interface in the manner of Socrata, with faults on demand."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import fsspec
import pandas as pd
import pytest
import sqlalchemy as sa
from deliveries import AS_OF, contract

from decai_forecast.contracts import Contract, Source
from decai_forecast.delivery import Connection, Pulled, pull
from decai_forecast.delivery.errors import SourceRefused
from decai_forecast.store import Store


@dataclass
class Portal:
    """An HTTP interface over rows, in the manner of Socrata, with faults on demand."""

    rows: list[dict[str, Any]] = field(default_factory=list)
    asked: list[dict[str, str]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)  # one for each coming request: 429, 500, 401, cut, torn
    cap: int = 10**9  # rows of a page, whatever is asked for
    url: str = ""

    def page(self, query: dict[str, str]) -> list[dict[str, Any]]:
        found = [row for row in self.rows if all(row[c] >= v for c, v in _conditions(query.get("$where", "")))]
        found = _ordered(found, query.get("$order")) if "$limit" in query else found
        if "$select" in query:
            found = [{name: row[name] for name in query["$select"].split(",") if name in row} for row in found]
        limit, offset = self.size(query), int(query.get("$offset") or query.get("offset") or query.get("cursor") or 0)
        if "page" in query:
            offset = (int(query["page"]) - 1) * limit
        return found[offset : offset + limit]

    def size(self, query: dict[str, str]) -> int:
        return min(int(query.get("$limit") or query.get("limit") or 10**9), self.cap)


def _conditions(where: str) -> list[tuple[str, str]]:
    """Column and least value of each ``column >= 'value'`` that is joined by AND."""
    parts = [part.strip("() ").partition(" >= ") for part in where.split(" AND ") if part]
    return [(column, value.strip("'")) for column, _, value in parts]


def _ordered(rows: list[dict[str, Any]], order: str | None) -> list[dict[str, Any]]:
    """By the columns that are asked for, then by the row's own id; in no order at all where none is asked for."""
    if order is None or not order.endswith(":id"):
        return rows[1::2] + rows[::2]
    first = [name for name in order.split(",") if name != ":id"]
    return sorted(rows, key=lambda row: [row[name] for name in first]) if first else rows


class Handler(BaseHTTPRequestHandler):
    portal: Portal

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(parts.query).items()}
        self.portal.asked.append(query)
        self.portal.headers.append(dict(self.headers))
        fault = self.portal.faults.pop(0) if self.portal.faults else ""
        if fault.isdigit():
            self.send_response(int(fault))
            self.send_header("Retry-After", "1")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        rows = self.portal.page(query)
        body, link = self._answer(parts.path, query, rows)
        body = body[: len(body) // 2] if fault == "torn" else body
        self.send_response(200)
        if link:
            self.send_header("Link", link)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        if fault == "cut":
            self.close_connection = True

    def _answer(self, path: str, query: dict[str, str], rows: list[dict[str, Any]]) -> tuple[bytes, str]:
        """The body, and the Link header where there is one."""
        if path == "/cursor":
            after = int(query.get("cursor") or 0) + len(rows)
            return json.dumps({"data": rows, "next": str(after) if after < len(self.portal.rows) else None}).encode(), ""
        if path == "/total":
            return json.dumps({"data": rows, "count": len(self.portal.rows)}).encode(), ""
        after = int(query.get("offset") or 0) + len(rows)
        more = path == "/link" and after < len(self.portal.rows)
        link = f'<{self.portal.url}/link?limit={query.get("limit", 70)}&offset={after}>; rel="next"' if more else ""
        return (_as_csv(rows) if path.startswith("/csv") else json.dumps(rows).encode()), link

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        pass


@dataclass
class Scripted:
    """A server that answers as a function says: ``(query) -> (status, headers, body)``; ``got`` are the requests."""

    answer: Callable[[dict[str, str]], tuple[int, dict[str, str], bytes]]
    url: str = ""
    got: list[tuple[str, dict[str, str]]] = field(default_factory=list)  # path and headers


class ScriptHandler(BaseHTTPRequestHandler):
    script: Scripted

    def do_GET(self) -> None:
        self.script.got.append((self.path, dict(self.headers)))
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        status, headers, body = self.script.answer(query)
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
        pass


def _as_csv(rows: list[dict[str, Any]]) -> bytes:
    return pd.DataFrame(rows, columns=["date", "item_id", "quantity", "price"]).to_csv(index=False).encode()


class Known:
    """Connections that a test knows."""

    def __init__(self, **connections: Connection) -> None:
        self.connections = connections

    def get(self, name: str) -> Connection:
        if name not in self.connections:
            raise SourceRefused(f"connection {name!r} is not known")
        return self.connections[name]


@dataclass
class Behind:
    """A contract whose rows lie behind one kind of source, and how to change them."""

    contract: Contract
    fill: Callable[[pd.DataFrame], None]
    credentials: Known
    state: Store
    folder: Path

    def pull(self, **options: Any) -> tuple[pd.DataFrame, Pulled]:
        given = {"state": self.state, "credentials": self.credentials, "as_of": AS_OF} | options
        as_of = given.pop("as_of")
        found = pull(self.contract, self.folder, as_of, self.folder / "out.parquet", **given)
        return pd.read_parquet(self.folder / "out.parquet"), found

    def own(self, **values: Any) -> Behind:
        source = self.contract.source
        return replace(self, contract=replace(self.contract, source=replace(source, own=dict(source.own) | values)))


def behind(folder: Path, source: Source, fill: Callable[[pd.DataFrame], None], **connections: Connection) -> Behind:
    agreed = replace(contract(folder), source=source)
    return Behind(agreed, fill, Known(**connections), Store(folder / "store", "acme"), folder)


def local(folder: Path, request: pytest.FixtureRequest) -> Behind:
    return behind(folder, Source("local", "rows.csv", "csv"), lambda frame: frame.to_csv(folder / "rows.csv", index=False))


def memory(folder: Path, request: pytest.FixtureRequest) -> Behind:
    fs = fsspec.filesystem("memory")
    where = f"memory://{folder.name}/rows.parquet"

    def fill(frame: pd.DataFrame) -> None:
        frame.to_parquet(folder / "rows.parquet", index=False)
        fs.pipe(where, (folder / "rows.parquet").read_bytes())

    return behind(folder, Source("custom", where, "parquet"), fill)


def into_table(frame: pd.DataFrame, url: str) -> None:
    engine = sa.create_engine(url)
    frame.to_sql("demand", engine, index=False, if_exists="replace")
    engine.dispose()


def sqlite(folder: Path, request: pytest.FixtureRequest) -> Behind:
    url = f"sqlite:///{folder}/rows.db"
    known = Connection(kind="sqlite", schema=f"{folder}/rows.db")
    return behind(
        folder, Source("custom", "", "json", {}, {"connection": "db"}), lambda frame: into_table(frame, url), db=known
    )


def postgresql(folder: Path, request: pytest.FixtureRequest) -> Behind:
    host, _, port = request.getfixturevalue("postgres").partition(":")
    url = f"postgresql+psycopg2://decai@{host}:{port}/postgres"
    server = {"host": host, "port": int(port), "database": "postgres"}
    known = Connection(login="decai", kind="postgres")
    source = Source("postgres", "", "json", server, {"connection": "db"})
    return behind(folder, source, lambda frame: into_table(frame, url), db=known)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """As Socrata has them: numbers as text, dates as floating timestamps."""
    return [
        {
            "date": f"{row['date']}T00:00:00.000",
            "item_id": row["item_id"],
            "quantity": str(row["quantity"]),
            "price": str(row["price"]),
        }
        for row in frame.to_dict("records")
    ]


def socrata(folder: Path, request: pytest.FixtureRequest) -> Behind:
    portal: Portal = request.getfixturevalue("portal")

    def fill(frame: pd.DataFrame) -> None:
        portal.rows = records(frame)

    paging = {"style": "socrata", "limit": 70}
    return behind(folder, Source("api", f"{portal.url}/resource/x.json", "json", {}, {"paging": paging}), fill)


def paged(style: str) -> Callable[[Path, pytest.FixtureRequest], Behind]:
    def make(folder: Path, request: pytest.FixtureRequest) -> Behind:
        portal: Portal = request.getfixturevalue("portal")

        def fill(frame: pd.DataFrame) -> None:
            portal.rows = records(frame)

        source = Source("api", f"{portal.url}/{style}", "json", {}, {"paging": {"style": style, "limit": 70}})
        return behind(folder, source, fill)

    make.__name__ = f"http_{style}"
    return make


SOURCES = [
    local,
    memory,
    sqlite,
    postgresql,
    socrata,
    paged("offset"),
    paged("page"),
    paged("link"),
    paged("cursor"),
    paged("none"),
]
