"""The driver: blocks of items and replications, the base run and every scenario on the same demand.

Demand of a block is drawn once and met by the base run and by all scenarios (common random numbers), so that differences
between them hold little noise. A scenario is run only for the items that it hits. In memory are one block per worker and the
sums, which do not grow with the replications but for totals per period and replication.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np

from decai_forecast.simulation.engine.behaviour import Behaviour
from decai_forecast.simulation.engine.choose import engine_for
from decai_forecast.simulation.engine.frame import Disturbance, Hit, Late, Outcome, Samples
from decai_forecast.simulation.engine.late import lateness
from decai_forecast.simulation.engine.merge import merge
from decai_forecast.simulation.engine.parts import Parts
from decai_forecast.simulation.engine.sums import Sums, empty, outcome
from decai_forecast.simulation.engine.vectorised import Allocation
from decai_forecast.simulation.network.graph import Ints
from decai_forecast.simulation.network.stages import Group

__all__ = ["SETTLING", "Draw", "Policy", "Progress", "Swept", "sweep"]

Draw = Callable[[Group, Ints, range], Samples]  # the demand of a group's items (positions) in some replications
Progress = Callable[[int, int], None]  # blocks done, blocks in all

COLUMNS = 4096  # item x replication in a block: enough for numpy to be quick, few enough to stay small
REPLICATIONS = 1024  # the most in a block; a multiple of the compiled engine's blocks
SETTLING = 2  # added to a seed for what is drawn before the first period


@dataclass(frozen=True)
class Policy:
    """How all nodes are run; ``behaviours`` are per group."""

    backorder: bool = True
    allocation: Allocation = "proportional"
    behaviours: Sequence[Behaviour | None] | None = None


@dataclass(frozen=True)
class Swept:
    """Outcomes per group, in the order of the groups."""

    base: tuple[Outcome, ...]
    scenarios: tuple[tuple[Outcome, ...], ...]  # [scenario][group]; groups that it does not hit hold the base outcome itself


@dataclass(frozen=True)
class _Block:
    """Items of a group that every scenario hits in the same way, or not at all; and some replications."""

    number: int
    items: Ints
    replications: range
    settles: int  # periods before the first
    disturbances: tuple[Disturbance | None, ...]  # [scenario]


def sweep(
    groups: Sequence[Group],
    draw: Draw,
    scenarios: Sequence[Sequence[Hit]],
    replications: int,
    *,
    periods: int,
    seed: int,
    policy: Policy | None = None,
    before: Draw | None = None,
    workers: int = 1,
    progress: Progress | None = None,
) -> Swept:
    """The base run and all scenarios, ``replications`` times over ``periods``; the same for any number of ``workers``: threads.

    ``draw`` gives units [demand node, item, period, replication], and must give the same whatever is drawn beside it and in
    whatever thread. ``seed`` is that of late shipments. ``before`` gives the demand of the periods in which the items' unknown
    stock settles, as many as their stages say; None: it starts as it stands. ``progress`` is called after each block.
    """
    rules, hits = policy or Policy(), [[[hit for hit in of if hit.group == g] for of in scenarios] for g in range(len(groups))]
    blocks = [block for g, group in enumerate(groups) for block in _blocks(g, group, hits[g], replications)]
    work = sum(_node_periods(groups[block.number], block, periods) for block in blocks)
    steps = sum(_steps(groups[block.number], block, periods) for block in blocks)
    engine = engine_for(work, steps, min(replications, REPLICATIONS))

    def run(block: _Block) -> list[Outcome | None]:
        asked = groups[block.number], block.items, block.replications
        early = before(*asked) if before and block.settles else None
        return _run(groups[block.number], block, draw(*asked), early, engine, rules, seed)

    def room(g: int) -> Sums:
        return empty(groups[g].graph, len(groups[g].stages.items), periods, replications)

    base, runs = (
        [room(g) for g in range(len(groups))],
        [[room(g) if hit else None for hit in hits[g]] for g in range(len(groups))],
    )
    for done, (block, found) in enumerate(zip(blocks, _in_order(run, blocks, workers), strict=True), 1):
        for total, part in zip((base[block.number], *runs[block.number]), found, strict=True):
            if total is not None and (own := part or found[0]):
                merge(total, own, block.items, block.replications)
        if progress:
            progress(done, len(blocks))
    plain = tuple(outcome(total, replications) for total in base)
    return Swept(plain, tuple(_scenario(k, runs, plain, replications) for k in range(len(scenarios))))


def _blocks(number: int, group: Group, hits: Sequence[Sequence[Hit]], replications: int) -> Iterator[_Block]:
    """Their sizes depend on nothing but the number of replications, so that sums are added in the same order always."""
    count, size = len(group.stages.items), max(1, COLUMNS // min(replications, REPLICATIONS))
    which = np.full((len(hits), count), -1)  # [scenario, item]: number of the hit
    for scenario, of in enumerate(hits):
        for k, hit in enumerate(of):
            which[scenario, hit.items] = k
    settling = group.stages.settling
    settles = np.zeros(count, dtype=np.int64) if settling is None else settling.periods
    kinds, kind = np.unique(np.vstack([which, settles]), axis=1, return_inverse=True)
    for column in range(kinds.shape[1]):
        items = np.flatnonzero(kind.reshape(-1) == column)
        found = tuple(of[k].disturbance if k >= 0 else None for of, k in zip(hits, kinds[:-1, column], strict=True))
        for first in range(0, len(items), size):
            for start in range(0, replications, REPLICATIONS):
                some = range(start, min(start + REPLICATIONS, replications))
                yield _Block(number, items[first : first + size], some, int(kinds[-1, column]), found)


def _node_periods(group: Group, block: _Block, periods: int) -> int:
    return _steps(group, block, periods) * len(block.items) * len(block.replications)


def _steps(group: Group, block: _Block, periods: int) -> int:
    runs = 1 + sum(disturbance is not None for disturbance in block.disturbances)
    return runs * len(group.graph.nodes) * (periods + block.settles)


def _in_order(run: Callable[[_Block], list[Outcome | None]], blocks: Sequence[_Block], workers: int) -> Iterator[Any]:
    if workers == 1:
        yield from map(run, blocks)
        return
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(run, blocks)


def _run(
    group: Group,
    block: _Block,
    demand: Samples,
    early: Samples | None,
    engine: Callable[..., Outcome],
    rules: Policy,
    seed: int,
) -> list[Outcome | None]:
    """The base outcome, then that of each scenario, or None where it is that of the base run."""
    some = group.only(block.items)
    behaviour = rules.behaviours[block.number] if rules.behaviours else None
    given = {
        "backorder": rules.backorder,
        "allocation": rules.allocation,
        "behaviour": _some_of(behaviour, block.items),
        "late": _late(some, demand.shape[2], 0 if early is None else early.shape[2], block.replications, seed),
        "before": early,
    }
    parts = Parts(engine, some, demand, given)
    return [parts.base, *(None if of is None else parts.run(of) for of in block.disturbances)]


def _late(group: Group, periods: int, settles: int, replications: range, seed: int) -> Late | None:
    """Of the periods that count, after those before them, which have draws of their own."""
    found = lateness(group, periods, replications, seed)
    early = lateness(group, settles, replications, seed + SETTLING) if found is not None and settles else None
    return found if found is None or early is None else np.concatenate([early, found], axis=2)


def _some_of(behaviour: Behaviour | None, items: Ints) -> Behaviour | None:
    if behaviour is None:
        return None
    return Behaviour(**{name: rows[:, items] if rows.shape[1] > 1 else rows for name, rows in vars(behaviour).items()})


def _scenario(k: int, runs: Sequence[Sequence[Sums | None]], base: Sequence[Outcome], replications: int) -> tuple[Outcome, ...]:
    totals = (of[k] for of in runs)
    return tuple(own if total is None else outcome(total, replications) for total, own in zip(totals, base, strict=True))
