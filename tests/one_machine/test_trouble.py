"""Nights on which something goes wrong: the others go on, and everybody is told."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support import NIGHT, inbox, own, quiet

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import federate
from decai_forecast.coordinator.roster import read_roster, write_roster
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.errors import BelowQuorum, DeliveryError, StoreError
from decai_forecast.link import ClosingStatus
from decai_forecast.network import MailChannel, Network, WebhookChannel
from decai_forecast.one_machine.run import report_partner, run_round
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.stack import free_port
from decai_forecast.partner.check import Refused, check
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import TRAIN
from decai_forecast.partner.pull import pull
from decai_forecast.partner.submit import deliver
from decai_forecast.steps import read_done
from decai_forecast.store import Store


def contract(network: Network, partner: str) -> Path:
    return network.home / "contracts" / partner / "demand.odcs.yaml"


def refuse(network: Network, partner: str) -> None:
    """Lets the partner's own contract ask for more rows than it has."""
    path = contract(network, partner)
    path.write_text(path.read_text().replace("mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000"))


def delivered(network: Network, *partners: str) -> None:
    for partner in partners:
        deliver(partner_context(network, partner), NIGHT)


def test_refused_failing_and_broken_partners_stop_nobody(network: Network) -> None:
    """A refused delivery and a broken contract leave three who train; the note names both with the reason."""
    refuse(network, "shop_1")
    contract(network, "shop_4").write_text("apiVersion: [v3")
    closing = run_round(network, NIGHT, quiet)
    assert closing.status is ClosingStatus.CLOSED
    assert closing.members == ("shop_0", "shop_2", "shop_3")
    assert dict(closing.missing) == {"shop_1": "refused:row_count", "shop_4": "failed:contract"}
    for partner, said in (("shop_1", "row_count"), ("shop_4", "contract"), ("shop_0", "shop_1")):
        report = own(network, partner).read_json(f"outbox/{NIGHT.id}/report.json")
        assert said in json.dumps(report)


def test_a_refusal_shows_the_rule_and_its_line(network: Network) -> None:
    """The error of a refused delivery is the head of the partner's own report."""
    refuse(network, "shop_1")
    company = partner_context(network, "shop_1")
    pull(company, NIGHT)
    with pytest.raises(Refused, match=r"REFUSED(.|\n)*more than 1,000,000 rows(.|\n)*demand\.odcs\.yaml:\d+"):
        check(company, NIGHT)


def test_below_quorum_ends_clearly_and_keeps_the_last_forecaster(after: Network) -> None:
    """With two of three partners the second night fails, says so, and reports with last night's shared forecaster."""
    for partner in ("shop_1", "shop_2", "shop_3"):
        (after.home / "sources" / partner / "demand.parquet").unlink()
    night = replace(NIGHT, id="2026-06-29.2")
    closing = run_round(after, night, quiet)
    assert closing.status is ClosingStatus.BELOW_QUORUM
    assert "2 of 5 partners delivered, 3 are needed" in closing.note
    assert "shop_1 (failed:source_absent)" in closing.note
    notices = [own(after).read_json(key) for key in own(after).keys("notices")]
    assert [notice["text"] for notice in notices] == [closing.note]
    row = summarise(after, night)["partners"][0]
    assert set(row["wape"]) >= {"local", "shared"}
    assert row["report"]


def test_the_roster_is_written_once(network: Network) -> None:
    """Who delivers after the roster is late: not in training, but with a report."""
    delivered(network, "shop_0", "shop_1", "shop_2")
    roster = write_roster(coordinator_context(network), NIGHT)
    delivered(network, "shop_3")
    assert write_roster(coordinator_context(network), NIGHT) == roster == read_roster(coordinator_context(network), NIGHT.id)
    federate(coordinator_context(network), NIGHT, quiet)
    assert Path(report_partner(network, "shop_3", NIGHT)).exists()
    closing = close(coordinator_context(network), NIGHT)
    assert closing.late == ("shop_3",)
    assert "late: shop_3" in closing.note


def test_below_quorum_writes_no_roster(network: Network) -> None:
    """Two of three: an error now, and still a chance later."""
    delivered(network, "shop_0", "shop_1")
    with pytest.raises(BelowQuorum, match="missing: shop_2 \\(absent\\), shop_3 \\(absent\\)"):
        write_roster(coordinator_context(network), NIGHT)
    assert read_roster(coordinator_context(network), NIGHT.id) is None
    delivered(network, "shop_2")
    assert set(write_roster(coordinator_context(network), NIGHT).members) == {"shop_0", "shop_1", "shop_2"}


