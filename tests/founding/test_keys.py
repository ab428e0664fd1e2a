"""Keys after the founding, over a real service and SuperLink: another certificate, an exchange, a key that is taken back."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from federations import HASTY, Federation, decai, federation
from superlinks import free_ports, running, wait_for

from decai_forecast.commands.membership import follow_members, news_of_members
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.errors import ConfigError, IdentityError, LinkError
from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import BROADCAST, Frame
from decai_forecast.federation.exact.grpc_relay import GrpcRelay, GrpcWire, Tls
from decai_forecast.federation.superlink.link import Ports
from decai_forecast.federation.superlink.passport import Files
from decai_forecast.founding.apart import Exchange, fingerprint_of_members
from decai_forecast.founding.apart.approve import Changes
from decai_forecast.founding.apart.keys_papers import KeysRequest, sealed_request, succession
from decai_forecast.identity import Identity
from decai_forecast.link import Members, State, Submission
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.context import partner_context
from decai_forecast.pins import OVERLAP
from decai_forecast.round import Round

ROUND = Round.of("2026-11-30")


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """Four companies, all admitted and pinned by all; the SuperLink runs."""
    folder = tmp_path_factory.mktemp("keys")
    with (
        federation(folder, Ports(*free_ports(5))) as founded,
        running("federation", "up", "--home", founded.home, log=folder / "up.log"),
    ):
        for name in founded.network.partners:
            founded.invite(name)
            founded.join(name)
        wait_for(founded.link.facts()[2].control)
        admit(founded, *founded.network.partners)
        yield founded


def admit(founded: Federation, *names: str) -> None:
    pairs = [("--fingerprint", founded.desk.answer(name).passport.fingerprint) for name in names]
    founded.admit(*names, *(part for pair in pairs for part in pair))
    for name in founded.network.partners:
        with suppress(AssertionError):
            founded.enter(name, code=1)
        founded.enter(name, "--fingerprint", fingerprint_of_members(told(founded)))


def told(founded: Federation) -> Members:
    members = coordinator_context(founded.network).link.members()
    assert members is not None
    return members


def ask(founded: Federation, what: str, partner: str, *options: str | Path, code: int = 0) -> str:
    """`decai federation <what>` at the company."""
    return decai("federation", what, *options, "--home", founded.folder / partner, code=code)


def approve(founded: Federation, *options: str | Path) -> str:
    return decai("federation", "approve", *options, "--home", founded.home)


def submission(name: str) -> Submission:
    return Submission(name, ROUND.id, ROUND.as_of, State.FAILED, "source_absent")


def sends(founded: Federation, name: str) -> None:
    """A message of the night, over the link, in the company's name."""
    partner_context(Network.load(founded.folder / name), name, once=True).link.submit(submission(name))


def arrived(founded: Federation) -> dict[str, str]:
    """Whose messages the coordinator takes, and the code of the others'."""
    inbox = coordinator_context(founded.network).link.submissions(ROUND.id)
    return dict.fromkeys(inbox.submissions, "") | dict(inbox.set_aside)


def hear(founded: Federation, name: str) -> list[str]:
    return list(follow_members(Network.load(founded.folder / name), name))


def serial(founded: Federation, name: str) -> bytes:
    return Files.of(founded.folder / name, name).tls_certificate.read_bytes()


def test_a_company_renews_its_certificate(up: Federation) -> None:
    """It asks, the coordinator approves without comparing, it takes: another key and certificate, the same company. The one
    before holds on."""
    before, key, identity = serial(up, "acme"), up.company("acme").identity().public, told(up)
    home = up.folder / "acme"
    old = shutil.copytree(home, up.folder / "old_acme")
    assert "the coordinator approves it" in ask(up, "renew", "acme", code=1)
    assert approve(up) == "acme: approved; `decai federation renew` or `rotate` there takes it.\n"
    assert "the certificate holds until 20" in ask(up, "renew", "acme")
    assert serial(up, "acme") != before
    assert (up.company("acme").identity().public, told(up)) == (key, identity)
    for where in (home, old):
        partner_context(Network.load(where), "acme", once=True).link.submit(submission("acme"))
    assert not (home / "federation/acme/next").exists()
    with pytest.raises(ConfigError, match="no request has come"):
        approve(up)


