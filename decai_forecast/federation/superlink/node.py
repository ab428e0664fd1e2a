"""A company's side: its SuperNode, and the executor that answers with the installed ClientApp and the company's own store."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event

from decai_forecast.errors import ConfigError, FederationError
from decai_forecast.federation.plan import EXACT
from decai_forecast.federation.run import FLOWER
from decai_forecast.federation.superlink.keys import write_secret
from decai_forecast.federation.superlink.passport import Admission, Files

__all__ = ["Company", "serve"]

POLL = 0.05  # seconds between two looks for a message


@dataclass(frozen=True)
class Company:
    """A company that takes part: its name, its own store and files, the digest of what it agreed to (preflight.py), and, of
    its own network.yaml, the strategy (with ``exact`` it answers no other) and the terms of privacy, whatever it is asked."""

    partner: str
    store: str
    files: Files
    agreed: str = ""
    strategy: str = EXACT
    privacy: str = ""

    def admission(self) -> Admission:
        if not self.files.admission.exists():
            raise ConfigError(f"{self.partner}: not admitted; `decai federation enter` takes the coordinator's answer")
        found = Admission.read(self.files.admission)
        if found.partner != self.partner:
            raise ConfigError(f"{self.files.admission}: the admission of {found.partner}, not of {self.partner}")
        return found

    def enter(self, admission: Admission) -> None:
        """Takes the coordinator's answer."""
        if admission.partner != self.partner:
            raise ConfigError(f"the admission of {admission.partner}; expected that of {self.partner}")
        self.files.folder.mkdir(parents=True, exist_ok=True)
        self.files.authority.write_text(admission.authority)
        admission.write(self.files.admission)

    def config(self) -> dict[str, str]:
        """What the ClientApp knows of its company. It never comes from, or goes to, the coordinator."""
        found = self.admission()
        relay = {"relay": f"{found.host}:{found.relay_port}", "keys": str(self.files.folder)}
        own = {"agreed": self.agreed, "strategy": self.strategy, "privacy": self.privacy}
        return {"partner": self.partner, "store": self.store} | own | relay


def serve(company: Company, say: Callable[[str], None] = print, stop: Event | None = None) -> None:
    """Answers the coordinator until ``stop``; :class:`FederationError` if the SuperNode ends by itself."""
    import grpc
    from flwr.app import Context, Message

    from decai_forecast.federation.client_app import app, rows_of
    from decai_forecast.federation.superlink.flower import executor, serve_once

    config, stop = company.config(), stop or Event()

    last = -1

    def answer(message: Message, context: Context) -> Message:
        nonlocal last
        if context.run_id != last:  # the rows of an earlier round are of no use any more
            rows_of.cache_clear()
        last, context.node_config = context.run_id, dict(config)
        say(f"{company.partner}: {message.metadata.message_type}, {message.metadata.group_id}")
        return app(message, context)

    with _supernode(company) as (process, appio), executor(appio, company.files.secret.read_bytes()) as stub:
        say(f"{company.partner}: the SuperNode is starting")
        while not stop.is_set():
            try:
                served = serve_once(stub, appio, answer)
            except grpc.RpcError:  # the SuperNode is not up yet, or gone
                served = False
                if process.poll() is not None:
                    raise FederationError(f"{company.partner}: the SuperNode ended; its log is {_log(company)}") from None
            if not served:
                time.sleep(POLL)


def _log(company: Company) -> Path:
    return company.files.folder / "supernode.log"


@contextmanager
def _supernode(company: Company) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """The SuperNode's process and the address at which it gives its messages to the executor."""
    appio = f"127.0.0.1:{_free_port()}"
    write_secret(company.files.secret, os.urandom(32))
    found, files = company.admission(), company.files
    command = [
        sys.executable, "-m", "decai_forecast.federation.superlink.supernode",
        "--superlink", f"{found.host}:{found.fleet_port}", "--root-certificates", str(files.authority),
        "--auth-supernode-private-key", str(files.node_key), "--isolation", "process",
        "--clientappio-api-address", appio, "--superexec-auth-secret-file", str(files.secret),
    ]  # fmt: skip
    told = dict(os.environ) | FLOWER | {"FLWR_HOME": str(files.folder / "flower")}
    with _log(company).open("ab") as log:
        process = subprocess.Popen(command, env=told, stdout=log, stderr=log)
    try:
        yield process, appio
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
