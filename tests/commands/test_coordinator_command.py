"""`decai coordinator serve`, as the coordinator starts and stops it."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import pytest
from parties import ROUND, Parties, submission
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.keys import Authority, new_key, private_pem, request, write_secret
from decai_forecast.federation.superlink.link import Link, Ports
from decai_forecast.identity import Keyring
from decai_forecast.link.client import CompanyHttps
from decai_forecast.link.tls import TlsFiles


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Whose coordinator has founded a federation."""
    parties = Parties(tmp_path)
    parties.network.save()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    link(parties).found("localhost", Ports(link=port))
    return parties


def link(parties: Parties) -> Link:
    return Link(parties.network.home / "federation/coordinator")


def company(parties: Parties, name: str) -> CompanyHttps:
    """The company's end, with the certificate that the coordinator's authority signs."""
    folder, key = link(parties).folder, new_key()
    authority = Authority.load((folder / "authority.key").read_bytes(), link(parties).authority)
    own = parties.network.home / "federation" / name
    write_secret(own / "tls.key", private_pem(key))
    (own / "tls.crt").write_bytes(authority.sign_company(name, request(name, key)))
    host, _, ports = link(parties).facts()
    files = TlsFiles(own / "tls.key", own / "tls.crt", folder / "authority.crt")
    return CompanyHttps(f"https://{host}:{ports.link}", files, Keyring(parties.company(name).store))


@contextmanager
def serving(parties: Parties) -> Iterator[tuple[subprocess.Popen[str], IO[str]]]:
    """The command's process, and what it prints."""
    command = [sys.executable, "-m", "decai_forecast", "coordinator", "serve", "--home", str(parties.network.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        try:
            yield process, process.stdout
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_serves_until_it_is_stopped(parties: Parties, number: signal.Signals) -> None:
    """And ends well; what came meanwhile is in the inbox."""
    url = f"https://localhost:{link(parties).facts()[2].link}"
    with serving(parties) as (process, printed):
        assert printed.readline() == f"{url}: serving n\n"
        company(parties, "a").submit(submission("a"))
        process.send_signal(number)
        assert printed.readline() == f"{url}: stopped\n"
        assert process.wait(60) == 0
    assert parties.coordinator.link.submissions(ROUND.id).submissions == {"a": submission("a")}


def test_a_killed_service_takes_up_where_it_was(parties: Parties) -> None:
    """The same message again is the same message; another company's follows."""
    for names in ("a", "ab"):
        with serving(parties) as (process, printed):
            printed.readline()
            for name in names:
                company(parties, name).submit(submission(name))
            process.kill()
    assert sorted(parties.coordinator.link.submissions(ROUND.id).submissions) == ["a", "b"]


def test_a_port_that_is_taken_is_told(parties: Parties) -> None:
    """With what to do."""
    port = link(parties).facts()[2].link
    with socket.create_server(("127.0.0.1", port)):
        done = CliRunner().invoke(app, ["coordinator", "serve", "--home", str(parties.network.home)])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception).startswith(f"nobody can listen at 127.0.0.1:{port}: address already in use; choose another")


def test_without_a_federation_there_is_nothing_to_serve(tmp_path: Path) -> None:
    """The message says which command makes one."""
    Parties(tmp_path).network.save()
    done = CliRunner().invoke(app, ["coordinator", "serve", "--home", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
    assert str(done.exception).endswith("no federation; make one with `decai federation found --host NAME`")
