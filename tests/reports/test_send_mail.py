"""The report by mail, through a real mail server: inert, complete, once."""

from __future__ import annotations

import email
import email.policy
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import examples
import pytest
import sending
from aiosmtpd.controller import Controller
from sending import ROUND, Known

from decai_forecast.delivery import Connection
from decai_forecast.orchestration.stack import free_port
from decai_forecast.reports.send import Entry, Target, bundle_of, deliver, send_report
from decai_forecast.store import Store

PLANNERS = Target("planners", "mail", to=("planning@alder.example", "boss@alder.example"), connection="alder_mail")


class Mailbox:
    """A real mail server's memory; ``answer`` is what it says to a mail."""

    def __init__(self) -> None:
        self.got: list[EmailMessage] = []
        self.to: list[list[str]] = []
        self.answer = "250 OK"
        self.port = free_port(18990)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        if self.answer.startswith("250"):
            self.got.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
            self.to.append(envelope.rcpt_tos)
        return self.answer


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    monkeypatch.setattr(deliver, "PAUSE", 0.0)
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    yield box
    server.stop()


def send(store: Store, mailbox: Mailbox) -> Entry:
    connection = Connection(host="127.0.0.1", port=mailbox.port, extra={"sender": "reports@alder.example"})
    return send_report(store, "alder_foods", ROUND, [PLANNERS], Known({"alder_mail": connection}))[0]


def test_planners_get_the_sentences_and_the_files(tmp_path: Path, mailbox: Mailbox) -> None:
    """One mail to all, the text readable anywhere, every file as it was signed, an id made of the manifest's digest."""
    store = sending.with_report(Store(tmp_path, "alder_foods"))
    assert send(store, mailbox).status == "sent"
    send(store, mailbox)
    (mail,), bundle = mailbox.got, bundle_of(store, "alder_foods", ROUND)
    assert mailbox.to == [list(PLANNERS.to)]
    assert (
        mail["Subject"] == "Resilience report of alder_foods, round 2026-11-24: Supply holds today, but leans on one supplier"
    )
    assert mail["Message-ID"] == f"<{bundle.digest[:40]}.planners@alder.example>"
    assert {part.get_filename(): part.get_payload(decode=True) for part in mail.iter_attachments()} == dict(bundle.files)
    assert "Best action" in mail.get_body().get_content()


def test_names_are_inert_in_a_mail(tmp_path: Path, mailbox: Mailbox) -> None:
    """Names with markup or line ends make no HTML part and no header."""
    attack = "x\r\nBcc: all@evil.example\r\n\r\n<script>alert(1)</script>"
    facts = examples.facts(simulation=examples.simulation((attack, "b"), vendors=(attack,)))
    assert send(sending.with_report(Store(tmp_path, "alder_foods"), facts=facts), mailbox).status == "sent"
    mail = mailbox.got[0]
    assert mail["Bcc"] is None
    assert mail.get_body().get_content_type() == "text/plain"
    assert mailbox.to == [list(PLANNERS.to)]


@pytest.mark.parametrize(("answer", "code"), [("451 later", "send_unreachable"), ("552 too large", "send_rejected")])
def test_what_the_server_answers_is_kept(tmp_path: Path, mailbox: Mailbox, answer: str, code: str) -> None:
    """A mail that was not taken is owed, and goes out when the server takes it."""
    store = sending.with_report(Store(tmp_path, "alder_foods"))
    mailbox.answer = answer
    entry = send(store, mailbox)
    assert (entry.status, entry.code, entry.text) == ("owed", code, f"planners: 127.0.0.1 answers {answer[:3]}")
    mailbox.answer = "250 OK"
    assert send(store, mailbox).attempts == 2
    assert len(mailbox.got) == 1
