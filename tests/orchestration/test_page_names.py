"""An address with a name that cannot be one leads to nothing: 404, and never a fault of the server."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import httpx
import pytest
from fastapi import Depends, FastAPI

from decai_forecast.orchestration.pages import _plain_names, app

NAMES = {"long": "a" * 5000, "NUL": "a%00b", "line": "a%0Ab", "override": "a%E2%80%AEb"}


@pytest.fixture
def client() -> Callable[[str], int]:
    """The status of a path with the rule alone, on routes as ours are: who is logged in is Airflow's matter."""
    bare = FastAPI(dependencies=[Depends(_plain_names)])
    bare.get("/dags/{dag_id}/reports/{name}")(lambda dag_id, name: "there")
    bare.get("/run")(lambda dag_id, run_id="": "there")

    async def status(path: str) -> int:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(bare), base_url="http://pages") as client:
            return (await client.get(path)).status_code

    return lambda path: asyncio.run(status(path))


@pytest.mark.parametrize("name", NAMES.values(), ids=NAMES)
def test_a_name_that_cannot_be_one(client: Callable[[str], int], name: str) -> None:
    """In each place of the path, and of the query."""
    for path in (f"/dags/{name}/reports/x", f"/dags/x/reports/{name}", f"/run?dag_id={name}", f"/run?dag_id=x&run_id={name}"):
        assert client(path) == 404, path


def test_a_name_that_can_be_one(client: Callable[[str], int]) -> None:
    """Of a DAG, and of a run with its time."""
    assert client("/dags/report_acme/reports/report.html") == 200
    assert client("/run?dag_id=federate&run_id=manual__2026-11-30T19%3A01%3A40.107895%2B00%3A00") == 200


def test_the_pages_have_the_rule() -> None:
    """For every route: it stands at the application."""
    assert _plain_names in [one.dependency for one in app.router.dependencies]
