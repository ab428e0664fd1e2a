"""An invitation and its answer, over a real service: what is taken, and what of everything that can go wrong is said."""

from __future__ import annotations

import json
import socket
import ssl
import stat
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from federations import HASTY, Federation, decai, federation

from decai_forecast.commands import membership
from decai_forecast.errors import ConfigError, DecaiError, LinkError, MalformedMessage
from decai_forecast.federation.exact.grpc_relay import GrpcRelay, Tls
from decai_forecast.federation.superlink.keys import new_key, private_pem, request, write_secret
from decai_forecast.federation.superlink.link import Ports
from decai_forecast.federation.superlink.passport import Files
from decai_forecast.founding.apart import Answer, Guest, Invitation, opened_answer
from decai_forecast.founding.apart.papers import sealed_answer
from decai_forecast.identity import Identity
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, enveloped
from decai_forecast.link.tls import Caller
from decai_forecast.network import FILE, LinkTerms, Network
from decai_forecast.network.network import as_written


@pytest.fixture(scope="module")
def ports() -> Ports:
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(5)]
        return Ports(*(one.getsockname()[1] for one in servers))


@pytest.fixture
def founded(tmp_path: Path, ports: Ports) -> Iterator[Federation]:
    """Four companies that nobody has invited yet."""
    with federation(tmp_path, ports) as one:
        yield one


def refusal(founded: Federation, partner: str = "acme", home: str = "") -> LinkError:
    """Of a company that joins."""
    with pytest.raises(LinkError) as error:
        founded.join(partner, home)
    return error.value


# the file


def test_an_invitation_says_that_it_is_a_secret(founded: Federation) -> None:
    """In its first line, with the day on which it ends; only its owner reads it, and the coordinator keeps no key of it."""
    out = founded.folder / "files"
    told = decai("federation", "invite", "acme", "bolt", "--out", out, "--days", "3", "--home", founded.home)
    file, until = out / "acme.invitation.json", datetime.now(UTC) + timedelta(days=3)
    first = file.read_text().splitlines()[1]
    assert first.startswith(f' "about": "SECRET: the invitation of acme to four, until {until:%Y-%m-%d} ')
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    key = Invitation.read(file).key
    kept = [path.read_bytes() for path in founded.home.rglob("*") if path.is_file()]
    assert kept
    assert not any(key.splitlines()[1].encode() in one for one in [told.encode(), *kept])


def test_what_is_invited_is_shown_and_nothing_is_made(founded: Federation) -> None:
    """`--show`: the terms in words, and the coordinator's fingerprint."""
    told = decai("federation", "join", founded.invite("acme"), "--show", "--home", founded.folder / "acme")
    assert "network: four, with acme, bolt, corex, dune" in told
    assert "forecasts: 13 weeks ahead" in told
    assert told.splitlines()[-1].endswith(founded.invitation("acme").fingerprint)
    assert not (founded.folder / "acme").exists()


def changed(file: Path, **changes: Any) -> None:
    file.write_text(json.dumps(json.loads(file.read_text()) | changes))


def altered_host(file: Path) -> None:
    changed(file, body=json.loads(file.read_text())["body"].replace('"host": "localhost"', '"host": "evil.example"'))


def altered_label(file: Path) -> None:
    changed(file, about="No secret.")


def altered_key(file: Path) -> None:
    """The coordinator's key, and nothing is signed anew."""
    body = json.loads(json.loads(file.read_text())["body"])
    changed(file, body=json.dumps(body | {"signing_key": Identity.create("coordinator").public.hex()}))


@pytest.mark.parametrize("change", [altered_host, altered_label, altered_key])
def test_an_altered_invitation_is_refused(founded: Federation, change: Callable[[Path], None]) -> None:
    """Whatever was altered, and no home is made."""
    change(founded.invite("acme"))
    assert refusal(founded).code == "wrong_signature"
    assert not (founded.folder / "acme").exists()