def test_a_company_without_a_network_carries_its_request(up: Federation) -> None:
    """Request and answer are files without a secret; the key stays at the company."""
    request, out = up.folder / "bolt.request.json", up.folder / "packages"
    ask(up, "renew", "bolt", "--out", request, code=1)
    approve(up, request, "--out", out)
    ask(up, "renew", "bolt", "--package", out / "bolt.package.json")
    sends(up, "bolt")
    key = Files.of(up.folder / "bolt", "bolt").tls_key.read_text().splitlines()[1]
    assert not [path for path in (request, out / "bolt.package.json") if key in path.read_text()]


def test_an_exchange_makes_no_new_company(up: Federation) -> None:
    """All three keys of corex are new; the others know it by what the old key signed, without comparing again, and both are
    taken meanwhile."""
    before, bags = up.company("corex").identity(), up.company("corex").identity().secret("bags")
    asked = ask(up, "rotate", "corex", code=1)
    heard = asked.split("coordinator: ")[1].split(".")[0]
    sends(up, "corex")
    with pytest.raises(LinkError, match=f"corex: its new key is of {heard}, and not of 0000; it is not approved"):
        approve(up, "corex", "--fingerprint", "0000")
    approve(up, "corex", "--fingerprint", heard)
    sends(up, "corex")  # with the old key: it has not taken the new one yet
    assert arrived(up)["corex"] == ""
    ask(up, "rotate", "corex")
    sends(up, "corex")
    assert arrived(up)["corex"] == ""
    after = up.company("corex").identity()
    assert (after.public != before.public, after.secret("bags")) == (True, bags)
    assert hear(up, "acme") == ["corex: has exchanged its key, and signed the new one with the old one"]
    assert hear(up, "acme") == []
    pin = up.company("acme").pins()["corex"]
    assert pin.taken(datetime.now(UTC)) == (after.public, before.public)
    assert pin.taken(datetime.now(UTC) + OVERLAP) == (after.public,)
    assert up.company("corex").pins()["corex"].is_line(before.public, after.public)
    assert list(news_of_members(Network.load(up.folder / "bolt"), "bolt")) == [
        "bolt: corex: has exchanged its key, and signed the new one with the old one"
    ]
    assert sorted(up.link.nodes().values()).count("corex") == 2  # until the old one is given up
    assert "Pinned: all of them." in up.enter("dune")


def test_nobody_else_exchanges_a_companys_key(up: Federation) -> None:
    """Neither with a key of its own, nor with another company's certificate, nor with a statement of another network."""
    network = Network.load(up.folder / "acme")
    mallory, old = Identity.create("dune"), up.company("dune").identity()
    passport = up.desk.answer("dune").passport
    exchange = Exchange(network.name, company(up, "acme"), up.company("acme"), HASTY)
    forged = [
        (mallory, succession("four", mallory, mallory.successor())),
        (mallory, replace(succession("four", old, mallory), by_old="ab" * 64)),
        (old, succession("five", old, mallory)),
    ]
    for signer, one in forged:
        request = KeysRequest(replace(passport, signing_key=one.new), one)
        at_dune = Exchange(network.name, company(up, "dune"), up.company("dune"), HASTY)
        with pytest.raises(LinkError) as error:
            at_dune._desk().ask(sealed_request(request, signer))
        assert error.value.code == "wrong_signature"
    with pytest.raises(LinkError) as error:
        exchange._desk().ask(sealed_request(KeysRequest(replace(passport, signing_key=old.public.hex())), old))
    assert error.value.code == "other_sender"


def company(founded: Federation, name: str) -> object:
    from decai_forecast.commands.membership import company_of

    return company_of(Network.load(founded.folder / name), name)[0]


