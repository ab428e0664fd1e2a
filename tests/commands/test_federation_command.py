"""`decai federation ...` on disk: the coordinator's certificates, and what is missing; no process is started. How companies
join is in tests/founding."""

from __future__ import annotations

import json
import stat
from pathlib import Path

import pytest
from answers import decai, refusal

from decai_forecast.network import Network, Participant

COMPANIES = ("acme", "bolt", "corex")


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Three companies that have not met."""
    network = Network(tmp_path / "home", "trio", "W", 13, tuple(map(Participant, COMPANIES)))
    network.save()
    return network


def test_a_federation_is_founded_once(network: Network) -> None:
    """Its keys lie in a folder of the coordinator's own; what companies know stays as it is."""
    folder = network.home / "federation/coordinator"
    found = ("federation", "found", "--host", "link.example.org", "--relay-port", "9000", "--home", network.home)
    assert decai(*found) == (
        f"{folder}: made; keep it from everybody else.\n"
        "Next: `decai federation up` and `decai coordinator serve`, and `decai federation invite` for the companies.\n"
    )
    assert json.loads((folder / "link.json").read_text()) == {
        "host": "link.example.org", "listen": "127.0.0.1", "fleet": 9092, "relay": 9000, "link": 9096, "control": 9093,
        "appio": 9091,
    }  # fmt: skip
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {path.name: stat.S_IMODE(path.stat().st_mode) for path in folder.glob("*.key")} == {
        "authority.key": 0o600, "inviting.key": 0o600, "server.key": 0o600,
    }  # fmt: skip
    before = (folder / "authority.crt").read_bytes()
    assert refusal(*found) == f"{folder}: there is a federation already; its companies know its certificate"
    assert (folder / "authority.crt").read_bytes() == before


def test_what_is_missing_is_told(network: Network) -> None:
    """With the command that makes it."""
    home = network.home
    nothing = f"{home}/federation/coordinator: no federation; make one with `decai federation found --host NAME`"
    for command in (("up",), ("admit",), ("invite", "acme", "--out", "x")):
        assert refusal("federation", *command, "--home", home) == nothing
    assert refusal("federation", "node", "acme", "--home", home) == (
        "acme: not admitted; `decai federation enter` takes the coordinator's answer"
    )
    assert refusal("federation", "enter", "acme", "--home", home) == (
        f"{home}/federation/acme: no invitation was answered here; `decai federation join FILE` does it"
    )
    assert refusal("federation", "enter", "--home", home) == (f"{home}: no company joined here; name the one that is meant")


def test_without_answers_nobody_is_admitted(network: Network) -> None:
    """The message says how they come."""
    decai("federation", "found", "--host", "link.example.org", "--home", network.home)
    told = refusal("federation", "admit", "--home", network.home)
    assert told == "no answer has come; `decai coordinator serve` takes them, or name the file that a company carried"
    assert refusal("federation", "admit", "acme", "--fingerprint", "x", "--home", network.home) == "acme has not answered yet"


@pytest.mark.parametrize("command", [("node", "dune"), ("enter", "dune"), ("admit", "dune"), ("invite", "dune", "--out", "x")])
def test_only_companies_of_the_network_take_part(network: Network, command: tuple[str, ...]) -> None:
    """The message says which ones there are."""
    if command[0] in ("admit", "invite"):
        decai("federation", "found", "--host", "link.example.org", "--home", network.home)
    told = refusal("federation", *command, "--home", network.home)
    assert told == f"{network.home}/network.yaml: no participant 'dune'; there are acme, bolt, corex"
