"""What an HTTP interface can answer instead of rows, each told as what it is and where; never taken for an empty delivery."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from deliveries import demand
from servers import Scripted, records
from test_http_pages import api

from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import (
    SourceAbsent,
    SourceCut,
    SourceMisdescribed,
    SourceRefused,
    SourceUnreachable,
    SourceUnreadable,
    SourceUnsafe,
)
from decai_forecast.delivery.sources import SOURCES
from decai_forecast.errors import DeliveryError

Script = Callable[..., Scripted]
HTML = b"<!DOCTYPE html><html><body>Please log in</body></html>"


@pytest.mark.parametrize(
    ("status", "body", "error", "said"),
    [
        (200, b'{"error": "quota exceeded"}', SourceUnreadable, "gave no rows under 'data': quota exceeded; see rowsField"),
        (200, b'{"error": {"message": "no"}}', SourceUnreadable, "gave no rows under 'data': no; see rowsField"),
        (200, b'{"items": [], "n": 0}', SourceUnreadable, "gave no rows under 'data'; it has items, n; see rowsField"),
        (200, b"{}", SourceUnreadable, "gave no rows under 'data'; it has nothing; see rowsField"),
        (200, b'{"data": null}', SourceUnreadable, "gave null under 'data' instead of a list of rows"),
        (200, b'{"data": {"a": 1}}', SourceUnreadable, "gave an object under 'data' instead of a list of rows"),
        (200, b"42", SourceUnreadable, "gave a number instead of a list of rows"),
        (200, b"[1, 2]", SourceUnreadable, "gave a number instead of a row with named values"),
        (200, b'[{"foo": 1}, {"bar": 2}]', SourceUnreadable, "none of the contracted columns is there; found bar, foo"),
        (200, b'[{"date": "2026-06-0', SourceCut, "gave no complete JSON"),
        (200, HTML, SourceRefused, "gave a web page (HTML) instead of json; is a login needed?"),
        (400, b'{"message": "No such column: itemno"}', SourceRefused, "answered 400: No such column: itemno"),
        (422, b"limit\tmust be\nat most 1000", SourceRefused, "answered 422: limit must be at most 1000"),
        (405, HTML, SourceRefused, "answered 405"),
        (401, b"", SourceRefused, "answered 401; is the connection's token right?"),
        (403, b"", SourceRefused, "answered 403; is the connection's token right?"),
        (404, b"", SourceAbsent, "answered 404; see servers[0].location"),
        (503, b"", SourceUnreachable, "answered 503"),
    ],
)
def test_an_answer_without_rows_is_explained(
    tmp_path: Path, script: Script, at_once: None, status: int, body: bytes, error: type[DeliveryError], said: str
) -> None:
    """The whole message, with the address and without its query."""
    server = script(lambda query: (status, {}, body))
    with pytest.raises(error) as raised:
        api(tmp_path, f"{server.url}/x?key=TOPSECRET").pull()
    colon = ":" if said.startswith("none") else ""
    assert str(raised.value) == f"acme: demand: {server.url}/x{colon} {said}"
    assert not (tmp_path / "out.parquet").exists()


def test_the_servers_words_are_kept_short_and_without_secrets(tmp_path: Path, script: Script) -> None:
    """A server that repeats what it was sent."""
    server = script(lambda query: (400, {}, b"bad token tok-123 " + b"x" * 1000))
    there = api(tmp_path, server.url, connection="c")
    there.credentials.connections["c"] = Connection(password="tok-123")
    with pytest.raises(SourceRefused) as raised:
        there.pull()
    assert str(raised.value) == f"acme: demand: {server.url} answered 400: bad token *** {'x' * 186}"


def test_a_csv_login_page_is_no_delivery(tmp_path: Path, script: Script) -> None:
    """Whatever the format."""
    server = script(lambda query: (200, {}, HTML))
    with pytest.raises(SourceRefused) as raised:
        api(tmp_path, server.url, "csv").pull()
    assert str(raised.value) == (
        f"acme: demand: {server.url} gave a web page (HTML) instead of csv; is a login needed?"
    )  # fmt: skip


def test_a_csv_of_somebody_else_is_told_with_its_address(tmp_path: Path, script: Script) -> None:
    """And with the columns that it has."""
    server = script(lambda query: (200, {}, b"a,b\n1,2\n"))
    with pytest.raises(SourceUnreadable) as raised:
        api(tmp_path, f"{server.url}/x", "csv").pull()
    assert str(raised.value) == f"acme: demand: {server.url}/x: none of the contracted columns is there; found a, b"


def test_half_a_file_without_a_length_is_no_delivery(tmp_path: Path, script: Script) -> None:
    """A server that ends an answer by hanging up cannot be told from one that broke off."""
    body = demand().to_csv(index=False).encode()
    server = script(lambda query: (200, {"Content-Length": ""}, body[: len(body) // 2]))
    with pytest.raises(SourceUnreadable) as raised:
        api(tmp_path, server.url, "csv").pull()
    assert str(raised.value) == (
        f"acme: demand: {server.url} says neither its length nor its end, so that half a file would look like a whole one; "
        "the server must send Content-Length"
    )


def test_an_answer_cut_off_half_way_is_tried_again_and_then_told(tmp_path: Path, script: Script, at_once: None) -> None:
    """Six times."""
    body = demand().to_csv(index=False).encode()
    server = script(lambda query: (200, {"Content-Length": str(len(body)), "Connection": "close"}, body[:100]))
    with pytest.raises(SourceCut) as raised:
        api(tmp_path, server.url, "csv").pull()
    assert str(raised.value) == f"acme: demand: {server.url} was cut off"
    assert len(server.got) == 6


def test_a_compressed_answer_is_counted_as_it_expands(tmp_path: Path, script: Script) -> None:
    """Four hundred million blanks in four hundred kilobytes never are in memory."""
    bomb = gzip.compress(b" " * 400_000_000, 1)
    server = script(lambda query: (200, {"Content-Encoding": "gzip"}, bomb))
    with pytest.raises(SourceUnsafe) as raised:
        api(tmp_path, server.url, "csv", maxBytes=1_000_000).pull()
    said = "brings the delivery over the contract's maxBytes (1,000,000)"
    assert str(raised.value) == f"acme: demand: {server.url} {said}"


@pytest.mark.parametrize(
    ("headers", "said"),
    [
        ({"Content-Encoding": "gzip"}, "is not compressed as its Content-Encoding says"),
        ({"Location": "/again"}, "sends us on and on; see servers[0].location"),
        ({"Location": "http://h:x/"}, "sends us on to an address that is none"),
    ],
)
def test_a_confused_server_is_explained(tmp_path: Path, script: Script, headers: dict[str, str], said: str) -> None:
    """A wrong encoding, a circle, an address that is none."""
    server = script(lambda query: (302 if "Location" in headers else 200, headers, b"plain"))
    with pytest.raises(SourceUnreadable) as raised:
        api(tmp_path, server.url).pull()
    assert str(raised.value) == f"acme: demand: {server.url} {said}"


@pytest.mark.parametrize("location", ["ftp://h.example/y", "not a url", "https://", "http://h:port/x"])
def test_an_address_that_is_none_is_told(tmp_path: Path, location: str) -> None:
    """Before anything is sent."""
    with pytest.raises(SourceMisdescribed) as raised:
        api(tmp_path, f"{location}?key=TOPSECRET").pull()
    assert str(raised.value) == f"acme: demand: {location!r} is not an http:// or https:// address"


def test_a_server_that_is_not_there_is_told(tmp_path: Path, at_once: None) -> None:
    """By the kind of silence."""
    with pytest.raises(SourceUnreachable) as raised:
        api(tmp_path, "http://127.0.0.1:9/x").pull()
    assert str(raised.value) == "acme: demand: http://127.0.0.1:9/x does not answer (ConnectError)"


@pytest.mark.parametrize(
    ("connection", "sent"),
    [
        (Connection(password="tok"), {"Authorization": "Bearer tok"}),
        (Connection(login="amy", password="pw"), {"Authorization": "Basic YW15OnB3"}),
        (Connection(extra={"headers": {"X-Key": "k"}}), {"X-Key": "k"}),
        (Connection(password="tok", extra={"headers": {"X-Key": "k"}}), {"Authorization": "Bearer tok", "X-Key": "k"}),
        (Connection(), {}),
    ],
)
def test_a_connection_becomes_headers(tmp_path: Path, script: Script, connection: Connection, sent: dict[str, str]) -> None:
    """A token, a login with its password, headers of one's own."""
    server = script(lambda query: (200, {}, json.dumps(records(demand())).encode()))
    there = api(tmp_path, server.url, connection="c")
    there.credentials.connections["c"] = connection
    there.pull()
    assert {key: value for key, value in server.got[0][1].items() if key in ("Authorization", "X-Key")} == sent


