"""What the report says has left is what was captured: every field of every message of a training, under every strategy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

import pytest
from members import Member, members, plan
from test_training import Overheard, serve

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation.disclosure import disclosed_strategy
from decai_forecast.federation.exact.host import HostRelay
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
