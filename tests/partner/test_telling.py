"""A partner hears of every night that did not go well, once, through the channel of its contract."""

from __future__ import annotations

import logging
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from support import NIGHT

from decai_forecast.channels import MailServer, send_mail
from decai_forecast.errors import DecaiError
from decai_forecast.network import Network
from decai_forecast.orchestration import alarm
from decai_forecast.orchestration.stack import free_port
from decai_forecast.partner.check import check
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.notices import Notice, tell
from decai_forecast.partner.pull import pull
from decai_forecast.partner.submit import deliver
from decai_forecast.store import Store

Webhook = tuple[str, list[dict]]
FAULTY = '      - {id: mine, type: sql, query: "SELECT count(*) FROM elsewhere", mustBe: 0}\n\nslaProperties:'
NOTICE = Notice("acme", "2026-06-29", "demand", "refused", "REFUSED: too old", "<h1>Refused</h1>")


class Mailbox:
    """A real mail server's memory."""

    def __init__(self) -> None:
        self.got: list[Any] = []
        self.port = free_port(18790)

    async def handle_DATA(self, server: object, session: object, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.got.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    monkeypatch.setenv("DECAI_SMTP_HOST", "127.0.0.1")
    monkeypatch.setenv("DECAI_SMTP_PORT", str(box.port))
    yield box
    server.stop()


def contract(network: Network, name: str = "demand") -> Path:
    return network.home / f"contracts/shop_0/{name}.odcs.yaml"


def change(path: Path, old: str, new: str) -> None:
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))


@pytest.fixture
def told(network: Network, webhook: Webhook) -> list[dict]:
    """What the channel of all of shop_0's contracts gets."""
    url, got = webhook
    for name in ("demand", "items"):
        change(contract(network, name), "    scope: notifications", f"    scope: notifications\n    url: {url}")
    return got


def deliver_twice(network: Network, *, fails: bool = True) -> None:
    """The whole delivery of a night, twice: a repeated night tells nothing again."""
    for _ in range(2):
        if not fails:
            deliver(partner_context(network, "shop_0"), NIGHT)
            continue
        with pytest.raises(DecaiError):
            deliver(partner_context(network, "shop_0"), NIGHT)


def said(messages: list[dict]) -> list[tuple[str, str]]:
    return [(message["subject"], message["verdict"]) for message in messages]


def test_good_news_is_no_news(network: Network, told: list[dict]) -> None:
    """An accepted delivery is not told."""
    deliver_twice(network, fails=False)
    assert told == []


def test_a_refusal_is_told_once(network: Network, told: list[dict]) -> None:
    """With the report, however often the night is repeated."""
    change(contract(network), "mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000")
    deliver_twice(network)
    assert said(told) == [("demand of shop_0, round 2026-06-29: refused", "refused")]
    assert "row_count" in told[0]["text"]


def test_a_missing_source_is_told(network: Network, told: list[dict]) -> None:
    """With the pull's own words."""
    (network.home / "sources/shop_0/demand.parquet").unlink()
    deliver_twice(network)
    assert said(told) == [("demand of shop_0, round 2026-06-29: not delivered", "not_delivered")]
    assert told[0]["text"] == (
        f"shop_0: demand: {network.home}/sources/shop_0/demand.parquet is not there; see servers[0].path in {contract(network)}"
    )


def test_another_data_set_that_is_missing_is_told(network: Network, told: list[dict]) -> None:
    """Though the night goes on without it."""
    (network.home / "sources/shop_0/items.parquet").unlink()
    deliver_twice(network, fails=False)
    assert said(told) == [("items of shop_0, round 2026-06-29: not delivered", "not_delivered")]


def test_a_faulty_rule_is_told(network: Network, told: list[dict]) -> None:
    """It is the partner's to correct."""
    change(contract(network), "\nslaProperties:", FAULTY)
    deliver_twice(network)
    assert said(told) == [("demand of shop_0, round 2026-06-29: not checked", "not_checked")]


def test_a_faulty_rule_of_another_data_set_is_told(network: Network, told: list[dict]) -> None:
    """Demand goes on."""
    change(contract(network, "items"), "\nslaProperties:", FAULTY)
    deliver_twice(network, fails=False)
    assert said(told) == [("items of shop_0, round 2026-06-29: not checked", "not_checked")]


