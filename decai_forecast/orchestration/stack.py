"""Starting and stopping a local Airflow: four processes under honcho, which ends all when one dies.

``airflow standalone`` neither restarts what died nor stops what it started.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Self

import psutil

from decai_forecast.errors import DecaiError
from decai_forecast.orchestration.client import Client
from decai_forecast.orchestration.environment import Stack, stack_environment
from decai_forecast.upkeep import hold, last_user

__all__ = ["StackDied", "free_port", "running"]

PROCESSES = {  # no log servers: they would listen on all interfaces, and the logs lie in the home
    "api-server": "api-server",
    "scheduler": "scheduler --skip-serve-logs",
    "dag-processor": "dag-processor",
    "triggerer": "triggerer --skip-serve-logs",
}
HEALTHY_WITHIN = 300.0  # seconds on a busy two-core machine
STOP_WITHIN = 20.0
SWEEPS = 5  # a process may start another one just before it is killed
MARK = "DECAI_STACK"  # in the environment of every process of one start of a stack


class StackDied(DecaiError):
    """One of Airflow's processes ended; the log says why."""

    code = "stack"


def free_port(wanted: int) -> int:
    """``wanted`` if it is free on the loopback interface; else the next that is."""
    for port in range(wanted, wanted + 300):
        if _is_free(port):
            return port
    raise StackDied(f"no free port between {wanted} and {wanted + 300}")


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        return probe.connect_ex(("127.0.0.1", port)) != 0


@contextmanager
def running(stack: Stack) -> Iterator[Client]:
    """A healthy Airflow for the duration of the block; none of its processes is left behind."""
    token = secrets.token_hex(8)
    environment, log = stack_environment(stack) | {MARK: token}, stack.home / "stack.log"
    procfile = stack.home / "Procfile"
    procfile.write_text("".join(f"{name}: exec airflow {line}\n" for name, line in PROCESSES.items()))
    with _Interruptible() as interrupts, _lock(stack, token), log.open("ab") as out:
        for command in _preparations(stack):
            _prepare(command, environment, out.fileno(), log)
        started: list[subprocess.Popen[bytes]] = []
        client = Client(stack.url, stack.user, stack.password, alive=lambda: _alive(started[0], log))
        try:
            with interrupts.later():  # one that came between the start and its name would leave everything behind
                started.append(_started(stack, procfile, environment, out.fileno()))
            client.wait_healthy(HEALTHY_WITHIN)
            yield client
        finally:
            with interrupts.later():
                for manager in started:
                    _stop(manager)
                _sweep(token)
            client.close()


@contextmanager
def _lock(stack: Stack, token: str) -> Iterator[None]:
    """The home's lock. What a start has left that was killed, and could not end what it had started, is ended first."""
    home = stack.network.home
    user = last_user(home)
    if user.is_here and not psutil.pid_exists(user.pid):
        _sweep(user.airflow)
    with hold(home, token, f"the Airflow at {stack.url}"):
        yield


def _started(stack: Stack, procfile: Path, environment: dict[str, str], out: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*_with_its_parent(), sys.executable, "-m", "honcho", "-f", str(procfile), "start"],
        cwd=stack.home, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True,
    )  # fmt: skip


def _with_its_parent() -> list[str]:
    """Before a command, on Linux: the kernel sends it TERM when the process that started it is gone, however it went."""
    return [command, "--pdeathsig", "TERM"] if (command := shutil.which("setpriv")) else []


class _Interruptible:
    """TERM and Ctrl-C end the block in order, from before the first process is started until after the last is gone."""

    def __init__(self) -> None:
        self._held, self._came = False, False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._interrupt) for number in (signal.SIGTERM, signal.SIGINT)}
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _interrupt(self, signum: int, frame: object) -> None:  # noqa: ARG002  the signature of a signal handler
        self._came = True
        if not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def later(self) -> Iterator[None]:
        """Holds an interrupt back until the end of the block."""
        self._held, self._came = True, False
        try:
            yield
        finally:
            self._held = False
        if self._came:
            raise KeyboardInterrupt


def _preparations(stack: Stack) -> list[list[str]]:
    """What is run before the processes are started, in this order."""
    roles = [sys.executable, "-m", "decai_forecast", "roles", "sync", "--logins", str(stack.logins)]
    return [["airflow", "db", "migrate"], *([roles] if stack.roles else [])]


def _prepare(command: list[str], environment: dict[str, str], out: int, log: Path) -> None:
    done = subprocess.run(command, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=out, check=False)
    if done.returncode:
        said = " ".join(["decai", *command[3:5]] if command[0] == sys.executable else command)
        raise StackDied(f"`{said}` failed; the log is {log}")


def _alive(manager: subprocess.Popen[bytes], log: Path) -> None:
    if manager.poll() is None and not (dead := _dead(manager.pid)):
        return
    lines = log.read_text(errors="replace").splitlines()[-4000:]
    marks = ["stopped (rc="] if manager.poll() is not None else [f"started (pid={pid})" for pid in dead]
    said = [line.split("|")[-1].split("(")[0].split()[0] for line in lines if any(mark in line for mark in marks)]
    raise StackDied(f"Airflow stopped: {said[0] if said else 'a process'} died; the log is {log}")


def _dead(pid: int) -> list[int]:
    """Airflow processes that ended unnoticed: the manager reads their output to its end, which their children keep open."""
    try:
        wrappers = psutil.Process(pid).children()
        return [p.pid for wrapper in wrappers for p in wrapper.children() if p.status() == psutil.STATUS_ZOMBIE]
    except psutil.NoSuchProcess:
        return []


def _stop(manager: subprocess.Popen[bytes]) -> None:
    """TERM to the manager, which passes it on; whatever is left of the family after that is killed."""
    family = _family(manager.pid)
    if manager.poll() is None:
        manager.terminate()
    end = time.monotonic() + STOP_WITHIN
    while manager.poll() is None and time.monotonic() < end:
        family |= _family(manager.pid)
        time.sleep(0.2)
    for process in family:
        if process.is_running():
            process.kill()
    psutil.wait_procs(list(family), timeout=5)
    manager.wait()


def _sweep(token: str) -> None:
    """Ends what lost its parent while everything stopped and so belongs to no family any more: known by its mark."""
    for _ in range(SWEEPS):
        if not (left := [process for process in psutil.process_iter() if _is_marked(process, token)]):
            return
        for process in left:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(left, timeout=5)


def _is_marked(process: psutil.Process, token: str) -> bool:
    try:
        return process.pid != os.getpid() and process.environ().get(MARK) == token
    except (psutil.Error, OSError):
        return False


def _family(pid: int) -> set[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return {top, *top.children(recursive=True)}
    except psutil.NoSuchProcess:
        return set()
