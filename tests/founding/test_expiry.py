"""That a certificate ends is told from thirty days before, to whoever can get another one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from decai_forecast.commands.table import print_summary, screen
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.summary import coordinator_summary
from decai_forecast.federation.superlink import keys
from decai_forecast.federation.superlink.expiry import Expiry
from decai_forecast.federation.superlink.keys import Authority, new_key, request
from decai_forecast.federation.superlink.link import Link, Ports
from decai_forecast.federation.superlink.passport import Admission, Files
from decai_forecast.founding import found_named
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.expiry import ends_soon, tell_of_expiry
from decai_forecast.partner.round_summary import company_summary
from decai_forecast.round import Round

NIGHT = Round.of("2026-11-30")


def network_of(home: Path, days: int, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Of a company whose certificate holds for so many days."""
    network = found_named(home, "four", ("acme", "bolt", "corex", "dune"), "W")
    link = Link(home / "federation" / COORDINATOR)
    link.found("localhost", Ports())
    monkeypatch.setattr(keys.Authority._issued, "__defaults__", (days,))
    authority = link._signer("authority")
    certificate = authority.sign_company("acme", request("acme", new_key()))
    link.certificates.add("acme", certificate)
    link._write_nodes({"7": "acme"})
    files = Files.of(home, "acme")
    files.folder.mkdir(parents=True)
    files.tls_certificate.write_bytes(certificate)
    files.authority.write_bytes(authority.pem)
    Admission("acme", "localhost", 1, 2, 3, authority.pem.decode(), certificate.decode(), "ab" * 32, "Ed25519").write(
        files.admission
    )
    return network


@pytest.mark.parametrize(("days", "told"), [(32, False), (29, True)])
def test_both_houses_are_told(tmp_path: Path, days: int, told: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """In the round as the coordinator sees it, and as the company does; each with what it can do."""
    network = network_of(tmp_path, days, monkeypatch)
    day = datetime.now(UTC) + timedelta(days=days)
    company = partner_context(network, "acme")
    own = company_summary(company, NIGHT.id, scores=False)["expires"]
    there = coordinator_summary(coordinator_context(network), NIGHT)["expires"]
    assert own == ends_soon(company)
    words = f"the certificate of acme ends on {day:%Y-%m-%d}, in {days - 1} days: "
    assert [line.startswith(words + "`decai federation renew acme`") for line in own] == [True] * told
    assert there == [words + "acme runs `decai federation renew`, then approve it"] * told


def test_it_is_printed_with_the_round(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    """`decai round show`."""
    summary = company_summary(partner_context(network_of(tmp_path, 3, monkeypatch), "acme"), NIGHT.id, scores=False)
    print_summary(summary, screen())
    assert "the certificate of acme ends on" in capsys.readouterr().out


def test_a_message_goes_out_twice(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A month and a week before the end, not every night."""
    for days, stage in ((29, "ends_in_30_days"), (6, "ends_in_7_days")):
        company = partner_context(network_of(tmp_path / str(days), days, monkeypatch), "acme")
        tell_of_expiry(company)
        tell_of_expiry(company)
        told = company.store.children("notices")
        assert [name.rsplit("-", 1)[1] for name in told if name.endswith(".told")] == [f"{stage}.told"]
        [text] = [name for name in told if name.endswith(".txt")]
        first = company.store.read_bytes(f"notices/{text}").decode().splitlines()[0]
        assert first.startswith("the certificate of acme ends on 20")


def test_what_has_ended_is_told_as_such() -> None:
    """And what to do about it."""
    now = datetime(2026, 11, 30, tzinfo=UTC)
    assert Expiry("x", now - timedelta(days=1), "do y").line(now) == "x ended on 2026-11-29: do y"
    assert Expiry("x", now + timedelta(days=30), "do y").is_near(now)
    assert not Expiry("x", now + timedelta(days=31), "do y").is_near(now)


def test_a_certificate_of_the_authority_says_when_it_ends() -> None:
    """Ten years; companies' end earlier."""
    authority = Authority.create("x")
    assert keys.ends_of(authority.pem) > datetime.now(UTC) + timedelta(days=3_600)
