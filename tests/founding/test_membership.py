"""From answers to pinned keys: a real SuperLink registers the nodes, a real service tells who belongs to the federation."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from federations import Federation, decai, federation, keyring_in
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.commands import membership
from decai_forecast.commands.membership import news_of_members
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.errors import ConfigError, IdentityError, LinkError, MalformedMessage
from decai_forecast.federation.superlink.link import Ports
from decai_forecast.federation.superlink.passport import Admission, Files
from decai_forecast.founding.apart import fingerprint_of_members
from decai_forecast.identity import Identity
from decai_forecast.link import Members
from decai_forecast.link.envelope import NO_ROUND, Kind, sealed
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.partner.context import partner_context

FIRST = ("acme", "bolt", "corex")  # are admitted; dune is invited and has answered


def free_ports() -> Ports:
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(5)]
        return Ports(*(one.getsockname()[1] for one in servers))


def wait_for(port: int) -> None:
    end = time.monotonic() + 240
    while time.monotonic() < end:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise TimeoutError(f"nothing listens on port {port}")


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Federation]:
    """All four have answered; the SuperLink runs."""
    with federation(tmp_path_factory.mktemp("federation"), free_ports()) as founded:
        command = [sys.executable, "-m", "decai_forecast", "federation", "up", "--home", str(founded.home)]
        with (founded.folder / "up.log").open("wb") as log:
            process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            for name in founded.network.partners:
                founded.invite(name)
                founded.join(name)
            wait_for(founded.link.facts()[2].control)
            yield founded
        finally:
            process.terminate()
            process.wait(60)


def fingerprint(founded: Federation, name: str) -> str:
    """As the company reads it aloud."""
    return founded.desk.answer(name).passport.fingerprint


@pytest.fixture(scope="module")
def admitted(answered: Federation) -> Federation:
    """The first three are, and each has taken its certificate; nobody has pinned anybody."""
    pairs = [("--fingerprint", fingerprint(answered, name)) for name in FIRST]
    answered.admit(*FIRST, *(part for pair in pairs for part in pair))
    for name in FIRST:
        answered.enter(name, code=1)
    return answered


class Entering:
    """A company's home as it was when the company had its certificate, to go on with."""

    def __init__(self, founded: Federation, folder: Path, name: str = "acme") -> None:
        shutil.copytree(founded.folder / name, folder / name)
        self.founded, self.name, self.home = founded, name, folder / name

    def enter(self, *options: str, code: int = 0) -> str:
        result = CliRunner().invoke(app, ["federation", "enter", *options, "--home", str(self.home)], catch_exceptions=False)
        assert result.exit_code == code, result.output
        return result.output

    def pinned(self) -> dict[str, bytes]:
        return keyring_in(self.home, self.name).pinned()


@pytest.fixture
def acme(admitted: Federation, tmp_path: Path) -> Iterator[Entering]:
    """Whatever the coordinator tells in the test is taken back after it."""
    before = coordinator_context(admitted.network).link.members()
    assert before is not None
    yield Entering(admitted, tmp_path)
    tell(admitted, before)


def tell(founded: Federation, members: Members) -> None:
    """What the coordinator says, true or not."""
    coordinator_context(founded.network).link.publish_members(members)


def told(founded: Federation) -> Members:
    members = coordinator_context(founded.network).link.members()
    assert members is not None
    return members


def of_members(printed: str) -> str:
    [one] = re.findall(r"^Fingerprint of the membership, .*: (\S+)$", printed, re.MULTILINE)
    return str(one)


# at the coordinator


def test_another_fingerprint_admits_nobody(answered: Federation) -> None:
    """Neither its node nor its key is known after; the message tells both numbers."""
    with pytest.raises(LinkError, match=f"is of {fingerprint(answered, 'dune')}, and not of 0000; it is not admitted") as error:
        answered.admit("dune", "--fingerprint", "0000")
    assert error.value.code == "other_fingerprint"
    assert "dune" not in answered.link.nodes().values()
    assert "dune" not in answered.keyring.pinned()


def test_fingerprints_belong_to_companies_in_their_order(answered: Federation) -> None:
    """One that is another company's admits nobody; as many as companies are needed."""
    with pytest.raises(LinkError, match="dune: the answer that came is of"):
        answered.admit("dune", "--fingerprint", fingerprint(answered, "acme"))
    with pytest.raises(ConfigError, match="2 companies and 1 times --fingerprint"):
        answered.admit("acme", "dune", "--fingerprint", fingerprint(answered, "acme"))


def test_without_a_fingerprint_the_coordinator_is_asked(answered: Federation) -> None:
    """No is no, and says what to do."""
    command = ["federation", "admit", "dune", "--home", str(answered.home)]
    done = CliRunner().invoke(app, command, input="n\n")
    assert f"dune shows {fingerprint(answered, 'dune')}. Does dune itself read the same aloud?" in done.output
    assert str(done.exception).startswith("dune is not admitted; `decai federation invite dune`")
    assert "dune" not in answered.link.nodes().values()