def test_an_exchange_that_the_old_key_did_not_sign_is_not_followed(up: Federation) -> None:
    """A coordinator that tells of one: the old key stays, and `enter` says that the keys differ."""
    true, mallory = told(up), Identity.create("bolt")
    old = up.company("bolt").identity()
    lie = replace(succession("four", mallory, mallory.successor()), old=old.public.hex())
    wrong = replace(true, keys={**true.keys, "bolt": lie.new}, successions=(*true.successions, lie))
    coordinator_context(up.network).link.publish_members(wrong)
    try:
        assert hear(up, "acme") == []
        with pytest.raises(IdentityError, match="bolt: the coordinator tells another key than the one pinned here"):
            up.enter("acme")
    finally:
        coordinator_context(up.network).link.publish_members(true)


def joins(relay: GrpcRelay, founded: Federation, name: str) -> bool:
    """Whether the relay lets the company in, with its certificate."""
    files = Files.of(founded.folder / name, name)
    tls = Tls(files.tls_key.read_bytes(), files.tls_certificate.read_bytes(), files.authority.read_bytes())
    wire = GrpcWire("localhost", relay.port, b"s" * 32, 0, (name,), tls, 20.0)
    try:
        return wire.exchange(Frame(BROADCAST, 0, 0, b"x")).op == BROADCAST
    except PeerLost:
        return False
    finally:
        wire.close()


def test_a_key_that_is_taken_back_is_refused_in_the_same_round(up: Federation) -> None:
    """At the link, at the relay, in what it had sent before, by every company; nothing of the quorum is lost by it. With a new
    invitation the company comes back, with keys that all compare."""
    sends(up, "dune")
    assert arrived(up)["dune"] == ""
    hear(up, "acme")
    known = set(up.company("acme").pins())
    decai("federation", "revoke", "dune", "--home", up.home)
    with pytest.raises(LinkError) as error:
        sends(up, "dune")
    assert error.value.code == "key_revoked"
    assert arrived(up)["dune"] == "key_revoked"
    assert "dune" not in up.link.nodes().values()
    with GrpcRelay("127.0.0.1:0", up.link.tls(), 5.0, None, up.link.certificates.is_taken) as relay:
        assert (joins(relay, up, "acme"), joins(relay, up, "dune")) == (True, False)
    [line] = hear(up, "acme")
    assert line.startswith("dune: its key was taken back on 20")
    keyring = up.company("acme")
    assert ("dune" in keyring.pinned(), set(keyring.pins())) == (False, known)
    with pytest.raises(LinkError):
        up.enter("dune")
    up.company("dune").revoke(
        "dune", up.company("dune").identity().public, datetime.now(UTC).date()
    )  # as it hears by telephone
    up.invite("dune")
    up.join("dune")
    admit(up, "dune")
    sends(up, "dune")
    assert arrived(up)["dune"] == ""
    pin = up.company("acme").pins()["dune"]
    assert pin.key == up.company("dune").identity().public
    assert not pin.is_line(pin.key, pin.revoked[0].key)


def test_a_company_takes_its_own_key_back(up: Federation) -> None:
    """For everybody, at once; nobody approves it."""
    assert "bolt: its key is taken back, for everybody." in ask(up, "revoke", "bolt")
    with pytest.raises(LinkError) as error:
        sends(up, "bolt")
    assert error.value.code == "key_revoked"
    [line] = hear(up, "corex")
    assert line.startswith("bolt: its key was taken back on 20")
    assert [one.partner for one in Changes.read(up.desk.store).revoked] == ["dune", "bolt"]


def test_a_company_may_know_another_one_no_more(up: Federation) -> None:
    """By itself, without the coordinator."""
    assert "acme: corex trains with it no more" in ask(up, "revoke", "corex", "acme")
    assert "acme" not in up.company("corex").pinned()
    assert "acme" in up.company("dune").pinned()


def test_the_servers_get_another_certificate(up: Federation) -> None:
    """Which ends as late as one that was just made; the companies' authority is the same."""
    up.link.folder.joinpath("server.crt").touch()
    assert "The servers' certificate holds until" in decai("federation", "renew", COORDINATOR, "--home", up.home)
    assert up.link.expiries()[0].until > datetime.now(UTC) + timedelta(days=800)
    sends(up, "acme")
