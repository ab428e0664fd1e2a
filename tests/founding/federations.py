"""A coordinator with its service over HTTPS, really running, and the homes of companies that it invites."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.commands.membership import desk_of
from decai_forecast.coordinator.context import coordinator_context, reception
from decai_forecast.federation.superlink.link import Link, Ports
from decai_forecast.federation.superlink.passport import Files
from decai_forecast.founding import found_named
from decai_forecast.founding.apart import Guest, Invitation, invite
from decai_forecast.identity import Keyring
from decai_forecast.link.calls import Patience
from decai_forecast.link.invited import InvitedHttps
from decai_forecast.link.service import server
from decai_forecast.link.tls import TlsFiles
from decai_forecast.network import Network
from decai_forecast.store import Store

__all__ = ["HASTY", "Federation", "decai", "federation", "keyring_in"]

HASTY = Patience(step=20.0, pause=0.02, longest=0.2, tries=30.0)
COMPANIES = ("acme", "bolt", "corex", "dune")


def decai(*arguments: str | Path, code: int = 0) -> str:
    """What the command prints in this process; its expected errors are raised."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == code, result.output
    return result.stdout


class Federation:
    """``home``: the coordinator's; ``folder``: where each company has its own."""

    def __init__(self, folder: Path, ports: Ports) -> None:
        self.folder, self.home = folder, folder / "coordinator"
        self.network = found_named(self.home, "four", COMPANIES, "W")
        self.link = Link(self.home / "federation/coordinator")
        self.link.found("localhost", ports)
        self.keyring = Keyring(coordinator_context(self.network).store)
        self.desk = desk_of(self.network)

    def invite(self, partner: str, days: int = 14) -> Path:
        """The file that is handed to the company."""
        return invite(self.network, self.link, self.desk, self.keyring.identity(), partner, self.folder / "invitations", days)

    def join(self, partner: str, home: str = "") -> str:
        """What the company hears that joins with its newest invitation."""
        file = self.folder / f"invitations/{partner}.invitation.json"
        return decai("federation", "join", file, "--home", self.folder / (home or partner))

    def enter(self, partner: str, *options: str | Path, code: int = 0) -> str:
        """What the company hears that enters."""
        return decai("federation", "enter", *options, "--home", self.folder / partner, code=code)

    def admit(self, *arguments: str | Path) -> str:
        """What the coordinator hears that admits."""
        return decai("federation", "admit", *arguments, "--home", self.home)

    def guest(self, partner: str) -> Guest:
        """What the company keeps until it is admitted."""
        return Guest(Files.of(self.folder / partner, partner))

    def visitor(self, partner: str) -> InvitedHttps:
        """The company's way to the desk."""
        return self.guest(partner).link(HASTY)

    def company(self, partner: str) -> Keyring:
        """A company's own keys."""
        return keyring_in(self.folder / partner, partner)

    def invitation(self, partner: str) -> Invitation:
        return Invitation.read(self.folder / f"invitations/{partner}.invitation.json")


def keyring_in(home: Path, partner: str) -> Keyring:
    """The keys of the company whose home it is."""
    return Keyring(Store(Network.load(home).address(partner), partner))


@contextmanager
def federation(folder: Path, ports: Ports) -> Iterator[Federation]:
    """Founded, with its service running."""
    founded = Federation(folder, ports)
    files = TlsFiles(*(founded.link.folder / name for name in ("server.key", "server.crt", "authority.crt", "inviting.crt")))
    service = server(reception(founded.network), files, "127.0.0.1", ports.link, desk=founded.desk)
    thread = threading.Thread(target=service.run, daemon=True)
    thread.start()
    end = time.monotonic() + 60
    while not service.started:
        assert time.monotonic() < end
        time.sleep(0.01)
    try:
        yield founded
    finally:
        service.should_exit = True
        thread.join(60)