def test_admitting_again_changes_nothing(admitted: Federation) -> None:
    """The same node, the same certificate."""
    before = admitted.desk.store.read_bytes("admissions/acme.json"), admitted.link.nodes()
    admitted.admit("acme", "--fingerprint", fingerprint(admitted, "acme").upper())
    assert (admitted.desk.store.read_bytes("admissions/acme.json"), admitted.link.nodes()) == before


def test_who_has_its_admission_answers_no_invitation(admitted: Federation) -> None:
    """It has all that an invitation brings."""
    with pytest.raises(ConfigError, match="acme is admitted already; an invitation is answered once"):
        admitted.join("acme")


def test_the_coordinator_knows_whom_it_admitted(admitted: Federation) -> None:
    """By the keys that the companies have, and tells them so."""
    members = told(admitted)
    assert (members.network, members.waiting) == ("four", ("dune",))
    assert {name: bytes.fromhex(key) for name, key in members.keys.items()} == {
        name: admitted.company(name).identity().public for name in FIRST
    }
    assert bytes.fromhex(members.coordinator) == admitted.keyring.identity().public


# at a company


def test_who_is_not_admitted_waits(admitted: Federation) -> None:
    """With a line that says so; exit code 1."""
    assert admitted.enter("dune", "--wait", "0.1", code=1) == (
        "dune: not admitted yet; read your fingerprint aloud to the coordinator, then run this again.\n"
    )


def test_a_company_has_its_certificate_and_nothing_of_the_invitation(admitted: Federation) -> None:
    """Its end of the link works, before it has pinned anybody."""
    assert not admitted.guest("acme").folder.exists()
    network = Network.load(admitted.folder / "acme")
    with pytest.raises(LinkError, match="no key of the coordinator is pinned here"):
        partner_context(network, "acme").link.members()


def test_nothing_is_pinned_before_it_was_compared(acme: Entering) -> None:
    """Everybody's fingerprint and the one of all are shown."""
    printed = acme.enter(code=1)
    for name in FIRST:
        assert re.search(rf"^  {name} +{fingerprint(acme.founded, name)}$", printed, re.MULTILINE)
    assert "Not admitted yet: dune; the fingerprint is another one when they are." in printed
    assert "Not pinned: coordinator, acme, bolt, corex." in printed
    assert acme.pinned() == {}


def test_a_company_pins_what_was_compared(acme: Entering) -> None:
    """All members and the coordinator; the same again is nothing new."""
    printed = acme.enter(code=1)
    acme.enter("--fingerprint", f" {of_members(printed).upper()}")
    keys = {name: acme.founded.company(name).identity().public for name in FIRST}
    assert acme.pinned() == keys | {COORDINATOR: acme.founded.keyring.identity().public}
    assert "Pinned: all of them." in acme.enter()
    assert list(news_of_members(Network.load(acme.home), "acme")) == []
    network = Network.load(acme.home)
    assert partner_context(network, "acme").link.members() == told(acme.founded)


def test_all_see_the_same_fingerprint(admitted: Federation, tmp_path: Path) -> None:
    """Where the coordinator tells all the same."""
    seen = {of_members(Entering(admitted, tmp_path, name).enter(code=1)) for name in FIRST}
    assert seen == {fingerprint_of_members(told(admitted))}


def test_another_fingerprint_pins_nobody(acme: Entering) -> None:
    """Not even those whose keys are right."""
    with pytest.raises(LinkError, match="nobody is pinned: it tells companies different keys") as error:
        acme.enter("--fingerprint", "0000")
    assert error.value.code == "other_fingerprint"
    assert acme.pinned() == {}


def test_a_key_that_the_coordinator_exchanges_is_seen(acme: Entering) -> None:
    """It tells acme another key of bolt: the fingerprint is another one than bolt and corex read."""
    true = told(acme.founded)
    right = fingerprint_of_members(true)
    tell(acme.founded, replace(true, keys={**true.keys, "bolt": Identity.create("bolt").public.hex()}))
    assert of_members(acme.enter(code=1)) != right
    with pytest.raises(LinkError, match="nobody is pinned"):
        acme.enter("--fingerprint", right)
    assert acme.pinned() == {}


def test_a_coordinator_that_tells_another_key_of_the_company_itself_is_not_believed(acme: Entering) -> None:
    """Nor one that tells of another network."""
    true = told(acme.founded)
    for wrong in (replace(true, keys={**true.keys, "acme": "ab" * 32}), replace(true, network="five")):
        tell(acme.founded, wrong)
        with pytest.raises(LinkError, match="pin nobody, and ask it what happened") as error:
            acme.enter()
        assert error.value.code == "other_members"


def test_a_new_key_of_a_known_company_is_told(acme: Entering) -> None:
    """Whatever the fingerprint: the old one stays until somebody takes it out by hand."""
    acme.enter("--fingerprint", of_members(acme.enter(code=1)))
    before, true = acme.pinned(), told(acme.founded)
    tell(acme.founded, wrong := replace(true, keys={**true.keys, "bolt": "ab" * 32}))
    with pytest.raises(
        IdentityError, match="bolt: the coordinator tells another key than the one pinned here; ask the company"
    ):
        acme.enter("--fingerprint", fingerprint_of_members(wrong))
    assert acme.pinned() == before


