"""Pages show what is known in the house whose Airflow it is, and open no other house."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from fastapi import HTTPException
from support import NIGHT, own

from decai_forecast.network import COORDINATOR, Network
from decai_forecast.orchestration import pages
from decai_forecast.orchestration.page_html import page
from decai_forecast.orchestration.role import installation
from decai_forecast.orchestration.summaries import last_rounds, round_summary

NAME = "shop_1"


class Here:
    """A finished round, of which only some houses are on this host."""

    def __init__(self, network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
        self.network, self._monkeypatch = network, monkeypatch
        monkeypatch.setenv("DECAI_HOME", str(network.home))

    def role(self, role: str, partner: str = "") -> None:
        self._monkeypatch.setenv("DECAI_ROLE", role)
        self._monkeypatch.setenv("DECAI_PARTNER", partner)
        for name in (COORDINATOR, *self.network.partners):
            if name != (partner or COORDINATOR):
                shutil.rmtree(self.stores / name)

    @property
    def stores(self) -> Path:
        return self.network.home / "stores"

    def shown(self) -> str:
        """Front page and a run's page, of somebody who may read everything."""
        readable = {f"{kind}_{name}" for kind in ("report", "deliver") for name in self.network.partners}
        rounds = [
            *last_rounds(self.network, installation(self.network), 14),
            round_summary(self.network, installation(self.network), NIGHT.id),
        ]
        return "".join(page(self.network, [one], readable) for one in rounds)


@pytest.fixture
def here(after: Network, monkeypatch: pytest.MonkeyPatch) -> Here:
    return Here(after, monkeypatch)


def test_a_company_sees_its_own_rounds_reports_and_part(here: Here) -> None:
    """And of the others what its report names; no other store is opened, or made."""
    here.role("partner", NAME)
    [summary] = last_rounds(here.network, installation(here.network), 14)
    [row] = summary["partners"]
    assert (summary["round"], summary["status"], row["partner"], row["member"]) == (NIGHT.id, "trained", NAME, True)
    assert summary["note"] == "5 of 5 partners trained together."
    text = here.shown()
    assert f"dags/report_{NAME}/reports/{NIGHT.id}/report.html" in text
    assert "shop_0" not in text
    assert [path.name for path in here.stores.iterdir()] == [NAME]


def test_a_company_sees_who_was_missing(here: Here) -> None:
    """As its report has it; before there is one the round is open."""
    here.role("partner", NAME)
    store = own(here.network, NAME)
    key = f"outbox/{NIGHT.id}/report.json"
    report = store.read_json(key)
    report["roster"] |= {"present": ["shop_0"], "missing": {NAME: "failed:source_absent"}, "status": "kept"}
    store.write_json(key, report)
    summary = round_summary(here.network, installation(here.network), NIGHT.id)
    assert summary["note"] == f"1 of 5 partners trained together; missing: {NAME} (failed:source_absent)."
    assert (summary["status"], summary["partners"][0]["member"]) == ("kept", False)
    store.remove(key)
    assert round_summary(here.network, installation(here.network), NIGHT.id)["status"] == "open"


def test_the_coordinator_sees_who_answered_and_how_the_round_ended(here: Here) -> None:
    """Verdicts and rows of submissions, training and closing; no company's store is opened, or made."""
    here.role("coordinator")
    [summary] = last_rounds(here.network, installation(here.network), 14)
    assert (summary["round"], summary["status"]) == (NIGHT.id, "closed")
    assert [(row["partner"], row["verdict"], row["member"], row["report"]) for row in summary["partners"]] == [
        (name, "accepted", True, "") for name in here.network.partners
    ]
    text = here.shown()
    assert "5 of 5 partners" in text
    assert "report.html" not in text
    assert [path.name for path in here.stores.iterdir()] == [COORDINATOR]


@pytest.mark.parametrize(("role", "partner"), [("coordinator", ""), ("partner", "shop_0")])
def test_no_file_of_another_company_is_served(here: Here, role: str, partner: str) -> None:
    """Even to who may read a DAG of that name."""
    here.role(role, partner)
    for serve in (
        lambda: pages.report(f"report_{NAME}", NIGHT.id, "report.html"),
        lambda: pages.check(f"deliver_{NAME}", NIGHT.id, "demand"),
        lambda: pages.what_if(f"what_if_{NAME}", NIGHT.id, "x", "report.html"),
    ):
        with pytest.raises(HTTPException) as error:
            serve()
        assert error.value.status_code == 404
    assert not (here.stores / NAME).exists()


def test_a_companys_own_report_is_served(here: Here) -> None:
    """As on one host."""
    here.role("partner", NAME)
    answer = pages.report(f"report_{NAME}", NIGHT.id, "report.html")
    assert bytes(answer.body) == own(here.network, NAME).read_bytes(f"outbox/{NIGHT.id}/report.html")
