"""Nodes in processes of their own, when the process that they are forked from is gone."""

import os
import signal
import socket
from collections.abc import Iterator

import pytest

from decai_forecast.federation import node_process
from decai_forecast.federation.node_process import NodeGone, NodeProcess, Nursery


@pytest.fixture
def nursery(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nursery]:
    monkeypatch.setattr(node_process, "END", 0.5)
    with Nursery() as found:
        yield found


def node(nursery: Nursery) -> NodeProcess:
    return nursery.node(7, {"partner": "p0", "store": "nowhere"}, {})


def test_without_a_nursery_there_is_no_node_and_nobody_is_killed_for_one(nursery: Nursery) -> None:
    """The id of a process that was never started must not be 0: a signal to 0 ends all of this group."""
    nursery._process.kill()
    nursery._process.wait()
    with pytest.raises(NodeGone, match="the process that nodes are started from ended or hangs"):
        node(nursery)


def test_a_node_that_cannot_be_started_again_is_gone_and_said_so(nursery: Nursery) -> None:
    """Its answer is an error that blames the node; the others' answers still count."""
    one = node(nursery)
    for pid in (nursery._process.pid, one.pid):
        os.kill(pid, signal.SIGKILL)
    nursery._process.wait()
    with pytest.raises(NodeGone):
        one("id", {})


def test_a_nursery_that_hangs_is_ended(nursery: Nursery) -> None:
    """Leaving the block waits for it, but not for ever."""
    node(nursery)
    nursery._process.send_signal(signal.SIGSTOP)
    nursery.__exit__()
    assert nursery._process.returncode == -signal.SIGKILL


def test_a_short_answer_of_the_nursery_is_no_process(nursery: Nursery, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may end between the question and the answer."""

    class Ended:
        def recv(self, _: int) -> bytes:
            return b""

        def close(self) -> None: ...

    monkeypatch.setattr(socket, "send_fds", lambda *_: 1)
    monkeypatch.setattr(nursery, "_own", Ended())
    with pytest.raises(NodeGone):
        node(nursery)
