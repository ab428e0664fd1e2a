"""A year of risks: what it costs as things stand, what each mitigation buys, and the best package that a budget allows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from decai_forecast.simulation.risk.events import Mitigation, Risks
from decai_forecast.simulation.risk.world import costs_in, mitigated
from decai_forecast.simulation.risk.years import Year, expected, year_of
from decai_forecast.simulation.setting import Setting

__all__ = ["Assessed", "Bought", "assessed"]

ALL = 5  # mitigations up to which every package is simulated; beyond, one after the other is added while it pays


@dataclass(frozen=True)
class Bought:
    """A package of mitigations: what it costs per year, and the loss of a year with it."""

    names: tuple[str, ...]
    cost: float
    year: Year

    @property
    def total(self) -> float:
        """Expected loss and cost, per year."""
        return self.year.expected + self.cost


@dataclass(frozen=True)
class Assessed:
    """``events``: name and expected loss per year. ``single``: each mitigation alone. ``best``: the package with the least
    total of expected loss and cost within the budget; without any mitigation where none pays. ``in_money``: else in
    units; costs cannot be weighed against these, and ``best`` is the least loss."""

    now: Bought
    events: tuple[tuple[str, float], ...]
    single: tuple[Bought, ...]
    best: Bought
    tried: int
    in_money: bool


def assessed(now: Setting, risks: Risks) -> Assessed:
    """``now``: with the events' scenarios among its own, so that it looks far enough ahead."""
    found = _Packages(now, risks)
    plain, single = found.of(()), [found.of((one,)) for one in risks.mitigations]
    best = min(found.within(risks.budget), key=lambda one: (found.rank(one), one.cost, one.names))
    events = zip(risks.events, costs_in(now, risks.events, in_money=found.in_money), strict=True)
    told = tuple((event.name, expected(cost)) for event, cost in events)
    return Assessed(plain, told, tuple(single), best, len(found.seen), found.in_money)


class _Packages:
    """Each is simulated once."""

    def __init__(self, now: Setting, risks: Risks) -> None:
        self.now, self.risks, self.seen = now, risks, dict[tuple[str, ...], Bought]()
        values = [group.stages.value[group.graph.demand] for group in now.network.groups]
        self.in_money = all(np.isfinite(value).all() for value in values)

    def of(self, some: Sequence[Mitigation]) -> Bought:
        names = tuple(one.name for one in some)
        if names not in self.seen:
            world, events, cost = mitigated(self.now, self.risks.events, some)
            costs = costs_in(world, events, in_money=self.in_money) if events else []
            self.seen[names] = Bought(names, cost, year_of(costs, self.now.planner.seed))
        return self.seen[names]

    def rank(self, one: Bought) -> float:
        return one.total if self.in_money else one.year.expected

    def within(self, budget: float | None) -> Iterator[Bought]:
        """Packages that cost no more."""
        most, all_of = float("inf") if budget is None else budget, self.risks.mitigations
        if len(all_of) <= ALL:
            every = (some for size in range(len(all_of) + 1) for some in combinations(all_of, size))
            yield from (one for one in map(self.of, every) if one.cost <= most or not one.names)
            return
        yield from self._added(most)

    def _added(self, most: float) -> Iterator[Bought]:
        """From nothing, the one that betters the total most, and so on."""
        held: tuple[Mitigation, ...] = ()
        while True:
            now = self.of(held)
            yield now
            others = [(*held, one) for one in self.risks.mitigations if one not in held]
            allowed = [some for some in others if self.of(some).cost <= most]
            if not allowed or self.rank(self.of(better := min(allowed, key=lambda s: self.rank(self.of(s))))) >= self.rank(now):
                return
            held = better
