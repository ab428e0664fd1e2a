"""Whole nights through a real Airflow: its REST API, its scheduler, its pages in a real browser."""

from __future__ import annotations

import json
import re
import time
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from support import own

from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.demo import _appear, _Watch, drive_round, our_dags
from decai_forecast.orchestration.environment import Stack
from decai_forecast.round import Round

pytestmark = pytest.mark.long
NIGHT = Round.of("2026-06-29")
NEXT = Round.of("2026-06-29.2")


def quiet(what: str, done: int, of: int) -> None:
    pass


@pytest.fixture(scope="module")
def night(client: Client, network: Network) -> dict:
    """The summary of a whole round of all five partners."""
    client.wait_dags(our_dags(network), 120.0)
    drive_round(client, network, NIGHT, quiet)
    return summarise(network, NIGHT)


def test_a_whole_night_runs_and_every_task_is_green(client: Client, network: Network, night: dict) -> None:
    """All five deliver, train together and get a report; no task of any run failed."""
    assert night["status"] == "closed"
    assert [p["verdict"] for p in night["partners"]] == ["accepted"] * 5
    assert all(p["member"] and Path(p["report"]).exists() for p in night["partners"])
    for dag in our_dags(network):
        runs = client.runs(dag)
        assert [run["state"] for run in runs] == ["success"], dag
        states = {t["task_id"]: t["state"] for t in client.tasks(dag, runs[0]["dag_run_id"])}
        expected = {"success"} | ({"skipped"} if dag == "close_round" else set())
        assert set(states.values()) <= expected, (dag, states)


def test_the_run_of_the_coordinator_carries_a_note(client: Client, night: dict) -> None:
    """The note of `federate` and `close_round` says who took part."""
    for dag in ("federate", "close_round"):
        assert "5 of 5 partners" in client.runs(dag)[0]["note"] or "5 partners train" in client.runs(dag)[0]["note"]


def test_every_page_answers_401_without_login(stack: Stack, client: Client) -> None:
    """No route of the plugin's web application is open."""
    from decai_forecast.orchestration.pages import app

    paths = [route.path for route in app.routes]
    assert len(paths) >= 3
    for path in paths:
        answer = httpx.get(f"{stack.url}/decai" + re.sub(r"{.*?}", "report_shop_0", path))
        assert answer.status_code == 401, path


def test_a_report_is_served_without_scripts(stack: Stack, client: Client, night: dict) -> None:
    """The report comes with a policy that lets no script run, and only through its participant's DAG."""
    token = client._headers()
    good = httpx.get(f"{stack.url}/decai/dags/report_shop_1/reports/{NIGHT.id}/report.html", headers=token)
    assert good.status_code == 200
    assert "default-src 'none'" in good.headers["content-security-policy"]
    assert "shop_1" in good.text
    check = httpx.get(f"{stack.url}/decai/dags/deliver_shop_1/checks/{NIGHT.id}/demand", headers=token)
    assert (check.status_code, "Accepted" in check.text) == (200, True)
    for name in ("report_shop_1", "deliver_nobody"):
        assert httpx.get(f"{stack.url}/decai/dags/{name}/checks/{NIGHT.id}/demand", headers=token).status_code in (403, 404)
    for wrong in ("deliver_shop_1", "report_nobody"):
        assert httpx.get(f"{stack.url}/decai/dags/{wrong}/reports/{NIGHT.id}/report.html", headers=token).status_code in (
            403,
            404,
        )
    sneaky = httpx.get(f"{stack.url}/decai/dags/report_shop_1/reports/{NIGHT.id}/..%2Fx", headers=token)
    assert sneaky.status_code == 404


def test_an_analyst_finds_the_report_in_the_browser(
    stack: Stack, client: Client, night: dict, chromium: str, tmp_path: Path
) -> None:
    """Login form, run page, its Resilience tab: the participant's report is there."""
    from playwright.sync_api import sync_playwright

    run = client.runs("report_shop_2")[0]["dag_run_id"]
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox", "--disable-background-networking"])
        page = browser.new_page(viewport={"width": 1400, "height": 900})
        page.set_default_timeout(300_000)  # two cores may have a whole Airflow to carry
        page.goto(stack.url)
        page.fill("input[name=username]", stack.user)
        page.fill("input[name=password]", stack.password)
        page.click("button[type=submit]")
        page.wait_for_selector("text=Dags")
        page.goto(f"{stack.url}/dags/report_shop_2/runs/{run}")
        page.click("a:has-text('Resilience') >> nth=-1")
        inside = page.frame_locator("iframe").first
        inside.locator(f"[id='round-{NIGHT.id}']").wait_for()
        report = inside.frame_locator("iframe").first
        report.locator("h1").first.wait_for()
        assert "shop_2" in report.locator("body").inner_text()
        page.goto(f"{stack.url}/plugin/resilience")
        page.frame_locator("iframe").first.get_by_text("shop_4").first.wait_for()
        browser.close()


