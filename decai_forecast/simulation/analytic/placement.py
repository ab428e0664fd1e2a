"""Where safety stock belongs in a chain: the guaranteed-service model of Graves and Willems (2000, 2003), solved exactly.

Every stage promises its customers a service time and keeps it as long as demand stays within its bound: over ``t`` periods the
mean and ``deviations * standard deviation * sqrt(t)``. It then holds what covers the time that its own promise does not: what
its suppliers promise, and its own time, less its promise. The stages are a tree: some have several suppliers, some several
customers, and no two ways lead from one to another. In YAML::

    deviations: 1.645
    stages:
      - {name: wafers, time: 3, holding_cost: 0.03}
      - {name: camera, time: 2, holding_cost: 0.5, deviation: 10, promise: 2, suppliers: [wafers]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import inf, sqrt
from pathlib import Path
from typing import Annotated

from pydantic import Field

from decai_forecast.documents.constraints import Name
from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Fault
from decai_forecast.documents.files import read_as
from decai_forecast.documents.kind import Kind

__all__ = ["Placement", "Stage", "Stages", "place_stock", "read_stages"]

STAGES = Kind("a file of stages", "expected stages (a mapping with stages, each with name, time and holding_cost)")
LONGEST = 400  # periods of all stages together
Periods = Annotated[int, Field(ge=0, le=LONGEST)]


@dataclass(frozen=True)
class Stage:
    """``time``: periods from its inputs to its output. ``holding_cost`` per unit and period. ``deviation``: of what outside
    customers ask for per period, units, 0: nobody does; ``promise``: the longest time that these wait. ``inputs_after``:
    periods until what comes from outside is there. ``suppliers``: the stages that it is made from, one unit of each."""

    name: Name
    time: Periods
    holding_cost: Annotated[float, Field(ge=0)]
    deviation: Annotated[float, Field(ge=0)] = 0.0
    promise: Periods = 0
    inputs_after: Periods = 0
    suppliers: tuple[Name, ...] = ()


@dataclass(frozen=True)
class Stages:
    """``deviations``: how many standard deviations the bound of demand lies above the mean; 1.645 covers 95 %."""

    stages: Annotated[tuple[Stage, ...], Field(min_length=1, max_length=200)]
    deviations: Annotated[float, Field(gt=0, le=10)] = 1.645

    def faults(self) -> Iterator[Fault]:
        """Names that are there twice, suppliers that are no stages, ways that meet again, stages that serve nobody."""
        names = [stage.name for stage in self.stages]
        for k, stage in enumerate(self.stages):
            if stage.name in names[:k]:
                yield Fault(("stages", k, "name"), f"the name {stage.name!r} is there twice; rename one")
            for supplier in stage.suppliers:
                if supplier not in names[:k]:
                    yield Fault(("stages", k, "suppliers"), f"{supplier!r} is no stage above this one; suppliers stand first")
            if not stage.deviation and not self.customers.get(stage.name):
                yield Fault(("stages", k), f"{stage.name!r} serves nobody: give it a deviation, or name it as a supplier")
        if sum(len(stage.suppliers) for stage in self.stages) != len(names) - 1 or not self._joined():
            yield Fault(("stages",), "the stages are no tree; every stage must be joined to the others by exactly one way")
        if (total := sum(stage.time + stage.inputs_after for stage in self.stages)) > LONGEST:
            yield Fault(("stages",), f"all times together are {total} periods, at most {LONGEST} can be; use longer periods")

    @cached_property
    def customers(self) -> Mapping[str, tuple[str, ...]]:
        """Stage to the stages that are made from it."""
        return {one.name: tuple(other.name for other in self.stages if one.name in other.suppliers) for one in self.stages}

    def variance(self, name: str) -> float:
        """Of what is asked of a stage per period, by whomever; customers are independent."""
        own = next(stage for stage in self.stages if stage.name == name).deviation ** 2
        return own + sum(self.variance(customer) for customer in self.customers[name])

    def _joined(self) -> bool:
        reached, ways = {self.stages[0].name}, [(one.name, supplier) for one in self.stages for supplier in one.suppliers]
        while more := {end for way in ways if not reached.isdisjoint(way) for end in way} - reached:
            reached |= more
        return len(reached) == len(self.stages)


@dataclass(frozen=True)
class Placement:
    """``promises``: periods that each stage lets its customers wait; ``covered``: periods of demand that its safety stock
    covers; ``stock``: that stock, units. ``cost``: of holding all of it, per period."""

    promises: Mapping[str, int]
    covered: Mapping[str, int]
    stock: Mapping[str, float]
    cost: float


def place_stock(stages: Stages) -> Placement:
    """The promises with the least cost of safety stock, by dynamic programming over the tree."""
    return _Tree(stages).solved()


def read_stages(path: Path) -> Stages:
    """The stages in a YAML file; :class:`ConfigError` with file, line and column of every fault."""
    return read_as(Document(path, STAGES), Stages)


class _Tree:
    """``cost[name]``: [promise of the stage] where it hangs below a customer, [what its suppliers promise] where it hangs below
    a supplier; of it and all that hangs below it. ``choice``: the pair of both times that gives it."""

    def __init__(self, stages: Stages) -> None:
        self.stages, self.by_name = stages, {stage.name: stage for stage in stages.stages}
        self.times = range(
            sum(stage.time + stage.inputs_after for stage in stages.stages) + max(s.promise for s in stages.stages) + 1
        )
        self.spread = {name: sqrt(stages.variance(name)) for name in self.by_name}
        self.cost: dict[tuple[str, bool], list[float]] = {}
        self.choice: dict[tuple[str, bool], list[tuple[int, int]]] = {}

    def solved(self) -> Placement:
        root = self.stages.stages[-1].name
        self._hang(root, "")
        costs = self.cost[root, True]
        least = min(self.times, key=costs.__getitem__)
        pairs: dict[str, tuple[int, int]] = {}
        self._follow(root, "", least, pairs)
        covered = {name: wait + self.by_name[name].time - promise for name, (wait, promise) in pairs.items()}
        stock = {name: self.stages.deviations * self.spread[name] * sqrt(periods) for name, periods in covered.items()}
        order = self.by_name
        return Placement(
            {name: pairs[name][1] for name in order}, {name: covered[name] for name in order},
            {name: stock[name] for name in order}, sum(self.by_name[name].holding_cost * stock[name] for name in order),
        )  # fmt: skip

    def _ends(self, name: str, above: str) -> tuple[list[str], list[str]]:
        """Suppliers and customers of a stage, without the one that it hangs below."""
        stage = self.by_name[name]
        return [n for n in stage.suppliers if n != above], [n for n in self.stages.customers[name] if n != above]

    def _hang(self, name: str, above: str) -> None:
        suppliers, customers = self._ends(name, above)
        for other in (*suppliers, *customers):
            self._hang(other, name)
        by_promise = above not in self.by_name[name].suppliers
        costs, choices = [inf] * len(self.times), [(0, 0)] * len(self.times)
        for wait, promise, cost in self._pairs(name, suppliers, customers):
            at = promise if by_promise else wait
            if cost < costs[at]:
                costs[at], choices[at] = cost, (wait, promise)
        steps = self.times if by_promise else reversed(self.times)
        best, last = inf, (0, 0)
        for at in steps:  # whoever waits longer may be served sooner
            if best <= costs[at]:
                costs[at], choices[at] = best, last
            best, last = costs[at], choices[at]
        self.cost[name, by_promise], self.choice[name, by_promise] = costs, choices

    def _pairs(self, name: str, suppliers: list[str], customers: list[str]) -> Iterator[tuple[int, int, float]]:
        """What its suppliers promise and what it promises, with the cost of it and of all that hangs below it."""
        stage = self.by_name[name]
        rate = stage.holding_cost * self.stages.deviations * self.spread[name]
        before = {wait: sum(self.cost[other, True][wait] for other in suppliers) for wait in self.times}
        after = {promise: sum(self.cost[other, False][promise] for other in customers) for promise in self.times}
        most = stage.promise if stage.deviation else self.times[-1]
        for wait in range(stage.inputs_after, len(self.times)):
            for promise in range(min(wait + stage.time, most, self.times[-1]) + 1):
                cost = rate * sqrt(wait + stage.time - promise) + before[wait] + after[promise]
                if cost < inf:
                    yield wait, promise, cost

    def _follow(self, name: str, above: str, at: int, pairs: dict[str, tuple[int, int]]) -> None:
        pairs[name] = self.choice[name, above not in self.by_name[name].suppliers][at]
        suppliers, customers = self._ends(name, above)
        for other in suppliers:
            self._follow(other, name, pairs[name][0], pairs)
        for other in customers:
            self._follow(other, name, pairs[name][1], pairs)