def test_an_invitation_by_somebody_else_has_another_fingerprint(founded: Federation) -> None:
    """Who has the file can make one that is whole; only comparing aloud shows it."""
    file, mallory = founded.invite("acme"), Identity.create("coordinator")
    before = Invitation.read(file)
    replace(before, signing_key=mallory.public.hex()).write(file, mallory)
    assert Invitation.read(file).fingerprint != before.fingerprint


REACHES = [
    ({"notify": [{"kind": "webhook", "url_env": "HOOK"}]}, "notify is each home's own matter"),
    ({"source_folders": ["/etc"]}, "source_folders is each home's own matter"),
    (
        {"participants": [{"id": name, "store": f"s3://x/{name}"} for name in ("acme", "bolt", "corex")]},
        "a store is its company's",
    ),
    ({"participants": [{"id": "bolt"}]}, "acme is no partner in the terms"),
    ({"quorum": 9}, "quorum must be a whole number from 3 to 4"),
]


@pytest.mark.parametrize(("terms", "said"), REACHES)
def test_terms_do_not_reach_into_a_home(founded: Federation, terms: dict[str, Any], said: str) -> None:
    """Where it keeps its files, what it reads and whom it tells is no matter of the coordinator's."""
    file = founded.invite("acme")
    body = as_written(asdict(Invitation.read(file)))
    text = json.dumps(body | {"terms": body["terms"] | terms})
    file.write_bytes(enveloped(text, Heading(Kind.INVITATION, "coordinator", NO_ROUND), founded.keyring.identity()))
    with pytest.raises(MalformedMessage, match=said):
        founded.join("acme")
    assert not (founded.folder / "acme").exists()


@pytest.mark.parametrize("text", ["", "{}", "[]", "\x00", "x" * 300_000])
def test_what_is_no_invitation_is_refused(tmp_path: Path, text: str) -> None:
    """Malformed, or too long; a file that is not there is told as that."""
    (file := tmp_path / "acme.invitation.json").write_text(text)
    with pytest.raises(MalformedMessage):
        Invitation.read(file)
    with pytest.raises(ConfigError, match=r"nothing.json: cannot be read"):
        Invitation.read(tmp_path / "nothing.json")


# joining


def test_a_company_joins(founded: Federation) -> None:
    """Its home says what was agreed; its answer is at the coordinator, and its secrets are its own."""
    founded.invite("acme")
    told = founded.join("acme")
    network, answer = Network.load(founded.folder / "acme"), founded.desk.answer("acme")
    assert (network.partners, network.horizon, network.link.way) == (founded.network.partners, 13, "https")
    assert bytes.fromhex(answer.passport.signing_key) == founded.company("acme").identity().public
    assert told.splitlines()[-1].endswith(f": {answer.passport.fingerprint}")
    secrets = [
        path for path in founded.folder.glob("acme/federation/acme/**/*") if path.name.endswith(("key", "invitation.json"))
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in secrets} == {0o600}
    assert len(secrets) == 4
    assert not any(path.read_text().splitlines()[1] in told for path in secrets)


def test_joining_again_changes_nothing(founded: Federation) -> None:
    """The same keys, the same answer, and the service takes it as the same."""
    founded.invite("acme")
    founded.join("acme")
    before = founded.desk.store.read_bytes("answers/acme.json")
    founded.join("acme")
    assert founded.desk.store.read_bytes("answers/acme.json") == before


def test_a_network_that_is_there_stays_as_it_is(founded: Federation) -> None:
    """Each difference is named; what is the home's own, such as its store, is none."""
    founded.invite("acme")
    home = founded.folder / "acme"
    own = replace(founded.network, home=home, horizon=4, strategy="bagging", retry_minutes=1.0)
    own.save()
    before = (home / FILE).read_bytes()
    with pytest.raises(ConfigError, match="says something else than the invitation") as error:
        founded.join("acme")
    assert str(error.value).splitlines()[1:] == ["  horizon: 4 here, 13 there", "  strategy: bagging here, exact there"]
    assert (home / FILE).read_bytes() == before
    assert founded.desk.answered() == []
    replace(own, horizon=13, strategy="exact").save()
    founded.join("acme")


