"""A SuperLink and SuperNodes in processes of their own, as between companies, on this host."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from decai_forecast.federation import Member
from decai_forecast.federation.superlink.link import Link, OverSuperLink, Ports
from decai_forecast.federation.superlink.node import Company
from decai_forecast.federation.superlink.passport import Files, Passport, apply
from decai_forecast.identity import Keyring
from decai_forecast.network import COORDINATOR, Network, Participant
from decai_forecast.store import Store


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        servers = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [int(server.getsockname()[1]) for server in servers]


@contextmanager
def running(*arguments: str | Path, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A `decai` command until the block ends."""
    with log.open("wb") as file:
        process = subprocess.Popen([sys.executable, "-m", "decai_forecast", *map(str, arguments)], stdout=file, stderr=file)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()


def wait_for(port: int, seconds: float = 240.0) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
            return
        except OSError:
            time.sleep(0.2)
    raise TimeoutError(f"nothing listens on port {port}")


class Companies:
    """A founded and admitted federation; ``up``: the SuperLink's process; ``nodes``: partner -> process of its node."""

    up: subprocess.Popen[bytes]

    def __init__(self, home: Path, members: Sequence[Member]) -> None:
        self.home, self.members = home, members
        if not (home / "network.yaml").exists():
            people = tuple(Participant(one.partner, store=one.store) for one in members)
            Network(home, "three", "W", 13, people, strategy="bagging", runtime="superlink").save()
        self.link = Link(home / "federation" / COORDINATOR)
        self.link.found("localhost", Ports(*free_ports(5)))
        self.runtime = OverSuperLink(self.link, members)
        self.nodes: dict[str, subprocess.Popen[bytes]] = {}
        self.stack = ExitStack()

    def passports(self) -> dict[str, Passport]:
        return {one.partner: apply(self.files(one.partner), one.partner, self.keyring(one)) for one in self.members}

    def files(self, partner: str) -> Files:
        return Files(self.home / "federation" / partner)

    def keyring(self, one: Member) -> Keyring:
        return Keyring(Store(one.store, one.partner))

    def restart(self, partner: str) -> None:
        """Starts a company's node, the first time too."""
        log = self.home / f"{partner}.log"
        log.unlink(missing_ok=True)
        self.nodes[partner] = self.stack.enter_context(running("federation", "node", partner, "--home", self.home, log=log))

    def agree(self, strategy: str) -> None:
        """On another strategy: in the file that all read, and the nodes read it when they start."""
        replace(Network.load(self.home), strategy=strategy).save()
        for partner, node in self.nodes.items():
            self.wait_for_node(partner)
            node.terminate()
            node.wait(60)
            self.restart(partner)

    def wait_for_node(self, partner: str, seconds: float = 90.0) -> None:
        """Until the node's SuperNode is being started: from then on it has something to end."""
        end = time.monotonic() + seconds
        while "is starting" not in (self.home / f"{partner}.log").read_text():
            assert time.monotonic() < end
            time.sleep(0.2)

    def admit(self) -> None:
        shown = self.passports()
        keys = {name: bytes.fromhex(one.signing_key) for name, one in shown.items()}
        network = Network.load(self.home)
        own = Keyring(Store(network.address(COORDINATOR), COORDINATOR)).identity().public
        for one in self.members:
            Company(one.partner, one.store, self.files(one.partner)).enter(self.link.admit(shown[one.partner], own))
            self.keyring(one).pin(keys)


@contextmanager
def companies(home: Path, members: Sequence[Member]) -> Iterator[Companies]:
    """All of them running."""
    there = Companies(home, members)
    with ExitStack() as stack:
        there.up = stack.enter_context(running("federation", "up", "--home", home, log=home / "superlink.log"))
        wait_for(there.link.facts()[2].control)
        there.admit()
        there.stack = stack
        for one in members:
            there.restart(one.partner)
        yield there
    with pytest.raises(OSError):  # the SuperLink ends with the command
        socket.create_connection(("127.0.0.1", there.link.facts()[2].control), 1).close()
