"""Companies in processes of their own, as between machines: an exact model, and one of them killed inside a tree."""

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

from training_parties import IDENTITIES, companies, plan, pooled, records, roster_of

from decai_forecast.federation.exact.loopback import LoopbackRelay, LoopbackWire
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.train import train

WHICH = plan(trees=4, tree={"num_leaves": 6})
SPAWN = multiprocessing.get_context("spawn")  # a fork after LightGBM was used hangs


def join(k: int, port: int, session: bytes) -> SecureSession:
    roster = roster_of(3)
    wire = LoopbackWire(port, session, k, roster.names, 30.0)
    return SecureSession(wire, IDENTITIES[k], roster, dict(roster.members), session)


def company(k: int, port: int, folder: Path, out: Any) -> None:
    """Trains once to the end; then again, and cyd's process is killed after its second tree."""
    rows, place = companies()[k], records(k, folder)
    out.put((k, train(rows, WHICH, join(k, port, b"1" * 32), place).text))

    def killed(trees: int, _: int) -> None:
        if k == 2 and trees == 2:
            os.kill(os.getpid(), signal.SIGKILL)

    try:
        train(rows, replace(WHICH, seed=8), join(k, port, b"2" * 32), place, killed)
    except Exception as error:
        out.put((k, str(error)))


def test_processes_train_the_pooled_model_and_survive_the_death_of_one(tmp_path: Path) -> None:
    """The survivors' trainings end with the name of the lost one; nobody hangs."""
    out = SPAWN.Queue()
    with LoopbackRelay() as relay:
        people = [SPAWN.Process(target=company, args=(k, relay.port, tmp_path, out)) for k in range(3)]
        for one in people:
            one.start()
        first, second = ([out.get(timeout=60) for _ in range(count)] for count in (3, 2))
        for one in people:
            one.join(30)
    assert {text for _, text in first} == {pooled(companies(), WHICH)}
    assert sorted(second) == [(0, "cyd left"), (1, "cyd left")]
    assert [one.exitcode for one in people] == [0, 0, -signal.SIGKILL]
