"""`decai federation ...` on disk: certificates, passports, admissions and pinned keys; no process is started."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from answers import decai, refusal
from support import own

from decai_forecast.federation.superlink.keys import Authority
from decai_forecast.federation.superlink.passport import Admission, Passport
from decai_forecast.identity import Identity, Keyring
from decai_forecast.network import Network, Participant

COMPANIES = ("acme", "bolt", "corex")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Three companies that have not met."""
    network = Network(tmp_path / "home", "trio", "W", 13, tuple(map(Participant, COMPANIES)))
    network.save()
    return network


def passport(network: Network, partner: str) -> Path:
    """The file that the company wrote."""
    path = network.home / f"{partner}.passport.json"
    decai("federation", "passport", partner, "--out", path, "--home", network.home)
    return path


def test_a_federation_is_founded_once(network: Network) -> None:
    """Its keys lie in a folder of the coordinator's own; what companies know stays as it is."""
    folder = network.home / "federation/coordinator"
    found = ("federation", "found", "--host", "link.example.org", "--relay-port", "9000", "--home", network.home)
    assert decai(*found) == (f"{folder}: made; keep it from everybody else. Start the SuperLink with `decai federation up`.\n")
    assert json.loads((folder / "link.json").read_text()) == {
        "host": "link.example.org", "listen": "127.0.0.1", "fleet": 9092, "relay": 9000, "link": 9096, "control": 9093,
        "appio": 9091,
    }  # fmt: skip
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")} == {
        "authority.key": 0o600, "server.key": 0o600,
    }  # fmt: skip
    before = (folder / "authority.crt").read_bytes()
    assert refusal(*found) == f"{folder}: there is a federation already; its companies know its certificate"
    assert (folder / "authority.crt").read_bytes() == before


def test_a_passport_shows_the_companys_identity(network: Network) -> None:
    """Written as often as it is asked for, with the same keys; who hears the fingerprint can compare it."""
    path = network.home / "acme.json"
    told = decai("federation", "passport", "acme", "--out", path, "--home", network.home)
    shown = Passport.read(path)
    assert told == (
        f"{path}: send it to the coordinator; hand it to the other companies in a way that the coordinator does not control.\n"
        f"Fingerprint, for who wants to hear it from you: {shown.fingerprint}\n"
    )
    assert bytes.fromhex(shown.signing_key) == Keyring(own(network, "acme")).identity().public
    decai("federation", "passport", "acme", "--out", path, "--home", network.home)
    again = Passport.read(path)
    assert (again.node_key, again.signing_key) == (shown.node_key, shown.signing_key)


def test_companies_pin_each_other(network: Network) -> None:
    """Each by the key in its passport, and itself by its own; each key is told, to be asked for."""
    files = {partner: passport(network, partner) for partner in COMPANIES}
    told = decai("federation", "pin", "acme", files["bolt"], files["corex"], "--home", network.home)
    assert told == "".join(
        f"{partner} is known by {Passport.read(files[partner]).fingerprint}; ask it whether that is right\n"
        for partner in ("bolt", "corex")
    )
    public = {partner: Keyring(own(network, partner)).identity().public for partner in COMPANIES}
    assert Keyring(own(network, "acme")).pinned() == public


def test_a_pinned_company_is_not_replaced(network: Network) -> None:
    """Another key under its name is refused, and the first one stays."""
    path = passport(network, "bolt")
    decai("federation", "pin", "acme", path, "--home", network.home)
    other = Identity.create("bolt").public
    path.write_text(json.dumps(json.loads(path.read_text()) | {"signing_key": other.hex()}))
    assert refusal("federation", "pin", "acme", path, "--home", network.home) == (
        "bolt: known by another key; ask whether it has a new one, then take the old one out of identity/pinned.json in the "
        "store of acme"
    )
    assert Keyring(own(network, "acme")).pinned()["bolt"] == Keyring(own(network, "bolt")).identity().public


@pytest.fixture
def admission(network: Network) -> Path:
    """The coordinator's answer to acme, as it writes it once the SuperLink has the company's node."""
    authority = Authority.create("decai federation")
    asked = Passport.read(passport(network, "acme")).request.encode()
    certificate = authority.sign_company("acme", asked).decode()
    where, certificates = ("acme", "link.example.org", 9092, 9095, 9096), (authority.pem.decode(), certificate)
    answer = Admission(*where, *certificates, Keyring(own(network)).identity().public.hex(), "Ed25519")
    answer.write(path := network.home / "acme.admission.json")
    return path


def test_a_company_takes_the_coordinators_answer(network: Network, admission: Path) -> None:
    """It keeps the admission and both certificates among its own files, and knows the coordinator by its key."""
    told = decai("federation", "enter", "acme", admission, "--home", network.home)
    folder, answer = network.home / "federation/acme", Admission.read(admission)
    assert told == (
        f"The coordinator is known by {answer.fingerprint}; ask it whether that is right.\n"
        "acme is admitted; pin the other companies' passports, then `decai federation node acme`.\n"
    )
    assert Admission.read(folder / "admission.json") == answer
    assert (folder / "authority.crt").read_text() == answer.authority
    assert (folder / "tls.crt").read_text() == answer.certificate
    assert Keyring(own(network, "acme")).pinned() == {"coordinator": Keyring(own(network)).identity().public}


def test_an_answer_to_somebody_else_is_refused(network: Network, admission: Path) -> None:
    """Nothing of it is kept."""
    told = refusal("federation", "enter", "bolt", admission, "--home", network.home)
    assert told == "the admission of acme; expected that of bolt"
    assert not (network.home / "federation/bolt/admission.json").exists()


def test_a_passport_is_no_admission(network: Network) -> None:
    """The message says what an admission holds."""
    path = passport(network, "acme")
    told = refusal("federation", "enter", "acme", path, "--home", network.home)
    assert told.splitlines()[0] == (
        f"{path}:1:1: an admission needs host, fleet_port, relay_port, link_port, authority, certificate"
    )


def test_what_is_missing_is_told(network: Network) -> None:
    """With the command that makes it."""
    home, path = network.home, passport(network, "acme")
    nothing = f"{home}/federation/coordinator: no federation; make one with `decai federation found --host NAME`"
    assert refusal("federation", "up", "--home", home) == nothing
    assert refusal("federation", "admit", path, "--out", home / "answer.json", "--home", home) == nothing
    assert refusal("federation", "node", "acme", "--home", home) == (
        "acme: not admitted; `decai federation enter` takes the coordinator's answer"
    )
    assert not (home / "answer.json").exists()


@pytest.mark.parametrize("command", [("passport", "dune", "--out", "x.json"), ("pin", "dune", "x.json"), ("node", "dune")])
def test_only_companies_of_the_network_take_part(network: Network, command: tuple[str, ...]) -> None:
    """The message says which ones there are."""
    told = refusal("federation", *command, "--home", network.home)
    assert told == f"{network.home}/network.yaml: no participant 'dune'; there are acme, bolt, corex"


def test_the_coordinator_admits_only_companies_of_the_network(network: Network, tmp_path: Path) -> None:
    """A passport of a company that network.yaml does not name is refused before the SuperLink is asked."""
    path = passport(network, "acme")
    path.write_text(path.read_text().replace('"partner": "acme"', '"partner": "dune"'))
    decai("federation", "found", "--host", "link.example.org", "--home", network.home)
    told = refusal("federation", "admit", path, "--out", tmp_path / "x.json", "--home", network.home)
    assert told == f"{network.home}/network.yaml: no participant 'dune'; there are acme, bolt, corex"
