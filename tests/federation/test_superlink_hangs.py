"""What hangs at a company: its SuperNode, or what answers for it. The others go on or end in time, name it, and it comes back
without anybody's hand."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from threading import Event, Thread
from typing import Any

import psutil
import pytest
from members import members, plan
from superlinks import Companies, companies

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import FederationError
from decai_forecast.federation import Plan, train_shared
from decai_forecast.federation.preflight import agreement
from decai_forecast.federation.progress import Step
from decai_forecast.federation.superlink import flower
from decai_forecast.federation.superlink.node import Company, serve

pytestmark = pytest.mark.long
CUTOFFS = [date(2026, 6, day) for day in (1, 8, 15, 22)]
HUNG = "p3"
BACK = 60.0  # seconds that who was continued has to be heard of again; it takes some seconds, more on a busy host


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Companies]:
    """Four companies, of which three are enough."""
    home = tmp_path_factory.mktemp("hangs")
    with companies(home, members(home / "stores", 4, CUTOFFS)) as found:
        yield found


def of(cutoff: date, **changes: Any) -> Plan:
    basis: dict[str, Any] = {"strategy": "exact", "quantiles": (0.5,), "agreed": agreement("W", 13), "timeout": 120.0}
    params = dict(TREE_PARAMS)
    return plan(**basis | {"cutoffs": (cutoff,), "turns": 15, "params": params, "grace": 8.0, "patience": 4.0} | changes)


def supernode(there: Companies) -> psutil.Process:
    there.wait_for_node(HUNG)
    below = psutil.Process(there.nodes[HUNG].pid).children()  # beside it the process that answers are forked from
    [found] = [one for one in below if any("superlink.supernode" in part for part in one.cmdline())]
    return found


def forgotten(there: Companies) -> None:
    """What comes of a minute without a sign of the company's SuperNode: the SuperLink takes it for gone."""
    [node] = [node for node, partner in there.link.nodes().items() if partner == HUNG]
    with sqlite3.connect(there.link.folder / "state.db", timeout=30) as database:
        database.execute("UPDATE node SET online_until = 0 WHERE node_id = ?", [node - 2**64 if node >= 2**63 else node])


def same_as_in_process(there: Companies, which: Plan, found: Any) -> bool:
    return dict(found.models) == dict(train_shared(there.members, which).models)


def test_the_others_train_without_a_company_whose_supernode_hangs(there: Companies) -> None:
    """It is named; continued, it takes part in the next round."""
    hung = supernode(there)
    all_there = train_shared(there.members, of(CUTOFFS[0], turns=2), runtime=there.runtime)
    assert dict(all_there.dropped) == {}
    hung.suspend()
    try:
        found = train_shared(there.members, of(CUTOFFS[1]), runtime=there.runtime)
    finally:
        hung.resume()
    assert dict(found.dropped) == {HUNG: "timeout"}
    assert sorted(found.rows) == ["p0", "p1", "p2"]
    after = train_shared(there.members, of(CUTOFFS[2], turns=2, grace=BACK), runtime=there.runtime)
    assert dict(after.dropped) == {}


@pytest.mark.parametrize("which", ["supernode", "executor"])
def test_what_hangs_in_mid_tree_ends_the_training_in_time(there: Companies, which: str) -> None:
    """With sums under way nobody goes on without it. Continued, the same training ends with the same model."""
    asked = of(CUTOFFS[2], seed=20 + len(which))
    process = supernode(there) if which == "supernode" else psutil.Process(there.nodes[HUNG].pid)
    done = list[Step]()

    def hang(step: Step) -> None:
        if not done:
            done.append(step)
            process.suspend()
            if which == "supernode":
                forgotten(there)

    try:
        with pytest.raises(FederationError) as error:
            train_shared(there.members, asked, runtime=there.runtime, watch=hang)
    finally:
        process.resume()
    code = "node_gone" if which == "supernode" else "timeout"
    assert str(error.value) == f"p0, p1, p2 could not train {CUTOFFS[2]} together (exact_begun); dropped: {HUNG} ({code})"
    back = replace(asked, grace=BACK, patience=BACK)  # the first training is cut short, this one has time
    found = train_shared(there.members, back, runtime=there.runtime)
    assert dict(found.dropped) == {}
    assert same_as_in_process(there, back, found)


def test_a_supernode_that_hangs_for_good_is_started_again(there: Companies, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the company's own node; the SuperLink lets the new one in as soon as it takes the old one for gone."""
    monkeypatch.setattr(flower, "CALL", 1.0)
    monkeypatch.setattr(flower, "AWAY", 2.0)
    there.wait_for_node(HUNG)
    there.nodes[HUNG].terminate()
    there.nodes[HUNG].wait(60)
    said, stop = list[str](), Event()
    [member] = [one for one in there.members if one.partner == HUNG]
    own = Company(HUNG, member.store, there.files(HUNG), agreement("W", 13))
    node = Thread(target=serve, args=(own, said.append, stop))
    node.start()
    try:
        assert dict(train_shared(there.members, of(CUTOFFS[0], seed=1, turns=2), runtime=there.runtime).dropped) == {}
        [hung] = [one for one in psutil.Process().children() if "superlink.supernode" in " ".join(one.cmdline())]
        hung.suspend()
        end = time.monotonic() + 60
        while len(said) < 2 or "started again" not in " ".join(said):
            assert time.monotonic() < end
            time.sleep(0.1)
        assert f"{HUNG}: the SuperNode has not answered for 2 s; it is ended and started again" in said
        time.sleep(3)  # refused at first
        forgotten(there)
        monkeypatch.undo()
        again = train_shared(there.members, of(CUTOFFS[0], seed=2, turns=2, grace=BACK), runtime=there.runtime)
        assert dict(again.dropped) == {}
    finally:
        stop.set()
        node.join(60)
        there.restart(HUNG)
