"""Nodes of the in-process runtime in operating-system processes of their own.

Companies that train exactly compute at the same time, tree by tree: in threads of one interpreter they would take turns.
Their processes are forked from a *nursery*, which has imported LightGBM once and never used it (a fork after its threads
began hangs); so a node costs milliseconds to start. Not ``multiprocessing``: its children import the parent's main script
again, which under Airflow is Airflow.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pickle
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping
from functools import partial
from multiprocessing.connection import Connection
from threading import Lock
from typing import Any

from decai_forecast.errors import FederationError
from decai_forecast.federation.codes import NODE_GONE

__all__ = ["NodeGone", "NodeProcess", "Nursery"]

Objects = Mapping[str, bytes]
BIRTH = 120.0  # seconds at most until the nursery, which imports LightGBM first, has forked a node
PR_SET_PDEATHSIG = 1  # of prctl(2)
END = 10.0  # seconds that the nursery has to end by itself


class NodeGone(FederationError):
    """The node's process ended before it answered."""

    code = NODE_GONE


Connected = tuple[int, Connection]


class Nursery:
    """The process that nodes are forked from; a context manager, and with it its nodes end."""

    def __init__(self) -> None:
        own, theirs = socket.socketpair()
        told = {"OMP_NUM_THREADS": "1", "OMP_WAIT_POLICY": "passive"}  # a waiting thread must not keep a core from others
        command = [sys.executable, "-m", "decai_forecast.federation.node_process", str(theirs.fileno())]
        self._process = subprocess.Popen(command, pass_fds=[theirs.fileno()], env=os.environ | told)
        theirs.close()
        own.settimeout(BIRTH)
        self._own, self._nodes, self._lock = own, list[NodeProcess](), Lock()

    def __enter__(self) -> Nursery:
        return self

    def __exit__(self, *error: object) -> None:
        for node in self._nodes:
            node.close()
        self._own.close()
        try:
            self._process.wait(END)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def node(self, node_id: int, config: Mapping[str, Any], run_config: Mapping[str, Any]) -> NodeProcess:
        """A new node with its own configuration and state."""
        self._nodes.append(NodeProcess(partial(self._fork, pickle.dumps((node_id, dict(config), dict(run_config))))))
        return self._nodes[-1]

    def _fork(self, told: bytes) -> Connected:
        """:class:`NodeGone` if the nursery has ended, or hangs: then there is no process, and no id of one."""
        ours, theirs = socket.socketpair()
        with self._lock, theirs:
            try:
                socket.send_fds(self._own, [told], [theirs.fileno()])
                pid = int.from_bytes(self._own.recv(4), "little")
            except OSError:
                pid = 0
        if not pid:  # which would stand for every process of this group
            ours.close()
            raise NodeGone("the process that nodes are started from ended or hangs: is there enough memory?")
        return pid, Connection(ours.detach())


class NodeProcess:
    """Asks a node in its process, one question at a time; one that ended is started again for the next question."""

    def __init__(self, start: Callable[[], Connected]) -> None:
        self._start, self._lock, self._closed = start, Lock(), False
        self.pid, self._connection = start()

    def __call__(self, object_id: str, objects: Objects) -> tuple[str, Objects]:
        """The reply to a message, both as Flower's serialised objects; :class:`NodeGone` if the process ends first."""
        with self._lock:
            try:
                self._connection.send((object_id, dict(objects)))
                answer: tuple[str, Objects] = self._connection.recv()
            except (EOFError, OSError):
                if not self._closed:
                    self.pid, self._connection = self._start()
                raise NodeGone("the node's process ended before it answered") from None
            return answer

    def close(self) -> None:
        """Ends the process, hung or not."""
        self._closed = True
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)


def main(descriptor: int) -> None:
    """The nursery: forks a node for every configuration that comes, until its parent is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who stops the night stops the parent
    import lightgbm  # noqa: F401  # for all nodes at once

    from decai_forecast import demand  # noqa: F401
    from decai_forecast.federation.exact import node, train  # noqa: F401
    from decai_forecast.federation.local_node import node_of_our_app

    control, children = socket.socket(fileno=descriptor), set[int]()
    while True:
        data, given, _, _ = socket.recv_fds(control, 2**20, 1)
        children -= {child for child in children if os.waitpid(child, os.WNOHANG)[0]}
        if not data:
            os._exit(0)
        pid = os.fork()
        if pid == 0:
            control.close()
            _end_with_parent()
            _serve(Connection(given[0]), node_of_our_app(*pickle.loads(data)))
        os.close(given[0])
        children.add(pid)
        control.send(pid.to_bytes(4, "little"))


def _end_with_parent() -> None:
    """In the middle of a training, too: Linux ends this process when the nursery ends."""
    with contextlib.suppress(OSError, AttributeError):  # another system: it ends when it next answers
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _serve(connection: Connection, answer: Any) -> None:
    with contextlib.suppress(EOFError, OSError):  # whoever asked is gone, maybe before the answer
        while True:
            connection.send(answer(*connection.recv()))
    os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]))