def test_headers_are_names_and_values(tmp_path: Path) -> None:
    """A text is none, and is not repeated: it may be a secret."""
    there = api(tmp_path, "http://127.0.0.1:9/x", connection="c")
    there.credentials.connections["c"] = Connection(extra={"headers": "abc"})
    with pytest.raises(SourceMisdescribed) as raised:
        there.pull()
    said = "headers in the extra of connection 'c' must be a mapping of names to values"
    assert str(raised.value) == f"acme: demand: {said}"


@pytest.mark.parametrize(
    ("own", "said"),
    [
        ({"incremental": "date"}, "incremental 'date' is not a mapping such as {watermark: changed_at, lookback: 7 d}; "
         "see servers[0]"),
        ({"maxBytes": "viel"}, "maxBytes 'viel' is not a whole number above zero; see servers[0]"),
    ],
)  # fmt: skip
def test_settings_of_a_server_are_checked(tmp_path: Path, own: dict[str, Any], said: str) -> None:
    """With what they should be."""
    with pytest.raises(SourceMisdescribed) as raised:
        api(tmp_path, "http://127.0.0.1:9/x", **own).pull()
    assert str(raised.value) == f"acme: demand: {said}"


def test_what_nobody_foresaw_is_a_fault_of_the_delivery(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a code, and without a library's own text."""
    there = api(tmp_path, "http://127.0.0.1:9/x")
    monkeypatch.setitem(SOURCES, "api", lambda request: 1 / 0)
    with pytest.raises(DeliveryError) as raised:
        there.pull()
    assert raised.value.code == "source_failed"
    assert str(raised.value) == (
        "acme: demand: reading the source failed in a way that nobody foresaw (ZeroDivisionError); it is tried again, and "
        "the log at level debug has the details"
    )