def test_an_invitation_is_answered_once(founded: Federation) -> None:
    """Who answers it first with its keys is told to the second, who must telephone; the first answer stays."""
    founded.invite("acme")
    founded.join("acme", "thief")
    first = founded.desk.answer("acme")
    error = refusal(founded)
    assert error.code == "invitation_used"
    assert "somebody has answered it with other keys: tell the coordinator at once" in str(error)
    assert founded.desk.answer("acme") == first


def test_inviting_once_more_makes_earlier_ones_worthless(founded: Federation) -> None:
    """The earlier answer is gone, and who has the earlier file hears that it is none any more."""
    old = founded.invite("acme")
    kept = old.read_bytes()
    founded.join("acme", "thief")
    founded.invite("acme")
    assert founded.desk.answered() == []
    newest = old.read_bytes()
    old.write_bytes(kept)
    assert refusal(founded).code == "invitation_withdrawn"
    old.write_bytes(newest)
    founded.join("acme")
    assert founded.desk.answered() == ["acme"]


def test_an_old_answer_is_not_replayed(founded: Federation) -> None:
    """With the newest invitation, or as a file."""
    founded.invite("acme")
    founded.join("acme")
    old = founded.guest("acme").answer.read_bytes()
    founded.invite("acme")
    founded.join("acme")
    for send in (founded.visitor("acme").give_answer, lambda data: founded.desk.lay("acme", data)):
        with pytest.raises(LinkError) as error:
            send(old)
        assert error.value.code == "invitation_withdrawn"


def test_a_withdrawn_invitation_opens_nothing(founded: Federation) -> None:
    """Not with an answer to the newest one, and not to hear what became of that."""
    founded.invite("acme")
    founded.join("acme", "thief")
    old = Guest(Files.of(founded.folder / "thief", "acme")).link(HASTY)
    founded.invite("acme")
    founded.join("acme")
    for ask in (lambda: old.give_answer(founded.guest("acme").answer.read_bytes()), old.admission):
        with pytest.raises(LinkError) as error:
            ask()
        assert error.value.code == "invitation_withdrawn"
    assert founded.visitor("acme").admission() is None


def test_a_companys_certificate_is_no_invitation(founded: Federation) -> None:
    """The two founding requests are for whoever has none."""
    founded.invite("acme")
    founded.join("acme")
    own = Caller("acme")
    for ask in (lambda: founded.desk.take(own, founded.guest("acme").answer.read_bytes()), lambda: founded.desk.admission(own)):
        with pytest.raises(LinkError) as error:
            ask()
        assert error.value.code == "invitation_withdrawn"


def test_an_invitation_answers_for_its_own_company_only(founded: Federation) -> None:
    """Not with another company's answer, and not in another company's name."""
    for name in ("acme", "bolt"):
        founded.invite(name)
        founded.join(name)
    with pytest.raises(LinkError) as error:
        founded.visitor("acme").give_answer(founded.guest("bolt").answer.read_bytes())
    assert error.value.code == "other_sender"
    passport, identity = founded.desk.answer("bolt").passport, founded.company("acme").identity()
    forged = sealed_answer(Answer(founded.invitation("acme").serial, passport), identity)
    with pytest.raises(LinkError) as error:
        founded.desk.lay("acme", forged)
    assert error.value.code == "wrong_signature"  # it is not signed with the key that it names


def test_an_answer_speaks_for_its_signer(founded: Federation) -> None:
    """Whose passport is another company's is refused, though its own key signs it."""
    founded.invite("acme")
    founded.join("acme")
    shown = replace(founded.desk.answer("acme").passport, partner="bolt")
    data = sealed_answer(Answer(founded.invitation("acme").serial, shown), founded.company("acme").identity())
    with pytest.raises(LinkError, match="acme sent the answer of bolt"):
        opened_answer(data, "acme")


