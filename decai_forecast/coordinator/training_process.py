"""A round's shared training in a process of the node environment, for a caller whose own environment has no Flower.

What is asked goes in as one pickle (the same program is on both sides, on one host and of one user), lines for people come back
on standard output, and how it ended on a pipe of its own. The process ends in order when its parent ends, however that went.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn

from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.coordinator.federate import Progress, federate
from decai_forecast.coordinator.heartbeat import TrainingElsewhere
from decai_forecast.errors import BelowQuorum, DecaiError, FederationError, RoundClosed
from decai_forecast.network import Network
from decai_forecast.node_environment import node_python
from decai_forecast.round import Round

__all__ = ["TrainingLost", "TrainingRefused", "federate_apart"]

KINDS: Mapping[str, type[DecaiError]] = {kind.code: kind for kind in (BelowQuorum, RoundClosed, TrainingElsewhere)}
PR_SET_PDEATHSIG = 1  # of prctl(2)
PATIENCE = 20.0  # seconds that a training has to end in order
MODULE = "decai_forecast.coordinator.training_process"


class TrainingLost(FederationError):
    """The training's process ended without a word: it was killed, or met what nobody expected."""

    code = "training_lost"
    passes = True


class TrainingRefused(FederationError):
    """An expected error of the training, with its own code."""

    def __init__(self, code: str, text: str, *, passes: bool) -> None:
        super().__init__(text)
        self.code, self.passes = code, passes


@dataclass(frozen=True)
class Ending:
    """How a training ended that did not succeed: the error's code, whether it may pass, and its text."""

    code: str
    passes: bool
    text: str

    def error(self) -> DecaiError:
        """As the caller raises it."""
        if (kind := KINDS.get(self.code)) is not None:
            return kind(self.text)
        return TrainingRefused(self.code, self.text, passes=self.passes)


def federate_apart(coordinator: CoordinatorContext, round: Round, progress: Progress) -> None:
    """:func:`federate` in a process of the node environment; what it did is in the coordinator's store and at the link.

    Raises :class:`BelowQuorum`, :class:`RoundClosed`, :class:`TrainingElsewhere`, :class:`TrainingRefused` (any other expected
    error, with its code) or :class:`TrainingLost`.
    """
    python = node_python()
    reading, writing = os.pipe()
    with os.fdopen(reading, "rb") as ending, _process(python, writing) as process:
        _ask(process, pickle.dumps((coordinator.network, round)))
        for line in process.stdout or ():
            progress(line.decode(errors="replace").rstrip("\n"))
        said, code = ending.read(), process.wait()
    if said:
        raise Ending(**json.loads(said)).error()
    if code:
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}; its last lines say why"
        raise TrainingLost(f"the training of round {round.id} (process {process.pid}) {how}")


@contextlib.contextmanager
def _process(python: Path, writing: int) -> Iterator[subprocess.Popen[bytes]]:
    """The training's process, which alone has ``writing`` from here on; it ends with the block, in order if it still can."""
    command, pipe = [str(python), "-u", "-m", MODULE, str(writing), str(os.getpid())], subprocess.PIPE
    try:
        process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.STDOUT, pass_fds=(writing,))
    finally:
        os.close(writing)
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _ask(process: subprocess.Popen[bytes], asked: bytes) -> None:
    """A process that ended before it read says why on its own."""
    if process.stdin is not None:
        with contextlib.suppress(BrokenPipeError), process.stdin as stream:
            stream.write(asked)


def main(writing: int, parent: int) -> int:
    """The exit code; 1 with an :class:`Ending` on the pipe ``writing`` for an expected error."""
    signal.signal(signal.SIGTERM, _end)
    _end_with(parent)
    network, round = _asked()
    try:
        federate(coordinator_context(network), round, print)
    except DecaiError as error:
        with os.fdopen(writing, "wb") as ending:
            ending.write(json.dumps(asdict(Ending(error.code, error.passes, str(error)))).encode())
        return 1
    return 0


def _asked() -> tuple[Network, Round]:
    network, round = pickle.load(sys.stdin.buffer)
    return network, round


def _end(number: int, *_: object) -> NoReturn:
    """In order: the sign of life goes, and a run at the SuperLink is told to be over."""
    raise SystemExit(128 + number)


def _end_with(parent: int) -> None:
    """Linux sends TERM when the parent is gone; one that went before that was asked for has another process in its place."""
    with contextlib.suppress(OSError, AttributeError):  # another system
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        raise SystemExit(128 + signal.SIGTERM)


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:])))