def test_a_repeated_task_changes_nothing(client: Client, network: Network, night: dict) -> None:
    """Clearing a finished delivery runs it again and leaves every byte where it was."""
    store = own(network, "shop_0")
    before = {key: store.read_bytes(key) for key in store.keys(f"rounds/{NIGHT.id}")}
    run = client.runs("deliver_shop_0")[0]["dag_run_id"]
    body = {"dry_run": False, "dag_run_id": run, "only_failed": False, "reset_dag_runs": True}
    client.call("POST", "/api/v2/dags/deliver_shop_0/clearTaskInstances", body)
    _Watch(client, network, NIGHT, quiet).follow([("deliver_shop_0", run)], "again")
    assert {key: store.read_bytes(key) for key in store.keys(f"rounds/{NIGHT.id}")} == before


def test_a_refused_and_an_absent_partner_stop_nobody(stack: Stack, client: Client, network: Network, night: dict) -> None:
    """The round closes with three; summary, note and the partners' own reports say who is missing and why."""
    contract = network.home / "contracts/shop_3/demand.odcs.yaml"
    text = contract.read_text()
    contract.write_text(text.replace("mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000"))
    watch, conf = _Watch(client, network, NEXT, quiet), {"round": NEXT.id, "as_of": NEXT.as_of.isoformat()}
    runs = [(f"deliver_{p}", client.trigger(f"deliver_{p}", **conf)) for p in network.partners if p != "shop_4"]
    watch.follow(runs, "deliveries")
    watch.follow(_appear(client, ["federate"], NEXT.id), "federation")
    watch.follow([("close_round", client.trigger("close_round", **conf))], "closing")
    watch.follow(_appear(client, [f"report_{p}" for p in network.partners], NEXT.id), "reports")
    contract.write_text(text)
    assert watch.over[runs[3]] == "failed"
    found = summarise(network, NEXT)
    assert found["status"] == "closed"
    assert "shop_3 (refused:row_count)" in found["note"]
    assert "shop_4 (absent)" in found["note"]
    assert client.runs("close_round")[0]["note"] == found["note"]
    page = httpx.get(f"{stack.url}/decai/dags/deliver_shop_3/checks/{NEXT.id}/demand", headers=client._headers())
    assert (page.status_code, '<h1 class="refused">Refused</h1>' in page.text, "row_count" in page.text) == (200, True, True)
    for partner, said in (("shop_3", "row_count"), ("shop_4", "absent"), ("shop_0", "shop_4")):
        assert said in json.dumps(own(network, partner).read_json(f"outbox/{NEXT.id}/report.json")), partner


def test_a_broken_contract_is_a_visible_stub(client: Client, network: Network, night: dict) -> None:
    """Only this partner's DAG changes; its single task fails with file and line."""
    contract = network.home / "contracts/shop_4/demand.odcs.yaml"
    text = contract.read_text()
    contract.write_text(text.replace("status: active\n", "status: [active\n"))
    _until(lambda: "broken contract" in str(client.call("GET", "/api/v2/dags/deliver_shop_4")["tags"]))
    run = client.trigger("deliver_shop_4", round="2026-06-29.3")
    watch = _Watch(client, network, NEXT, quiet)
    watch.follow([("deliver_shop_4", run)], "stub")
    assert watch.over["deliver_shop_4", run] == "failed"
    assert [t["task_id"] for t in client.tasks("deliver_shop_4", run)] == ["contract"]
    assert re.search(r"demand\.odcs\.yaml:\d+:\d+: not valid YAML", client.log("deliver_shop_4", run, "contract"))
    assert "broken contract" not in str(client.call("GET", "/api/v2/dags/deliver_shop_0")["tags"])
    contract.write_text(text)


def test_a_new_partner_needs_no_restart(client: Client, network: Network, night: dict, tmp_path: Path) -> None:
    """`decai partner add` is all: the DAGs of the new company appear by themselves."""
    from decai_forecast.founding import add_partner

    text = (network.home / "contracts/shop_0/demand.odcs.yaml").read_text()
    contract = tmp_path / "new.odcs.yaml"
    contract.write_text(text.replace("tenant: shop_0", "tenant: newcomer"))
    add_partner(network, [contract])
    _until(lambda: {"deliver_newcomer", "report_newcomer"} <= client.dags())


def _until(condition, seconds: float = 120.0) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(1.0)


def test_a_late_delivery_is_told(client: Client, network: Network, night: dict) -> None:
    """Airflow's deadline alert: the partner's round is marked, and the notifier has a line."""
    before = _version(client, "deliver_shop_1")
    replace(network, late_minutes=0.02).save()
    _until(lambda: _version(client, "deliver_shop_1") > before)
    client.trigger("deliver_shop_1", round="2026-06-29.4", as_of="2026-06-29")
    _until(lambda: own(network, "shop_1").exists("rounds/2026-06-29.4/late.json"))
    notices = own(network)
    _until(lambda: any("shop_1 is late" in notices.read_json(key)["subject"] for key in notices.keys("notices")))


def _version(client: Client, dag: str) -> int:
    return int(client.call("GET", f"/api/v2/dags/{dag}/details")["latest_dag_version"]["version_number"])