@pytest.mark.parametrize(
    ("changes", "said"),
    [({"node_key": "ssh-ed25519 AAAA"}, "no public key of a node"), ({"request": "no PEM"}, "no certificate request")],
)
def test_keys_that_cannot_be_used_are_no_answer(founded: Federation, changes: dict[str, str], said: str) -> None:
    """They are looked at before anything is kept."""
    founded.invite("acme")
    founded.join("acme")
    before = founded.desk.answer("acme")
    answer = replace(before, passport=replace(before.passport, **changes))
    data = sealed_answer(answer, founded.company("acme").identity())
    with pytest.raises(MalformedMessage, match=said):
        opened_answer(data, "acme")
    with pytest.raises(LinkError) as error:
        founded.visitor("acme").give_answer(data)
    assert (error.value.code, founded.desk.answer("acme")) == ("malformed", before)


def test_an_answer_of_a_gigabyte_is_cut_early(founded: Federation) -> None:
    """It has its code, and nothing of it is kept."""
    founded.invite("acme")
    founded.join("acme")
    with pytest.raises(LinkError) as error:
        founded.visitor("acme").give_answer(b" " * 70_000)
    assert error.value.code == "too_large"


# time


def test_an_invitation_ends(founded: Federation) -> None:
    """The company hears it from its own clock, the service takes no connection, and no file is taken."""
    file = founded.invite("acme", days=1)
    founded.join("acme")
    data = founded.guest("acme").answer.read_bytes()
    invitation, later = Invitation.read(file), datetime.now(UTC) + timedelta(days=2)
    with pytest.raises(LinkError, match=r"the invitation holds from .* to .*, and it is .* \(UTC\) by this clock") as error:
        invitation.check_time(file, later)
    assert error.value.code == "invitation_over"
    file = founded.invite("acme", days=0)
    assert refusal(founded).code == "invitation_over"
    over = Invitation.read(file)
    founded.guest("acme").keep(file, over)
    with pytest.raises(httpx.TransportError), client(founded) as guest:
        guest.get("/v1/founding/admission")
    passport, identity = opened_answer(data, "acme").passport, founded.company("acme").identity()
    with pytest.raises(LinkError) as error:
        founded.desk.lay("acme", sealed_answer(Answer(over.serial, passport), identity))
    assert error.value.code == "invitation_over"


def test_a_clock_that_is_a_day_behind_is_told(founded: Federation) -> None:
    """The invitation has not begun by the company's clock."""
    file = founded.invite("acme")
    with pytest.raises(LinkError, match="compare clocks"):
        Invitation.read(file).check_time(file, datetime.now(UTC) - timedelta(days=1))


def test_an_answer_that_lies_too_long_is_not_admitted(founded: Federation) -> None:
    """It came in time, and the invitation has ended since."""
    founded.invite("acme")
    founded.join("acme")
    record = founded.desk.store.read_json("invitations/acme.json")
    founded.desk.store.write_json("invitations/acme.json", record | {"until": "2026-01-01T00:00:00+00:00"})
    with pytest.raises(LinkError, match=r"ended on 2026-01-01 00:00 \(UTC\); invite it anew") as error:
        founded.admit("acme", "--fingerprint", "x")
    assert error.value.code == "invitation_over"


# what an invitation opens


def client(founded: Federation, partner: str = "acme") -> httpx.Client:
    """With the invitation's certificate."""
    guest = founded.guest(partner).folder
    context = ssl.create_default_context(cafile=guest / "authority.crt")
    context.load_cert_chain(guest / "tls.crt", guest / "tls.key")
    port = founded.link.facts()[2].link
    return httpx.Client(base_url=f"https://localhost:{port}", verify=context, timeout=60)


def test_an_invitation_opens_nothing_else(founded: Federation) -> None:
    """No public file, no inbox; each is told as what it is."""
    founded.invite("acme")
    founded.join("acme")
    public = ("members.json", "rounds/2026-06-29/closed.json")
    asked = [("GET", f"/v1/public/{key}") for key in public]
    asked += [("PUT", f"/v1/rounds/2026-06-29/{kind}") for kind in ("submission", "figures")]
    for method, path in asked:
        with client(founded) as visitor:
            answer = visitor.request(method, path, content=b"{}" if method == "PUT" else None)
        assert (answer.status_code, answer.json()) == (403, {"code": "not_admitted"})
    with client(founded) as visitor:
        assert visitor.get("/v1/founding/admission").status_code == 404