def test_who_joins_later_is_not_pinned_silently(acme: Entering) -> None:
    """The others see it when they enter again, compare again, and then know it as a participant, too."""
    acme.enter("--fingerprint", of_members(acme.enter(code=1)))
    true, eve = told(acme.founded), Identity.create("eve")
    tell(acme.founded, replace(true, keys={**true.keys, "eve": eve.public.hex()}))
    assert list(news_of_members(Network.load(acme.home), "acme")) == [
        "acme: eve: not pinned; `decai federation enter` shows the keys, to be compared"
    ]
    printed = acme.enter(code=1)
    assert "Not pinned: eve." in printed
    assert ("eve" in acme.pinned(), "eve" in Network.load(acme.home).partners) == (False, False)
    acme.enter("--fingerprint", of_members(printed))
    assert acme.pinned()["eve"] == eve.public
    assert Network.load(acme.home).partners == ("acme", "bolt", "corex", "dune", "eve")


def test_members_that_cannot_be_are_refused(acme: Entering) -> None:
    """Two with one key, or a company called coordinator, whose key would take the coordinator's place."""
    true = told(acme.founded)
    for keys in ({**true.keys, "bolt": true.keys["acme"]}, {**true.keys, COORDINATOR: "ab" * 32}):
        tell(acme.founded, replace(true, keys=keys))
        with pytest.raises(MalformedMessage, match="the coordinator sent a malformed message"):
            acme.enter()


def test_an_admission_of_other_keys_is_refused(admitted: Federation, tmp_path: Path) -> None:
    """Such as acme's in dune's place: nothing of it is kept, and the invitation stays."""
    store, identity = admitted.desk.store, admitted.keyring.identity()
    acme = Admission.read(admitted.folder / "acme/federation/acme/admission.json")
    for wrong in (acme, replace(acme, partner="dune"), replace(acme, partner="dune", host="evil.example")):
        store.write_bytes("admissions/dune.json", sealed(wrong, Kind.ADMISSION, NO_ROUND, identity))
        with pytest.raises(LinkError, match="does not belong to the invitation") as error:
            admitted.enter("dune")
        assert error.value.code == "other_admission"
    store.write_bytes("admissions/dune.json", sealed(acme, Kind.ADMISSION, NO_ROUND, Identity.create(COORDINATOR)))
    with pytest.raises(LinkError) as error:
        admitted.enter("dune")
    assert error.value.code == "wrong_signature"
    store.remove("admissions/dune.json")
    assert admitted.guest("dune").is_expected()
    assert not (admitted.folder / "dune/federation/dune/admission.json").exists()


def test_a_key_of_an_earlier_life_is_told_to_the_coordinator(admitted: Federation) -> None:
    """It knows dune by another key: dune is not admitted, and the message says what to do."""
    old = Identity.create("dune").public
    admitted.keyring.pin({"dune": old})
    with pytest.raises(IdentityError, match="dune: known by another key; ask whether it has a new one"):
        admitted.admit("dune", "--fingerprint", fingerprint(admitted, "dune"))
    assert "dune" not in admitted.link.nodes().values()
    store = coordinator_context(admitted.network).store
    store.write_json("identity/pinned.json", {k: v for k, v in store.read_json("identity/pinned.json").items() if k != "dune"})


def test_who_never_fetched_its_admission_is_invited_again(admitted: Federation, tmp_path: Path) -> None:
    """And the coordinator, where its call ended between the node and the admission, admits again: the same node."""
    company, nodes = Entering(admitted, tmp_path, "corex"), admitted.link.nodes()
    files = Files.of(company.home, "corex")
    files.admission.unlink()
    admitted.desk.store.remove("admissions/corex.json")
    admitted.admit("corex", "--fingerprint", fingerprint(admitted, "corex"))
    assert admitted.link.nodes() == nodes
    file = admitted.invite("corex")
    decai("federation", "join", file, "--home", company.home)
    assert "corex" in company.enter(code=1)
    assert files.admission.exists()


def test_who_waits_for_a_coordinator_that_does_not_answer_waits_on(monkeypatch: pytest.MonkeyPatch) -> None:
    """As long as it said; then it hears that nobody answers."""
    monkeypatch.setattr(membership, "LOOK", 0.01)
    members = Members("four", "", {}, ())

    class Away:
        """A company's way in, through a link that fails a number of times."""

        is_admitted, times = True, 3
        company = SimpleNamespace(partner="acme")

        def members(self) -> Members:
            self.times -= 1
            if self.times >= 0:
                raise LinkError("link_unreachable", "it does not answer")
            return members

    assert membership._awaited(cast("Any", Away()), time.monotonic() + 60) is members
    with pytest.raises(LinkError, match="does not answer"):
        membership._awaited(cast("Any", Away()), time.monotonic())
