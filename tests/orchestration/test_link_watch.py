"""What came over the link reaches the DAGs once: the trigger tells, the task claims and emits."""

from __future__ import annotations

import asyncio
import logging
import re
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowSkipException
from parties import ROUND, Parties, submission
from services import running

from decai_forecast.coordinator.close import close
from decai_forecast.link import State
from decai_forecast.link.calls import ONCE
from decai_forecast.orchestration import link_watch
from decai_forecast.orchestration.arrivals import Arrival, Look, Published, Submitted
from decai_forecast.orchestration.link_watch import AGAIN, LONGEST_PAUSE, PAUSE, LinkTrigger, Rhythm
from decai_forecast.orchestration.plan import DELIVERIES, SHARED
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.report import outbox_key


@pytest.fixture
def parties(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Parties:
    """Four companies and the coordinator, whose Airflow this is."""
    made = Parties(tmp_path)
    made.network.save()
    monkeypatch.setenv("DECAI_HOME", str(tmp_path))
    monkeypatch.setenv("DECAI_ROLE", "coordinator")
    return made


@pytest.fixture
def acme(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> Parties:
    """The same, seen from the Airflow of company ``a``, which has delivered."""
    monkeypatch.setenv("DECAI_ROLE", "partner")
    monkeypatch.setenv("DECAI_PARTNER", "a")
    keep_submission(parties.company("a").store, submission("a"))
    parties.submit("a")
    return parties


def emitted(run_id: str) -> tuple[dict[Any, list[str]], list[str]]:
    """What a run of the task emits, by asset, and what it returns."""
    events: dict[Any, Any] = defaultdict(lambda: SimpleNamespace(keys=[]))

    class Accessors(dict[Any, Any]):
        def __missing__(self, asset: Any) -> Any:
            event = events[asset]
            event.add_partitions = event.keys.extend
            return event

    keys = link_watch.emit({"dag_run": SimpleNamespace(run_id=run_id), "outlet_events": Accessors()})
    return {asset: event.keys for asset, event in events.items()}, keys


def nothing(run_id: str) -> None:
    with pytest.raises(AirflowSkipException, match="nothing new came over the link"):
        link_watch.emit({"dag_run": SimpleNamespace(run_id=run_id), "outlet_events": {}})


def test_the_coordinator_emits_who_is_ready_once(parties: Parties) -> None:
    """Not who failed, and no newcomer: they do not count for the quorum."""
    parties.submit("ab")
    parties.submit("c", state=State.NEWCOMER, code="little_history", digest="")
    parties.submit("d", state=State.FAILED, code="source_absent", digest="")
    assert emitted("run1")[0] == {DELIVERIES: [f"a|{ROUND.id}", f"b|{ROUND.id}"]}
    nothing("run2")
    parties.submit("ad", rows=11)  # a changed delivery, and one that was mended
    assert emitted("run3")[0] == {DELIVERIES: [f"d|{ROUND.id}"]}


def test_a_run_that_was_killed_emits_when_it_is_run_again(parties: Parties) -> None:
    """Airflow emits only when the task has succeeded, so the claim of the same run is no reason to skip it."""
    parties.submit("a")
    first = emitted("run1")
    parties.submit("b")
    nothing_lost = emitted("run1")
    assert first[1] == [f"a|{ROUND.id}"]
    assert nothing_lost[1] == [f"a|{ROUND.id}", f"b|{ROUND.id}"]
    nothing("run2")


def test_a_closed_round_emits_nothing(parties: Parties) -> None:
    """Who comes after that is late; its report needs no training."""
    parties.submit("abc")
    close(parties.coordinator, ROUND)
    nothing("run1")
    arrivals = Submitted(parties.coordinator)
    assert arrivals.look() == Look()
    assert arrivals.closed == {ROUND.id}


def test_a_company_emits_the_round_that_has_a_shared_forecaster(acme: Parties) -> None:
    """Once, whether it was trained or is the last one, which closing the round keeps."""
    nothing("run1")
    close(acme.coordinator, ROUND)
    assert emitted("run2")[0] == {SHARED: [ROUND.id]}
    nothing("run3")


def test_a_round_with_a_report_is_not_asked_for(acme: Parties) -> None:
    """Airflow may be installed after years of nights under cron."""
    close(acme.coordinator, ROUND)
    acme.company("a").store.write_bytes(outbox_key(ROUND.id, "report.html"), b"")
    nothing("run1")


def test_what_is_published_by_another_holds_up_no_other_round(acme: Parties) -> None:
    """A message that does not hold is told as trouble; the round beside it goes on."""
    earlier = "2026-06-22"
    keep_submission(acme.company("a").store, submission("a", round=earlier))
    acme.public.write_bytes(f"rounds/{earlier}/shared.json", b"{}")
    close(acme.coordinator, ROUND)
    look = Published(acme.company("a"), acme.network.zone).look()
    assert [one.key for one in look.arrivals] == [ROUND.id]
    assert "malformed" in look.trouble


def test_a_company_hears_over_https_and_survives_a_service_that_is_down(acme: Parties, tmp_path: Path) -> None:
    """The service answers, is stopped, and starts anew."""
    with running(acme, tmp_path / "tls") as service:
        arrivals = Published(replace(acme.company("a"), link=service.link("a", ONCE)), acme.network.zone)
        assert arrivals.look() == Look()
        close(acme.coordinator, ROUND)
        service.stop()
        down = arrivals.look()
        service.start()
        assert [one.key for one in arrivals.look().arrivals] == [ROUND.id]
    assert down.arrivals == ()
    assert re.fullmatch(
        r"https://localhost:\d+ does not answer \(ConnectError\); it is tried again the next time", down.trouble
    )


def test_what_a_company_sends_over_https_is_emitted_at_the_coordinator(parties: Parties, tmp_path: Path) -> None:
    """The service lays it into the inbox, where the trigger looks."""
    with running(parties, tmp_path / "tls") as service:
        service.link("b").submit(submission("b"))
    assert told(LinkTrigger("coordinator")) == [f"b|{ROUND.id}"]
    assert emitted("run1")[0] == {DELIVERIES: [f"b|{ROUND.id}"]}


# the trigger


def told(trigger: LinkTrigger, while_waiting: Callable[[], object] = lambda: None) -> Any:
    """The payload of the next event."""

    async def first() -> Any:
        events = trigger.run()
        waiting = asyncio.ensure_future(anext(events))
        await asyncio.sleep(0.2)
        while_waiting()
        payload = (await asyncio.wait_for(waiting, 60)).payload
        await events.aclose()
        return payload

    return asyncio.run(first())


def test_the_trigger_waits_for_what_comes(parties: Parties) -> None:
    """And tells of all that no run has claimed, after it was started anew, too."""
    trigger = LinkTrigger("coordinator")
    assert trigger.serialize() == (f"{LinkTrigger.__module__}.LinkTrigger", {"role": "coordinator", "partner": ""})
    parties.submit("a")
    assert told(trigger) == [f"a|{ROUND.id}"]
    assert told(LinkTrigger(**trigger.serialize()[1])) == [f"a|{ROUND.id}"]
    emitted("run1")
    parties.submit("b")
    assert told(LinkTrigger("coordinator")) == [f"b|{ROUND.id}"]


def test_a_fault_of_any_kind_does_not_end_the_trigger(
    parties: Parties, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Airflow would start it anew every two seconds; it is told once, and then that all is well."""
    monkeypatch.setattr(link_watch, "PAUSE", 0.05)
    network_file = parties.network.home / "network.yaml"
    text = network_file.read_text()
    network_file.write_text("[")
    parties.submit("a")
    with caplog.at_level(logging.INFO, logger=link_watch.__name__):
        assert told(LinkTrigger("coordinator"), lambda: network_file.write_text(text)) == [f"a|{ROUND.id}"]
    said = [record.message for record in caplog.records]
    assert len(said) == 2, said
    assert re.match(r"the link: /.*network.yaml:2: not valid YAML: .*; it is asked again with longer pauses", said[0])
    assert said[1] == "the link answers again"


def test_a_new_company_needs_no_restart(parties: Parties, monkeypatch: pytest.MonkeyPatch) -> None:
    """The trigger reads the network at every look."""
    monkeypatch.setattr(link_watch, "PAUSE", 0.05)

    def joins() -> None:
        grown = Parties(parties.network.home, "abcde")
        grown.network.save()
        grown.submit("e")

    assert told(LinkTrigger("coordinator"), joins) == [f"e|{ROUND.id}"]


def look(*keys: str, trouble: str = "") -> Look:
    return Look(tuple(Arrival(key, key, key, {}) for key in keys), trouble)


def test_an_event_is_told_once_and_again_when_no_run_came() -> None:
    """A DAG that was paused hears nothing; one that has claimed it leaves no arrival."""
    rhythm = Rhythm()
    assert rhythm.after(look("a"), 0.0) == ["a"]
    assert rhythm.after(look("a", "b"), 10.0) == ["b"]
    assert rhythm.after(look("a", "b"), AGAIN - 1) == []
    assert rhythm.after(look("a", "b"), AGAIN) == ["a"]
    assert rhythm.after(look("a", "b"), AGAIN + 9) == []
    assert rhythm.after(look("b"), AGAIN + 10) == ["b"]
    assert rhythm.after(look("a"), AGAIN + 11) == ["a"]  # claimed, and then its claim was taken away by hand


def test_pauses_grow_while_the_link_does_not_answer(caplog: pytest.LogCaptureFixture) -> None:
    """One line for one fault, however long it lasts."""
    rhythm, pauses = Rhythm(), []
    for trouble in ["down"] * 6 + ["wrong"]:
        rhythm.after(look(trouble=trouble), 0.0)
        pauses.append(rhythm.pause)
    assert pauses == [20.0, 40.0, 80.0, 160.0, LONGEST_PAUSE, LONGEST_PAUSE, LONGEST_PAUSE]
    assert [record.args for record in caplog.records] == [("down",), ("wrong",)]
    rhythm.after(look(), 0.0)
    assert (rhythm.pause, rhythm.trouble) == (PAUSE, "")