def test_a_broken_contract_is_told_through_the_channels_of_before(network: Network, told: list[dict]) -> None:
    """None of its files can be read any more."""
    deliver_twice(network, fails=False)
    for name in ("demand", "items"):
        contract(network, name).write_text("apiVersion: [v3")
    deliver_twice(network)
    assert said(told) == [("contract of shop_0, round 2026-06-29: broken", "broken")]
    assert "not valid YAML" in told[0]["text"]


def test_a_late_delivery_is_told(network: Network, told: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    """By Airflow's deadline."""
    monkeypatch.setenv("DECAI_HOME", str(network.home))
    for _ in range(2):
        alarm._late({"partition_key": None, "conf": {"round": NIGHT.id}, "logical_date": None,
                     "run_after": "2026-06-29T01:00:00+00:00"}, "shop_0")  # fmt: skip
    assert said(told) == [("delivery of shop_0, round 2026-06-29: late", "late")]


def test_telling_comes_after_the_step(network: Network, told: list[dict], monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that dies before it is done has told nothing; the repeated one tells."""
    change(contract(network), "mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000")
    company = partner_context(network, "shop_0")
    pull(company, NIGHT)
    plain = Store.write_json

    def dying(store: Store, key: str, value: Any) -> None:
        if key.endswith("check/done.json"):
            raise OSError("the machine stopped")
        plain(store, key, value)

    monkeypatch.setattr(Store, "write_json", dying)
    with pytest.raises(OSError, match="stopped"):
        check(company, NIGHT)
    monkeypatch.undo()
    assert told == []
    with pytest.raises(DecaiError):
        check(company, NIGHT)
    assert len(told) == 1


def test_mail_goes_through_a_real_server(tmp_path: Path, mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subject, sender, receiver, text and page; once."""
    monkeypatch.setenv("DECAI_SMTP_SENDER", "decai@five.example")
    store = Store(tmp_path, "acme")
    assert tell(store, ["mailto:data@acme.example"], NOTICE) == []
    assert tell(store, ["mailto:data@acme.example"], NOTICE) == []
    (mail,) = mailbox.got
    text = mail.content.decode()
    assert (mail.mail_from, mail.rcpt_tos) == ("decai@five.example", ["data@acme.example"])
    assert "Subject: demand of acme, round 2026-06-29: refused" in text
    assert "REFUSED: too old" in text
    assert "<h1>Refused</h1>" in text


def test_mail_needs_no_sender(tmp_path: Path, mailbox: Mailbox) -> None:
    """It then comes from this machine."""
    assert tell(Store(tmp_path, "acme"), ["data@acme.example"], NOTICE) == []
    assert mailbox.got[0].mail_from.startswith("decai@")


@pytest.mark.parametrize(
    ("channel", "logged"),
    [
        ("#supply", "support channel '#supply' of acme cannot be used; give it an e-mail address, or a url that begins with "
         "https://"),
        ("data@acme.example", "no mail to acme: DECAI_SMTP_HOST is not set; the notice lies in the partner's store"),
        ("http://127.0.0.1:9/", "a channel of acme could not be reached (OSError)"),
    ],
)  # fmt: skip
def test_a_channel_that_cannot_be_used_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, channel: str, logged: str
) -> None:
    """And its notice lies in the store."""
    store = Store(tmp_path, "acme")
    with caplog.at_level(logging.WARNING, "decai_forecast.partner.notices"):
        assert tell(store, [channel], NOTICE) == [channel]
    assert [record.getMessage() for record in caplog.records] == [logged]
    assert store.read_bytes("notices/2026-06-29-demand.txt").decode() == f"{NOTICE.subject}\n\n{NOTICE.text}"


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's context with a certificate that nobody vouches for."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, now, now + timedelta(days=1)).add_extension(
        x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False
    ).sign(key, hashes.SHA256())  # fmt: skip
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "both.pem").write_bytes(secret + made.public_bytes(pem))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(folder / "both.pem")
    return context


def test_a_password_goes_to_a_verified_server_only(tmp_path: Path) -> None:
    """A certificate that nobody vouches for ends the conversation before the login."""
    box = Mailbox()
    server = Controller(box, hostname="127.0.0.1", port=box.port, tls_context=certificate(tmp_path))
    server.start()
    with pytest.raises(ssl.SSLCertVerificationError):
        send_mail(MailServer("127.0.0.1", box.port, "a@b.example", "amy", "secret"), ["c@d.example"], "subject", "text")
    server.stop()
    assert box.got == []