def test_a_relay_takes_no_invitation(founded: Federation) -> None:
    """It believes the federation's authority, which does not sign invitations: the handshake fails."""
    founded.invite("acme")
    founded.join("acme")
    tls = Tls(*((founded.link.folder / name).read_bytes() for name in ("server.key", "server.crt", "authority.crt")))
    key, own = new_key(), founded.folder / "own"
    write_secret(own / "tls.key", private_pem(key))
    (own / "tls.crt").write_bytes(founded.link._signer("authority").sign_company("acme", request("acme", key)))
    with GrpcRelay("127.0.0.1:0", tls, 5.0) as relay:
        assert _answers(relay.port, founded.link.folder / "authority.crt", own)
        assert not _answers(relay.port, founded.link.folder / "authority.crt", founded.guest("acme").folder)


def _answers(port: int, authority: Path, own: Path) -> bool:
    """Whether the server says anything to who shows the certificate in the folder ``own``."""
    context = ssl.create_default_context(cafile=authority)
    context.load_cert_chain(own / "tls.crt", own / "tls.key")
    context.set_alpn_protocols(["h2"])
    with socket.create_connection(("127.0.0.1", port), 20) as plain:
        try:
            with context.wrap_socket(plain, server_hostname="localhost") as secure:
                return bool(secure.recv(1))
        except (ConnectionError, ssl.SSLError):
            return False


# without a network


def test_an_answer_is_carried_as_a_file(founded: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    """It says that it is no secret; nothing is sent."""
    out = founded.folder / "acme.answer.json"
    told = decai("federation", "join", founded.invite("acme"), "--out", out, "--home", founded.folder / "acme")
    assert f"{out}: the answer, no secret; carry it" in told
    assert out.read_text().splitlines()[1].startswith(' "about": "No secret: the answer of acme')
    assert founded.desk.answered() == []
    with pytest.raises(LinkError, match="is not admitted: somebody else answered, or a digit was misheard"):
        founded.admit(out, "--fingerprint", "0000-0000-0000-0000-0000")
    assert founded.desk.answered() == ["acme"]


def test_a_file_that_is_no_answer_is_told(founded: Federation) -> None:
    """Such as the invitation itself, or the answer of a company that is no partner."""
    with pytest.raises(DecaiError, match="no participant 'coordinator'"):
        founded.admit(founded.invite("acme"))
    (founded.folder / "x.json").write_text("{}")
    with pytest.raises(MalformedMessage, match=r"x\.json sent a malformed message"):
        founded.admit(founded.folder / "x.json")


def test_a_coordinator_that_is_not_reached_costs_nothing(founded: Federation, monkeypatch: pytest.MonkeyPatch) -> None:
    """The answer lies in the home, to be carried or sent again."""
    monkeypatch.setattr(membership, "HURRY", 0.2)
    file = founded.invite("acme")
    replace(Invitation.read(file), link_port=9).write(file, founded.keyring.identity())
    error = refusal(founded)
    assert error.code == "link_unreachable"
    assert str(error).endswith(f"; run this again, or carry {founded.guest('acme').answer} to the coordinator")
    assert founded.guest("acme").answer.exists()


@pytest.mark.parametrize("changes", [{"runtime": "in_process"}, {"link": LinkTerms("folder")}])
def test_a_network_on_one_host_invites_nobody(founded: Federation, changes: dict[str, Any]) -> None:
    """The message says which keys of network.yaml it takes."""
    replace(founded.network, **changes).save()
    with pytest.raises(ConfigError, match=r"need runtime: superlink and link: \{way: https\}"):
        decai("federation", "invite", "acme", "--out", founded.folder / "files", "--home", founded.home)


def test_only_partners_are_invited(founded: Federation) -> None:
    """No file is written for any of them before all names are known."""
    out = founded.folder / "files"
    with pytest.raises(ConfigError, match="no participant 'eve'; there are acme, bolt, corex, dune"):
        decai("federation", "invite", "acme", "eve", "--out", out, "--home", founded.home)
    assert not out.exists()
