"""Training together by trees that each company grows on its own rows, upon the score that all have reached so far.

Bagging: in every boosting round all grow trees, whose average, weighted by rows, is added to the score. Cyclic: in every round
the company whose turn it is grows one tree, which is added as it is. Trees are sanitised by who grows them; each has to be
safe to load before it goes on. Whoever fails or is late is dropped by a code, the others go on; what it has given stays.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
from flwr.app import Message
from flwr.serverapp import Grid

from decai_forecast.errors import FederationError, ModelTextError
from decai_forecast.federation.ask import ask
from decai_forecast.federation.codes import MALFORMED, TIMEOUT, reason_of
from decai_forecast.federation.model_text import ModelText, merge, shift, validate
from decai_forecast.federation.plan import Alpha, Plan
from decai_forecast.federation.state import Node, RuntimeSetting, State, kept

__all__ = ["train_bagging", "train_cyclic", "turns"]

Trees = Mapping[Alpha, ModelText]
"""quantile -> trees"""


def train_bagging(grid: Grid, plan: Plan, cutoff: date, state: State, _: RuntimeSetting) -> State:
    """The shared models of one cut-off, of ``plan.rounds`` averages of everybody's trees."""
    starts = _common_start(state.nodes)
    last: Trees = {}
    for number in range(plan.rounds):
        state, grown = _grown(grid, plan, cutoff, _Round(number, max(0, number - 1), starts, last), state, state.nodes)
        if not state.nodes:
            return state
        last = _average(plan, state, grown)
        state = replace(state, models=_added(state.models, last))
    return _from(plan, starts, state)


def train_cyclic(grid: Grid, plan: Plan, cutoff: date, state: State, _: RuntimeSetting) -> State:
    """The shared models of one cut-off, of ``plan.rounds`` turns of one company each.

    Who is dropped loses its turn to the next; the order of the others stays.
    """
    starts, seen = _common_start(state.nodes), dict[int, int]()
    waiting = turns(state.nodes, plan.seed, cutoff)
    number = 0
    while number < plan.rounds:
        node, *waiting = waiting
        since = seen.get(node.id, 0)
        missed = {quantile: replace(model, trees=model.trees[since:]) for quantile, model in state.models.items()}
        state, grown = _grown(grid, plan, cutoff, _Round(number, since, starts, missed), state, [node])
        if not state.nodes:
            return state
        if node.partner in grown:
            state = replace(state, models=_added(state.models, grown[node.partner]))
            seen[node.id], number, waiting = number, number + 1, [*waiting, node]
    return _from(plan, starts, state)


def turns(nodes: Sequence[Node], seed: int, cutoff: date) -> list[Node]:
    """The order of the turns, drawn from seed and cut-off: the last trees count most, and are not always one company's."""
    there = sorted(nodes, key=lambda node: node.partner)
    return [there[k] for k in np.random.default_rng([seed, cutoff.toordinal()]).permutation(len(there))]


@dataclass(frozen=True)
class _Round:
    """What a node needs to grow trees: ``missed`` are the trees of the boosting rounds from ``since`` up to this ``number``."""

    number: int
    since: int
    starts: list[float]
    missed: Trees

    def to_config(self, plan: Plan, cutoff: date) -> dict[str, Any]:
        texts = {f"trees-{q}": self.missed[q].text().encode() if q in self.missed else b"" for q in plan.quantiles}
        place = {"cutoff": cutoff.isoformat(), "boosting-round": self.number, "since": self.since}
        return {**place, "starts": self.starts, **texts}


def _grown(
    grid: Grid, plan: Plan, cutoff: date, which: _Round, state: State, asked: Sequence[Node]
) -> tuple[State, dict[str, Trees]]:
    """Partner -> its new trees; whoever fails, is late or sends what cannot be read is dropped by its code."""
    sent, grown, dropped = {node.id: node for node in asked}, dict[str, Trees](), {node.partner: TIMEOUT for node in asked}
    values, group = which.to_config(plan, cutoff), f"{cutoff}/{which.number}"
    for node_id, reply in ask(grid, sent, f"train.{plan.strategy}", values, plan.timeout, group=group).items():
        partner = sent[node_id].partner
        try:
            grown[partner] = _read(reply, plan)
            del dropped[partner]
        except FederationError as error:
            dropped[partner] = str(error)
    left = tuple(node for node in state.nodes if node.partner not in dropped)
    return kept(replace(state, nodes=left, dropped=dict(state.dropped) | dropped), plan, cutoff), grown


def _read(reply: Message, plan: Plan) -> Trees:
    """The trees of one node; the error's text is a code."""
    if reply.has_error():
        raise FederationError(reason_of(reply))
    try:
        said = reply.content["config"]
        texts = {q: bytes(said[f"trees-{q}"]).decode() for q in plan.quantiles}
        found: dict[Alpha, ModelText] = {q: validate(text, plan.feature_names, plan.coded) for q, text in texts.items()}
    except (ModelTextError, UnicodeDecodeError, KeyError, TypeError):
        raise FederationError(ModelTextError.code) from None
    if any(len(model.trees) > plan.trees_per_round for model in found.values()):
        raise FederationError(MALFORMED)
    return found


def _common_start(nodes: Sequence[Node]) -> list[float]:
    """Where all begin: the row-weighted mean of the nodes' own quantiles."""
    total = sum(node.rows for node in nodes)
    return [sum(node.rows * node.starts[k] for node in nodes) / total for k in range(len(nodes[0].starts))]


def _average(plan: Plan, state: State, grown: Mapping[str, Trees]) -> Trees:
    total = sum(node.rows for node in state.nodes)
    return {q: merge([(grown[node.partner][q], node.rows / total) for node in state.nodes]) for q in plan.quantiles}


def _added(models: Trees, trees: Trees) -> Trees:
    return {quantile: merge([(new, 1.0)], models.get(quantile)) for quantile, new in trees.items()}


def _from(plan: Plan, starts: Sequence[float], state: State) -> State:
    """The models with where they began."""
    return replace(state, models={q: shift(state.models[q], start) for q, start in zip(plan.quantiles, starts, strict=True)})
