"""What the report says has left is what was captured: every field of every message of a training, under every strategy."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from fnmatch import fnmatch
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from members import Member, members, plan
from test_training import Overheard, serve

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.federation.exact.frames import SEND, Blob, Frame
from decai_forecast.federation.exact.host import HostRelay
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.state import HERE
from decai_forecast.identity import Keyring, introduced
from decai_forecast.store import Store
from decai_forecast.strategies import Strategy, all_strategies


def captured(strategy: Strategy, there: list[Member]) -> set[str]:
    """The names of all fields that left the companies, and ``relay`` if something crossed it."""
    which = plan(strategy.name, rounds=2, turns=4, quantiles=(0.1, 0.5, 0.9), params=dict(TREE_PARAMS) | {"num_leaves": 6})
    introduced(Keyring(Store(one.store, one.partner)) for one in there)
    grid, relays = Overheard(there, which, workers=len(there)), list[HostRelay]()

    def relay(*given: Any) -> HostRelay:
        relays.append(HostRelay(*given))
        return relays[-1]

    serve(grid, which, replace(HERE, relay=relay))
    assert not any(message.has_error() for message in grid.heard)
    return {name for message in grid.heard for name in message.content["config"]} | ({"relay"} if relays else set())


def stated(strategy: Strategy) -> Iterator[str]:
    for one in strategy.discloses:
        assert one.fields, f"{one.what}: of which messages?"
        yield from one.fields


@pytest.mark.parametrize("strategy", all_strategies(), ids=lambda one: one.name)
def test_what_is_told_is_what_left(strategy: Strategy, tmp_path: Path) -> None:
    """Each field that left is told once, and nothing is told that did not leave."""
    there = members(tmp_path)
    names, patterns = captured(strategy, there), list(stated(strategy))
    told = {name: [pattern for pattern in patterns if fnmatch(name, pattern)] for name in names}
    assert {name: found for name, found in told.items() if len(found) != 1} == {}
    assert {pattern for pattern in patterns if not any(fnmatch(name, pattern) for name in names)} == set()
    round_id = plan(strategy.name).round_id
    assert {disclosed_strategy(Store(one.store, one.partner), round_id) for one in there} == {strategy.name}


PAGE = Path(__file__).parents[2] / "docs" / "explanation" / "federation.md"


def phases_of_page() -> set[str]:
    """Of the table of messages: the names in its first column, each by itself."""
    table = PAGE.read_text().partition("| phase | steps |")[2].partition("\n\n")[0]
    rows = [line.split("|")[1] for line in table.splitlines() if line.startswith("| ") and not line.startswith("| phase")]
    return {phase.strip() for row in rows for phase in row.split(",")}


class Counting(HostRelay):
    """A relay that writes down of every frame its op, its step and how many bytes it says it has."""

    def __init__(self, seen: set[tuple[int, int, int, int]], *given: Any) -> None:
        super().__init__(*given)
        self._seen = seen

    def _answers(self, given: Sequence[Frame]) -> list[Frame]:
        for frame in given:
            lengths = struct.unpack(f"<{len(frame.body) // 4}I", frame.body)
            self._seen.add((frame.op, frame.rank, frame.step, sum(lengths)))
        return super()._answers(given)


def test_every_frame_at_the_relay_is_of_a_phase_that_the_page_tells(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The relay's frames are sealed: what they are is told by the companies' own sessions, step by step, and is as many
    bytes. All phases of a training stand in the page's table of messages."""
    there, which = members(tmp_path, 3), plan("exact", turns=12, quantiles=(0.5,), mean=True)
    introduced(Keyring(Store(one.store, one.partner)) for one in there)
    at_relay, sent, phases = set[tuple[int, int, int, int]](), set[tuple[int, int, int, int]](), set[str]()
    exchange = SecureSession._exchange

    def told(session: SecureSession, op: int, phase: str, body: bytes) -> Sequence[Blob]:
        phases.add(phase)
        sent.add((op, session.rank, session._step, len(body) - (4 * session.size if op == SEND else 0)))
        return exchange(session, op, phase, body)

    monkeypatch.setattr(SecureSession, "_exchange", told)
    serve(Overheard(there, which, workers=3), which, replace(HERE, relay=partial(Counting, at_relay)))
    assert at_relay == sent
    assert phases == phases_of_page()
