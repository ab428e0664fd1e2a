"""A company's node for the time of a round: a process beside this one, unless one runs already."""

from __future__ import annotations

import fcntl
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network

__all__ = ["node_lock", "taking_part"]

STOP_WITHIN = 30.0  # seconds that a node has to end by itself
LOOK, AGAIN = 0.5, 10.0  # seconds between two looks whether it runs, and before another start
Progress = Callable[[str], None]


@contextmanager
def node_lock(home: Path, partner: str) -> Iterator[None]:
    """Held by the company's one node; :class:`ConfigError` if another process is it."""
    folder = home / "federation" / partner
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "node.lock").open("ab") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(f"{partner}: a node of it runs already and takes part; `fuser {file.name}` names it") from None
        yield


@contextmanager
def taking_part(network: Network, partner: str, progress: Progress, again: float = AGAIN) -> Iterator[None]:
    """In which the company answers when it is called to train; nothing to do where the training is not between companies.

    ``again``: seconds until a node that ended is started again.
    """
    if network.runtime != "superlink" or _runs(network.home, partner):
        yield
        return
    keeper = _Keeper(network.home, partner, progress, again)
    keeper.start()
    try:
        yield
    finally:
        keeper.stop()


def _runs(home: Path, partner: str) -> bool:
    try:
        with node_lock(home, partner):
            return False
    except ConfigError:
        return True


class _Keeper:
    """Keeps a node running, and ends it."""

    def __init__(self, home: Path, partner: str, progress: Progress, again: float) -> None:
        self._home, self._partner, self._progress, self._again = home, partner, progress, again
        self._ended = Event()
        self._thread = Thread(target=self._run, daemon=True, name="node")

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ended.set()
        self._thread.join()

    def _run(self) -> None:
        log = self._home / "federation" / self._partner / "node.log"
        while not self._ended.is_set():
            self._progress(f"{self._partner}: its node starts; its log is {log}")
            with log.open("ab") as out:
                self._kept(self._started(out.fileno()))
            if not self._ended.is_set():
                self._progress(f"{self._partner}: its node ended; it is started again. Its log is {log}")
                self._ended.wait(self._again)

    def _started(self, out: int) -> subprocess.Popen[bytes]:
        """The node ends with this process, however that ends: it reads from a pipe that nobody else holds."""
        command = [sys.executable, "-m", "decai_forecast", "federation", "node", self._partner, "--home", str(self._home)]
        return subprocess.Popen([*command, "--until-closed"], stdin=subprocess.PIPE, stdout=out, stderr=out)

    def _kept(self, node: subprocess.Popen[bytes]) -> None:
        """Until it ends, or is to."""
        while node.poll() is None and not self._ended.wait(LOOK):
            pass
        assert node.stdin is not None
        node.stdin.close()
        try:
            node.wait(STOP_WITHIN)
        except subprocess.TimeoutExpired:
            node.kill()
            node.wait()