def test_a_missing_source_names_the_file_and_leaves_as_a_code(network: Network) -> None:
    """The partner reads the path; the coordinator gets `delivery`."""
    source = network.home / "sources/shop_0/demand.parquet"
    source.unlink()
    with pytest.raises(DeliveryError, match=r"sources/shop_0/demand\.parquet"):
        delivered(network, "shop_0")
    submissions = round_status(coordinator_context(network), NIGHT.id).submissions
    assert {partner: one.reason for partner, one in submissions.items()} == {"shop_0": "failed:source_absent"}
    assert "sources" not in inbox(network).read_bytes(f"shop_0/{NIGHT.id}/submission.json").decode()


def test_a_step_given_another_participants_path_fails(network: Network) -> None:
    """Every step of a partner works with a store that raises on any path but its own, and reading elsewhere raises."""
    company = partner_context(network, "shop_0")
    for path in ("../shop_1/rounds/x", f"{network.home}/stores/shop_1/x", "rounds/../../shop_1/x", "file:///x"):
        with pytest.raises(StoreError, match="outside this participant's store"):
            company.store.read_bytes(path)
        with pytest.raises(StoreError, match="outside this participant's store"):
            company.store.write_bytes(path, b"")


def test_no_step_touches_another_participants_store(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Through a whole round every path opened by a partner's steps lies below its own store."""
    seen: dict[str, set[str]] = {}
    plain = Store.path

    def watched(store: Store, key: str) -> str:
        found = plain(store, key)
        seen.setdefault(store.owner, set()).add(found)
        return found

    monkeypatch.setattr(Store, "path", watched)
    run_round(network, NIGHT, quiet)
    for partner in network.partners:
        root = str(network.home / "stores" / partner)
        assert seen[partner]
        assert all(path.startswith(root) for path in seen[partner])


def test_a_killed_step_loses_and_doubles_nothing(network: Network) -> None:
    """A process killed in the middle of `train` leaves no done.json; run again, it ends as if nothing had happened."""
    delivered(network, "shop_1")
    code = f"""
import os, signal
from pathlib import Path
from decai_forecast.link import ClosingStatus
from decai_forecast.network import Network
from decai_forecast.partner.check import check
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.pull import pull
from decai_forecast.partner.train import train
from decai_forecast.round import Round
from decai_forecast.steps import Writer
network = Network.load(Path({str(network.home)!r}))
company, round = partner_context(network, "shop_0"), Round.of({NIGHT.id!r})
pull(company, round)
check(company, round)
plain = Writer.frame
def dying(self, name, frame):
    plain(self, name, frame)
    if name.startswith("future"):
        os.kill(os.getpid(), signal.SIGKILL)
Writer.frame = dying
train(company, round)
"""
    killed = subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert killed.returncode == -9, killed.stderr.decode()
    store = own(network, "shop_0")
    assert read_done(store, NIGHT.id, TRAIN) is None
    delivered(network, "shop_0")
    done = read_done(store, NIGHT.id, TRAIN)
    assert done is not None
    assert done.broken() == ""
    assert not [key for key in store.keys("rounds") if "/.put-" in key]


def test_people_are_told_by_webhook(network: Network, monkeypatch: pytest.MonkeyPatch, webhook: tuple[str, list[dict]]) -> None:
    """A configured webhook gets the note as JSON; the address comes from the environment."""
    url, got = webhook
    monkeypatch.setenv("HOOK", url)
    told = replace(network, notify=(WebhookChannel("webhook", "HOOK"),))
    closing = close(coordinator_context(told), NIGHT)
    assert closing.status is ClosingStatus.BELOW_QUORUM
    assert [message["text"] for message in got] == [closing.note]


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/", "http://[", ""])
def test_a_dead_webhook_stops_nothing(network: Network, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """The round closes, and the notice is in the file all the same."""
    monkeypatch.setenv("HOOK", url)
    close(coordinator_context(replace(network, notify=(WebhookChannel("webhook", "HOOK"),))), NIGHT)
    assert len(own(network).keys("notices")) == 1


def test_people_are_told_by_mail(network: Network) -> None:
    """A real SMTP server gets the note with the network's name in the subject."""
    from aiosmtpd.controller import Controller

    got: list[Any] = []

    class Mailbox:
        async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
            got.append(envelope)
            return "250 OK"

    port = free_port(18780)
    server = Controller(Mailbox(), hostname="127.0.0.1", port=port)
    server.start()
    channel = MailChannel("smtp", "127.0.0.1", "decai@five.example", ("ops@five.example",), port)
    told = replace(network, notify=(channel,))
    closing = close(coordinator_context(told), NIGHT)
    server.stop()
    assert [mail.rcpt_tos for mail in got] == [["ops@five.example"]]
    assert "Subject: [five]" in got[0].content.decode()
    assert closing.note.split(";")[0] in got[0].content.decode().replace("\r\n", " ")
