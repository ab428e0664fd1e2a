"""Credentials go to the host that the contract names, and to no other: two real servers."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from deliveries import demand
from servers import Behind, Scripted, records
from test_http_pages import api

from decai_forecast.delivery import Connection
from decai_forecast.delivery.errors import SourceUnsafe

Script = Callable[..., Scripted]
ROWS = json.dumps(records(demand())).encode()


@pytest.fixture
def other(script: Script) -> Scripted:
    """A server that nobody named."""
    return script(lambda query: (200, {}, ROWS))


def known(folder: Path, url: str, style: str = "none") -> Behind:
    there = api(folder, url, connection="c", paging={"style": style, "limit": 70})
    there.credentials.connections["c"] = Connection(password="SECRET", extra={"headers": {"X-Api-Key": "KEY2"}})
    return there


@pytest.mark.parametrize("style", ["none", "socrata"])
def test_a_redirect_to_another_host_is_refused(tmp_path: Path, script: Script, other: Scripted, style: str) -> None:
    """Nothing is sent there, and the address is told."""
    server = script(lambda query: (302, {"Location": f"{other.url}/steal?token=x"}, b""))
    with pytest.raises(SourceUnsafe) as raised:
        known(tmp_path, f"{server.url}/x", style).pull()
    said = f"sends us on to another host ({other.url}/steal); if that is right, write it into servers[0].location"
    assert str(raised.value) == f"acme: demand: {server.url}/x {said}"
    assert other.got == []


@pytest.mark.parametrize("location", ["file:///etc/passwd", "https://127.0.0.1/x", "//elsewhere.example/x"])
def test_another_scheme_is_another_host(tmp_path: Path, script: Script, location: str) -> None:
    """Also a step down from https."""
    server = script(lambda query: (307, {"Location": location}, b""))
    with pytest.raises(SourceUnsafe, match="sends us on to another host"):
        known(tmp_path, server.url).pull()


def test_a_redirect_on_the_same_host_is_followed(tmp_path: Path, script: Script) -> None:
    """With the credentials."""

    def answer(query: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        return (200, {}, ROWS) if "there" in query else (301, {"Location": "/moved?there=1"}, b"")

    server = script(answer)
    assert known(tmp_path, f"{server.url}/x").pull()[1].rows == 200
    assert [(path, headers["Authorization"]) for path, headers in server.got] == [
        ("/x", "Bearer SECRET"), ("/moved?there=1", "Bearer SECRET")
    ]  # fmt: skip


def test_a_next_page_on_another_host_is_refused(tmp_path: Path, script: Script, other: Scripted) -> None:
    """The Link header may name any address."""
    server = script(lambda query: (200, {"Link": f'<{other.url}/steal>; rel="next"'}, ROWS))
    with pytest.raises(SourceUnsafe) as raised:
        known(tmp_path, f"{server.url}/x", "link").pull()
    said = f"has its next page on another host ({other.url}/steal); nothing was sent there"
    assert str(raised.value) == f"acme: demand: {server.url}/x {said}"
    assert other.got == []


def test_a_next_page_in_the_answer_is_held_to_the_same(tmp_path: Path, script: Script, other: Scripted) -> None:
    """Whether in the header or in the body."""
    body = json.dumps({"data": records(demand()), "next": f"{other.url}/steal"}).encode()
    server = script(lambda query: (200, {}, body))
    with pytest.raises(SourceUnsafe, match="has its next page on another host"):
        known(tmp_path, server.url, "link").pull()
    assert other.got == []
