"""Tasks of a company whose coordinator is on another host: over HTTPS, in its own house only, and patient."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, TaskDeferred
from parties import ROUND, Parties, submission
from services import Service, enter, running

from decai_forecast.coordinator.close import close
from decai_forecast.errors import LinkError
from decai_forecast.link import State, calls
from decai_forecast.network import Network
from decai_forecast.network.terms import LinkTerms
from decai_forecast.orchestration import alarm, tasks, waiting
from decai_forecast.partner.own_submission import keep_submission, kept_submission


class Acme:
    """Company ``a`` at a home of its own, and the coordinator's service."""

    def __init__(self, parties: Parties, service: Service, home: Path) -> None:
        self.parties, self.service = parties, service
        self.network = replace(parties.network, home=home, link=LinkTerms("https"))
        self.network.save()
        shutil.copytree(parties.network.address("a"), self.network.address("a"))
        enter(replace(parties.network), "a", service.port, service.company_files("a"))
        shutil.move(parties.network.home / "federation" / "a", home / "federation" / "a")

    def only_own_house(self) -> bool:
        return [path.name for path in (self.network.home / "stores").iterdir()] == ["a"]


@pytest.fixture
def acme(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Acme]:
    """Its Airflow's environment; a request that does not get through is not repeated for minutes."""
    parties = Parties(tmp_path / "coordinator")
    with running(parties, tmp_path / "tls") as service:
        made = Acme(parties, service, tmp_path / "acme")
        for name, value in (("HOME", str(made.network.home)), ("ROLE", "partner"), ("PARTNER", "a")):
            monkeypatch.setenv(f"DECAI_{name}", value)
        monkeypatch.setattr(calls, "USUAL", calls.ONCE)
        yield made
        assert made.only_own_house()


def context(number: int = 1, retries: int = 2) -> dict[str, Any]:
    """Of a task in its ``number``-th try."""
    run, params = SimpleNamespace(partition_key=None, conf={}), {"round": ROUND.id, "as_of": ROUND.as_of.isoformat()}
    return {"params": params, "dag_run": run, "ti": SimpleNamespace(try_number=number, max_tries=retries)}


def down(acme: Acme) -> None:
    acme.service.stop()


def test_a_report_waits_for_the_own_delivery_or_the_closing(acme: Acme) -> None:
    """Of both the company learns by itself: from its own store, and from what is published."""
    task = waiting.OwnDelivery(task_id="combine", partner="a")
    with pytest.raises(TaskDeferred) as deferred:
        task.execute(context())
    trigger = deferred.value.trigger
    assert isinstance(trigger, waiting.RoundTrigger)
    assert not trigger._holds(acme.network)
    close(acme.parties.coordinator, ROUND)
    assert trigger._holds(acme.network)
    with pytest.raises(AirflowSkipException, match=f"a has no accepted delivery in round {ROUND.id}; its report says so"):
        task.resume(context(), {})


def test_the_own_answer_is_enough(acme: Acme) -> None:
    """Nobody is asked for it."""
    store = tasks.partner_context(acme.network, "a").store
    keep_submission(store, submission("a", state=State.FAILED, code="source_absent"))
    down(acme)
    assert waiting.answered(acme.network, ROUND.id, "a")
    acme.service.start()


def test_a_coordinator_that_does_not_answer_has_not_closed_the_round(acme: Acme, caplog: pytest.LogCaptureFixture) -> None:
    """The trigger lives on, and asks again."""
    trigger = waiting.RoundTrigger("answered", ROUND.id, "2100-01-01T00:00:00+00:00", ["a"])
    down(acme)
    assert not trigger._holds(acme.network)
    assert "does not answer (ConnectError)" in caplog.text
    acme.service.start()


def test_a_task_that_cannot_ask_is_tried_again(acme: Acme, caplog: pytest.LogCaptureFixture) -> None:
    """No answer goes out for that; after the last try the round names the company as absent."""
    company, error = tasks.partner_context(acme.network, "a"), LinkError("link_unreachable", "does not answer")
    down(acme)
    for number in (1, 3):
        assert kept_submission(company.store, ROUND.id) is None
        with (
            caplog.at_level(logging.ERROR),
            pytest.raises(LinkError, match="does not answer"),
            tasks._answering(company, ROUND, context(number)),
        ):
            raise error
    assert caplog.text.count("the coordinator does not hear of it: https://localhost") == 1
    acme.service.start()


def test_a_nights_first_task_makes_nobody_elses_keys(acme: Acme) -> None:
    """On one host it introduces all participants to one another; here it opens no other house (see the fixture)."""
    with pytest.raises(AirflowFailException, match="a: no contract for the data set 'demand'"):
        tasks.pull("a", context())


def test_a_broken_contract_is_told_over_the_link(acme: Acme) -> None:
    """Its code; the message stays at home."""
    with pytest.raises(AirflowFailException, match="line 3 is wrong"):
        tasks.refuse_contract("a", context(), "line 3 is wrong")
    told = acme.parties.coordinator.link.submissions(ROUND.id).submissions["a"]
    assert told.reason == "failed:contract"


def test_a_late_delivery_is_told_to_the_company_itself(acme: Acme) -> None:
    """The coordinator's notifier is in another house."""
    alarm._late({"partition_key": ROUND.id, "conf": {}, "logical_date": None, "run_after": "2026-06-29T01:00:00+00:00"}, "a")
    store = tasks.partner_context(acme.network, "a").store
    assert store.exists(f"rounds/{ROUND.id}/late.json")
    assert b"was not finished" in store.read_bytes(f"notices/{ROUND.id}-delivery.txt")


def test_the_network_is_its_own_copy(acme: Acme) -> None:
    """Each home has the same agreement, and only what is its own besides."""
    assert Network.load(acme.network.home).partners == acme.parties.network.partners
