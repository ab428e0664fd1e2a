"""A company's side: its SuperNode, and the executor that answers with the installed ClientApp and the company's own store."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING

from decai_forecast.errors import ConfigError, FederationError
from decai_forecast.federation.node_process import NodeGone, NodeProcess, Nursery
from decai_forecast.federation.run import FLOWER
from decai_forecast.federation.superlink.keys import write_secret
from decai_forecast.federation.superlink.passport import Admission, Files
from decai_forecast.strategies import DEFAULT

if TYPE_CHECKING:
    import grpc
    from flwr.app import Context, Message

__all__ = ["Company", "serve"]

HEAR = 5.0  # seconds between two looks whose keys were exchanged or taken back
POLL = 0.05  # seconds between two looks for a message
LOOK = 0.2  # seconds between two looks whether to stop


@dataclass(frozen=True)
class Company:
    """A company that takes part: its name, its own store and files, the digest of what it agreed to (preflight.py), and,
    whatever it is asked, strategy, terms of privacy and quorum of its own network.yaml."""

    partner: str
    store: str
    files: Files
    agreed: str = ""
    strategy: str = DEFAULT
    privacy: str = ""
    quorum: int = 0  # 0: two thirds of the companies whose keys it has pinned

    def admission(self) -> Admission:
        return self.files.admitted(self.partner)

    def enter(self, admission: Admission) -> None:
        """Takes the coordinator's answer."""
        if admission.partner != self.partner:
            raise ConfigError(f"the admission of {admission.partner}; expected that of {self.partner}")
        self.files.folder.mkdir(parents=True, exist_ok=True)
        self.files.authority.write_text(admission.authority)
        self.files.tls_certificate.write_text(admission.certificate)
        admission.write(self.files.admission)

    def config(self) -> dict[str, str | int]:
        """What the ClientApp knows of its company. It never comes from, or goes to, the coordinator."""
        found = self.admission()
        own: dict[str, str | int] = {"partner": self.partner, "store": self.store, "agreed": self.agreed}
        own |= {"strategy": self.strategy, "privacy": self.privacy, "quorum": self.quorum}
        return own | {"relay": f"{found.host}:{found.relay_port}", "keys": str(self.files.folder)}


class Hangs(FederationError):
    """The SuperNode's process is there and does not answer."""


class Exchanged(FederationError):
    """The company has other keys than those that its SuperNode began with."""


def serve(
    company: Company,
    say: Callable[[str], None] = print,
    stop: Event | None = None,
    follow: Callable[[], Iterable[str]] = tuple,
) -> None:
    """Answers the coordinator until ``stop``, in the middle of an answer too; :class:`FederationError` if the SuperNode ends by
    itself. One that hangs is ended, and another one started; so is one whose company has exchanged its keys. ``follow``: hears
    which keys of others were exchanged or taken back, before an answer; what is told of it, in lines.

    Answers come from a thread, since nothing ends a training from within; what is under way then ends with the process.
    """
    stop = stop or Event()
    while not stop.is_set():
        with _supernode(company) as (process, appio):
            say(f"{company.partner}: the SuperNode is starting")
            executor = _Executor(company, process, appio, say, follow)
            executor.start()
            while executor.is_alive() and not stop.is_set():  # no stop.wait(): who sets it is a signal handler of this thread
                executor.join(LOOK)
            executor.end()
        if isinstance(executor.failed, Hangs | Exchanged):
            say(str(executor.failed))
        elif executor.failed is not None and not stop.is_set():
            raise executor.failed


class _Executor(Thread):
    """Answers one message after the other, until the SuperNode's process ends or hangs. ``failed``: what ended it."""

    def __init__(
        self,
        company: Company,
        process: subprocess.Popen[bytes],
        appio: str,
        say: Callable[[str], None],
        follow: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        super().__init__(daemon=True, name="executor")
        self._follow, self._followed = follow, float("-inf")
        self._admitted = _stamp(company)
        self._company, self._process, self._appio, self._say = company, process, appio, say
        self._config, self._run_id = company.config(), -1
        self._nursery: Nursery | None = None
        self._node: NodeProcess | None = None
        self.failed: Exception | None = None

    def run(self) -> None:
        try:
            self._serve()
        except Exception as error:
            self.failed = error

    def _serve(self) -> None:
        import grpc

        from decai_forecast.federation.superlink.flower import executor, serve_once

        silent: float | None = None
        with executor(self._appio, self._company.files.secret.read_bytes()) as stub:
            while True:
                try:
                    served, silent = serve_once(stub, self._appio, self._answer), None
                except grpc.RpcError as error:
                    served, silent = False, self._silent(error, silent)
                if not served:
                    self._check_keys()
                    time.sleep(POLL)

    def _check_keys(self) -> None:
        """:class:`Exchanged` if the company has another certificate than the SuperNode's."""
        if _stamp(self._company) != self._admitted:
            raise Exchanged(f"{self._company.partner}: has exchanged its keys; its SuperNode starts again with the new ones")

    def _hear(self) -> None:
        """Whose keys were exchanged or taken back; what is not heard changes nothing."""
        if time.monotonic() - self._followed >= HEAR:
            for line in self._follow():
                self._say(f"{self._company.partner}: {line}")
            self._followed = time.monotonic()

    def _silent(self, error: grpc.RpcError, since: float | None) -> float | None:
        """Since when the SuperNode has hung; None if it is not up yet, or has given the message up. Raises if it ended, or has
        hung for too long."""
        import grpc

        from decai_forecast.federation.superlink import flower

        told, now = f"{self._company.partner}: the SuperNode", time.monotonic()
        if self._process.poll() is not None:
            raise FederationError(f"{told} ended; its log is {_log(self._company)}")
        if error.code() is not grpc.StatusCode.DEADLINE_EXCEEDED:
            return None
        if since is not None and now - since >= flower.AWAY:
            self._process.kill()  # it hears nothing else
            raise Hangs(f"{told} has not answered for {flower.AWAY:.0f} s; it is ended and started again")
        return since or now

    def _answer(self, message: Message, context: Context) -> Message:
        """In a process of its own: what others sent may end that one, and this goes on and says so."""
        from decai_forecast.federation.local_node import deflated, inflated

        self._say(f"{self._company.partner}: {message.metadata.message_type}, {message.metadata.group_id}")
        self._hear()
        try:
            return inflated(*self._process_of(context)(*deflated(message)))
        except NodeGone as error:
            if self._node is not None:  # else it was ended
                self._say(f"{self._company.partner}: {error}; the training is lost, the next one has a new process")
            raise

    def _process_of(self, context: Context) -> NodeProcess:
        """The process of this run; that of an earlier one ends, and its rows with it."""
        if self._nursery is None:
            self._nursery = Nursery()
        if self._node is None or context.run_id != self._run_id:
            self.end_process()
            self._node = self._nursery.node(context.node_id, self._config, dict(context.run_config))
            self._run_id = context.run_id
        return self._node

    def end(self) -> None:
        """No process is left of this executor's."""
        self.end_process()
        nursery, self._nursery = self._nursery, None
        if nursery is not None:
            nursery.__exit__()

    def end_process(self) -> None:
        """Whatever it is at."""
        ended, self._node = self._node, None
        if ended is not None:
            ended.close()


def _stamp(company: Company) -> bytes:
    """Another one once the company has exchanged its keys; empty before it is admitted."""
    path = company.files.admission
    return path.read_bytes() if path.exists() else b""


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
            process.wait()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])
