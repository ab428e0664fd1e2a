"""Lines that break for minutes and keys that are taken back, in the midst of a real training over a SuperLink."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event, Thread, Timer
from typing import Any

import pytest
from members import OLD, SHIP, members, plan
from superlinks import Companies, companies

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation import Plan, train_shared
from decai_forecast.federation.exact import grpc_relay
from decai_forecast.federation.preflight import agreement
from decai_forecast.federation.progress import Step
from decai_forecast.federation.superlink.link import OverSuperLink
from decai_forecast.federation.superlink.passport import Admission

OUT = 100.0  # seconds that the cable is out: longer than a training's patience, shorter than it is waited for


def exact(**changes: Any) -> Plan:
    basis: dict[str, Any] = {"quantiles": (0.5,), "agreed": agreement("W", 13), "params": dict(TREE_PARAMS)}
    return plan(**basis | {"strategy": "exact"} | changes)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    home = tmp_path_factory.mktemp("lines")
    with companies(home, members(home / "stores", 4, (OLD, SHIP))) as found:
        found.agree("exact")
        yield found


class Cable:
    """A line to a port of this host that can be out: then nothing comes through in either direction, and nobody is told."""

    def __init__(self, port: int) -> None:
        self._to, self._whole = port, Event()
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._whole.set()
        Thread(target=self._accept, daemon=True).start()

    def out(self) -> None:
        self._whole.clear()

    def mend(self) -> None:
        self._whole.set()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._server.accept()
                Thread(target=self._join, args=(near,), daemon=True).start()

    def _join(self, near: socket.socket) -> None:
        self._whole.wait()
        with contextlib.suppress(OSError):
            far = socket.create_connection(("127.0.0.1", self._to))
            for one, other in ((near, far), (far, near)):
                Thread(target=self._carry, args=(one, other), daemon=True).start()

    def _carry(self, one: socket.socket, other: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := one.recv(1 << 16):
                self._whole.wait()
                other.sendall(data)
        for end in (one, other):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)


def over_cables(there: Companies, partner: str) -> list[Cable]:
    """From now on the company reaches the coordinator by lines that can be out."""
    path = there.files(partner).admission
    admission = Admission.read(path)
    cables = [Cable(port) for port in (admission.fleet_port, admission.relay_port, admission.link_port)]
    fleet, relay, link = (cable.port for cable in cables)
    replace(admission, fleet_port=fleet, relay_port=relay, link_port=link).write(path)
    there.wait_for_node(partner)
    there.nodes[partner].terminate()
    there.nodes[partner].wait(60)
    there.restart(partner)
    return cables


@pytest.mark.soak
def test_a_cable_that_is_out_for_100_s_ends_the_night_in_one_call(there: Companies) -> None:
    """With the patience of every night: the company is named as lost, waited for, and all go on where they were; the model is
    that of an undisturbed training, to the last byte."""
    three, cables, said = there.members[:3], over_cables(there, "p2"), list[str]()
    which, once = exact(turns=30), Event()

    def cut(_: Step) -> None:
        if not once.is_set():
            once.set()
            for cable in cables:
                cable.out()
                Timer(OUT, cable.mend).start()

    found = train_shared(three, which, runtime=OverSuperLink(there.link, three), watch=cut, progress=said.append)
    assert once.is_set()
    assert dict(found.dropped) == {}
    assert dict(found.models) == dict(train_shared(three, which).models)
    assert any(line.startswith("waits for p2: no answer") for line in said)
    assert found.seconds >= OUT


@pytest.mark.long
def test_a_key_that_is_taken_back_in_mid_training_is_refused_in_the_same_round(
    there: Companies, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The session that it is in ends, by its name; the cut-off that it had begun is left, and the others train the next one."""
    monkeypatch.setattr(grpc_relay, "LOOK", 0.0)
    once, said = Event(), list[str]()

    def revoke(step: Step) -> None:
        if not once.is_set():
            assert step.cutoff == OLD
            once.set()
            there.link.revoke("p3")

    which = exact(turns=20, cutoffs=(OLD, SHIP))
    found = train_shared(there.members, which, runtime=there.runtime, watch=revoke, progress=said.append)
    assert once.is_set()
    assert dict(found.dropped) == {"p3": "key_revoked"}
    assert (list(found.models), sorted(found.rows)) == ([SHIP], ["p0", "p1", "p2"])
