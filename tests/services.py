"""The coordinator's service over HTTPS, really running: certificates, a port, a server that can be stopped and started."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from parties import Parties

from decai_forecast.coordinator.context import reception
from decai_forecast.federation.superlink.keys import Authority, Key, new_key, private_pem, request, write_secret
from decai_forecast.federation.superlink.passport import Admission, Files
from decai_forecast.identity import ALGORITHM, Keyring
from decai_forecast.link.calls import Patience
from decai_forecast.link.client import CompanyHttps
from decai_forecast.link.connection import Limits
from decai_forecast.link.service import server
from decai_forecast.link.tls import TlsFiles
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

LIMITS = Limits()
HASTY = Patience(step=20.0, pause=0.02, longest=0.2, tries=60.0)


@cache
def authority(name: str = "ours") -> Authority:
    return Authority.create(name)


@cache
def key() -> Key:
    return new_key()


class Service:
    """The coordinator's end of the link of ``parties``, and the companies' ends at it."""

    def __init__(self, parties: Parties, folder: Path, limits: Limits = LIMITS) -> None:
        self.parties, self.folder, self.limits, self.port = parties, folder, limits, 0
        server_certificate = authority().sign_server(key(), "localhost")
        self.tls = self.files("coordinator", server_certificate)

    def files(self, name: str, certificate: bytes, signer: Authority | None = None) -> TlsFiles:
        files = TlsFiles(*(self.folder / f"{name}.{end}" for end in ("key", "crt", "ca")))
        write_secret(files.key, private_pem(key()))
        files.certificate.write_bytes(certificate)
        files.authority.write_bytes((signer or authority()).pem)
        return files

    def company_files(self, name: str, signer: Authority | None = None) -> TlsFiles:
        """With a certificate for a company; ``signer``: of another federation."""
        return self.files(name, (signer or authority()).sign_company(name, request(name, key())))

    def link(self, name: str, patience: Patience = HASTY, tls: TlsFiles | None = None) -> CompanyHttps:
        """The company's end; ``tls``: what it shows instead of its own certificate."""
        return CompanyHttps(self.url, tls or self.company_files(name), Keyring(self.parties.company(name).store), patience)

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def start(self) -> None:
        self.server = server(reception(self.parties.network), self.tls, "127.0.0.1", self.port, self.limits)
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        wait_until(lambda: self.server.started or not self.thread.is_alive())
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join(60)
        assert not self.thread.is_alive()


def wait_until(holds: object, seconds: float = 60.0) -> None:
    """Until the condition holds; the test fails where it never does."""
    assert callable(holds)
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


@contextmanager
def running(parties: Parties, folder: Path, limits: Limits = LIMITS) -> Iterator[Service]:
    service = Service(parties, folder, limits)
    service.start()
    try:
        yield service
    finally:
        service.stop()


def enter(network: Network, name: str, port: int, files: TlsFiles) -> None:
    """Lays into a company's home what the coordinator's admission brings: where its service is, and certificates."""
    own = Files.of(network.home, name)
    own.folder.mkdir(parents=True, exist_ok=True)
    for there, here in ((files.key, own.tls_key), (files.certificate, own.tls_certificate), (files.authority, own.authority)):
        shutil.copy(there, here)
    coordinator = Keyring(Store(network.address(COORDINATOR), COORDINATOR)).identity().public.hex()
    Admission(
        name, "localhost", 1, 1, port, own.authority.read_text(), own.tls_certificate.read_text(), coordinator, ALGORITHM
    ).write(own.admission)
