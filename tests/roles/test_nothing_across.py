"""Two participants in one Airflow: every route of ours and of Airflow, with every id, and nothing of the one for the other."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from walks import OTHER, OWN, TASKS, Walk

pytestmark = pytest.mark.long
DENIED = {401, 403, 404, 405}
NOBODY_HOME = {302, 400}  # of Flask-AppBuilder's pages: sent away, or no token of a form
ENDS_THE_SESSION = ("/auth/logout", "/auth/logout/", "/api/v2/auth/logout")


def test_every_route_has_a_rule(walk: Walk, rules: dict[str, str]) -> None:
    """A new one, of ours or of a new Airflow, is looked at before anybody may ask it; one that is gone is struck out."""
    assert sorted(set(walk.house.routes) - rules.keys()) == []
    assert sorted(rules.keys() - set(walk.house.routes)) == []


def test_what_cannot_be_divided_is_nobodys(walk: Walk) -> None:
    """No asset, connection, pool or variable is granted to a participant, whichever route will ask for them."""
    granted = walk.house.granted
    assert granted["admin"]["assets"]
    assert granted["admin"]["pools"]
    assert all(not ids for name in (OTHER, OWN) for ids in granted[name].values())


def test_no_route_answers_with_what_is_anothers(walk: Walk, rules: dict[str, str]) -> None:
    """Whichever ids are asked for, in the path, in the query or in the body; and nothing of it is changed."""
    before = state(walk)
    wrong = [f"{route}: {fault}" for route, rule in rules.items() for fault in faults(walk, route, rule)]
    assert not wrong, "\n".join(wrong)
    assert state(walk) == before


def test_a_participant_reads_and_runs_what_is_its_own(walk: Walk, rules: dict[str, str]) -> None:
    """Each route with the rule ``own`` answers for one's own ids; the pages show one's own rounds."""
    for route, rule in rules.items():
        method, path = route.split(" ", 1)
        if rule == "own" and method == "GET":
            codes = {walk.viewer.get(one, params=query(walk, OWN)).status_code for one in walk.paths(path, OWN)}
            assert codes - {401, 403}, route
    assert f"dags/report_{OWN}/reports/2026-06-29/report.html" in walk.viewer.get("/decai/rounds").text
    assert walk.viewer.post(f"/api/v2/dags/what_if_{OWN}/dagRuns", json={"logical_date": None}).status_code == 200
    assert {dag["dag_id"] for dag in walk.viewer.get("/ui/dags").json()["dags"]} == set(walk.ids[OWN]["dag_id"])


def faults(walk: Walk, route: str, rule: str) -> Iterator[str]:
    method, path = route.split(" ", 1)
    if path in ENDS_THE_SESSION:
        return
    for one in walk.paths(path, OTHER):
        for params, body in asked(walk, method):
            answer = walk.viewer.request(method, one, params=params, json=body)
            if fault := complaint(answer, rule, sent=[*strings(body)], everybodys="~" in one):
                yield f"{one} {params or body or ''}: {answer.status_code}, {fault}"


def asked(walk: Walk, method: str) -> list[tuple[dict[str, Any], Any]]:
    """Queries and bodies that name what is another's."""
    if method == "GET":
        return [({}, None), (query(walk, OTHER), None)]
    return [({}, body) for body in bodies(walk)] if method != "DELETE" else [({}, None)]


def query(walk: Walk, name: str) -> dict[str, Any]:
    dags, run = walk.ids[name]["dag_id"], walk.ids[name]["run_id"][0]
    return {"dag_id": dags[0], "dag_ids": dags, "run_id": run, "dag_id_pattern": "%", "order_by": []}


def bodies(walk: Walk) -> Iterator[Any]:
    """What Airflow's routes for many things at once take, each with another's ids."""
    [run], dags = walk.ids[OTHER]["run_id"], walk.ids[OTHER]["dag_id"]
    runs = [{"dag_id": dag, "dag_run_id": run, "note": "changed", "state": "failed"} for dag in dags]
    tasks = [one | {"task_id": TASKS[one["dag_id"].removesuffix(f"_{OTHER}")], "new_state": "failed"} for one in runs]
    yield {}
    yield {
        "dag_ids": dags,
        "dag_run_ids": [run],
        "is_paused": True,
        "state": "failed",
        "new_state": "failed",
        "note": "changed",
    }
    yield {"dry_run": False, "dag_runs": [{"dag_id": one["dag_id"], "dag_run_id": run} for one in runs], "dag_run_id": run}
    for entities in (runs, tasks):
        yield {"actions": [{"action": "update", "entities": entities, "update_mask": ["note"]}]}
        yield {"actions": [{"action": "delete", "entities": entities}]}
    yield {"actions": [{"action": "delete", "entities": [f"{kind}_of_{OTHER}"]} for kind in ("variable", "connection", "pool")]}


def strings(body: Any) -> Iterator[str]:
    """All texts of a body, which an answer may repeat."""
    if isinstance(body, str):
        yield body
    for part in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from strings(part)


def complaint(answer: httpx.Response, rule: str, *, sent: list[str], everybodys: bool) -> str:
    """What is wrong with an answer; empty if nothing is."""
    code, text = answer.status_code, answer.text
    for one in sent:
        text = text.replace(one, "")
    if f"secret_of_{OTHER}" in text or (code < 300 and OTHER in text):
        return "something of another participant is in it"
    if code >= 500:
        return f"an error of the server: {text[:200]}"
    if rule == "closed" and code not in {*DENIED, 422}:
        return "it is not closed"
    if rule == "own" and not everybodys and code not in {*DENIED, 422}:
        return "it is not refused"
    if rule == "form" and code not in {*DENIED, *NOBODY_HOME}:
        return "it is not for administrators only"
    return ""


def state(walk: Walk) -> list[Any]:
    """All of another's things, as the administrator sees them."""
    [run] = walk.ids[OTHER]["run_id"]
    paths = [
        f"/api/v2/dags/{dag}{rest}"
        for dag in walk.ids[OTHER]["dag_id"]
        for rest in ("", "/dagRuns", f"/dagRuns/{run}/taskInstances")
    ]
    names = [f"/api/v2/{kind}s/{kind}_of_{OTHER}" for kind in ("variable", "connection", "pool")]
    answers = [walk.admin.get(path).json() for path in (*paths, *names, f"/auth/fab/v1/users/{OTHER}")]
    return [{key: value for key, value in one.items() if key not in ("file_token", "last_parsed_time")} for one in answers]
