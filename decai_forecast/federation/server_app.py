"""The coordinator's side: asks who is there, averages trees by rows, and keeps every cut-off's model.

Exact: the nodes train over a relay, in steps that no message of Flower's could carry (exact/coordinate.py). Bagging by rows:
in each boosting round every node grows trees on the common score, the average of their predictions
(weighted by rows) is added to the score. State goes in and comes out; nothing hides between rounds.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any, Protocol

from flwr.app import ConfigRecord, Context, Message, MessageType
from flwr.serverapp import Grid, ServerApp

from decai_forecast.errors import FederationError, ModelTextError
from decai_forecast.federation.ask import ask
from decai_forecast.federation.codes import MALFORMED, NO_ROWS, TIMEOUT, coded, reason_of
from decai_forecast.federation.exact.host import HostRelay
from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.model_text import ModelText, merge, shift, validate
from decai_forecast.federation.plan import EXACT, Plan
from decai_forecast.federation.preflight import compare, schema_of
from decai_forecast.federation.progress import Watch

__all__ = ["Relay", "Venue", "app", "make_app"]

Say = Callable[[str], None]
"""A line for people"""


class Relay(Protocol):
    """Where the nodes meet to train exactly (exact/loopback.py, exact/grpc_relay.py)."""

    @property
    def port(self) -> int: ...

    def __enter__(self) -> Relay: ...

    def __exit__(self, *error: object) -> None: ...


@dataclass(frozen=True)
class Venue:
    """What differs between the runtimes. ``names``: node -> partner, where nodes are registered; a node that says another
    name is not heard. ``relay``: makes the relay of the exact strategy, from its patience (seconds) and whom it tells how far
    the training is."""

    names: Mapping[int, str] | None = None
    relay: Callable[[float, Callable[[Progress], None]], Relay] = HostRelay
    say: Say = lambda _: None
    watch: Watch = lambda _: None


@dataclass(frozen=True)
class Node:
    """A node that takes part in a cut-off."""

    id: int
    partner: str
    rows: int
    starts: tuple[float, ...] = ()  # for bagging
    key: bytes = b""  # for the exact strategy


@dataclass(frozen=True)
class State:
    """After some boosting rounds: the model so far, the trees of the last round, who still takes part, who was dropped."""

    nodes: tuple[Node, ...]
    models: Mapping[float, ModelText] = field(default_factory=dict)
    last: Mapping[float, str] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)


def make_app(venue: Venue = Venue(), champion: Mapping[float, str] | None = None) -> ServerApp:  # frozen, the same for all
    """The ServerApp; ``venue.say`` gets one line per cut-off, and one for each who cannot take part. ``champion``: the models
    in use, which those of the last cut-off are compared with."""
    server = ServerApp()

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        plan = Plan.from_config(context.run_config)
        dropped: dict[str, str] = {}
        rows: dict[str, int] = {}
        for cutoff in plan.cutoffs:
            present = _kept(_present(grid, plan, cutoff, dropped, venue), plan, cutoff)
            exact = plan.strategy == EXACT
            state = train_exactly(grid, plan, cutoff, present, venue) if exact else train_cutoff(grid, plan, cutoff, present)
            dropped |= state.dropped
            rows = {node.partner: node.rows for node in state.nodes}
            texts = {f"q{quantile}": model.text().encode() for quantile, model in state.models.items()}
            context.state[f"model/{cutoff}"] = ConfigRecord(texts)
            there = f"{len(state.nodes)} partners, {sum(n.rows for n in state.nodes):,} rows"
            venue.say(f"shared forecaster of {cutoff}: {there}")
            if champion and cutoff == max(plan.cutoffs):
                context.state["verdict"] = _compared(grid, plan, cutoff, state, champion, venue)
        context.state["rows"] = ConfigRecord(dict(rows))
        context.state["dropped"] = ConfigRecord(dict(dropped))

    return server


def _compared(grid: Grid, plan: Plan, cutoff: date, state: State, champion: Mapping[float, str], venue: Venue) -> ConfigRecord:
    from decai_forecast.federation.evaluate import evaluate_together

    challenger = {quantile: model.text() for quantile, model in state.models.items()}
    nodes = {node.id: node.partner for node in state.nodes}
    verdict = evaluate_together(grid, plan, cutoff, nodes, champion, challenger)
    venue.say(f"the new forecaster {'ships' if verdict.promoted else 'does not ship'}: {verdict.reason}")
    return ConfigRecord({"json": json.dumps(verdict.to_json())})


app = make_app()


def train_exactly(grid: Grid, plan: Plan, cutoff: date, state: State, venue: Venue = Venue()) -> State:
    """The shared models of one cut-off, trained by all present as if their rows lay in one place."""
    from decai_forecast.federation.exact.coordinate import train_together

    if not state.nodes:
        return state
    found = train_together(grid, plan, cutoff, {node.partner: (node.id, node.key) for node in state.nodes}, venue)
    if found.stopped and cutoff == max(plan.cutoffs):
        together = f"{', '.join(sorted(found.members))} could not train {cutoff} together ({found.stopped})"
        raise FederationError(f"{together}; dropped: {_told(dict(state.dropped) | found.dropped)}")
    left = tuple(node for node in state.nodes if node.partner in found.members and found.models)
    return _kept(replace(state, nodes=left, models=found.models, dropped=dict(state.dropped) | found.dropped), plan, cutoff)


def train_cutoff(grid: Grid, plan: Plan, cutoff: date, state: State) -> State:
    """The shared models of one cut-off: all boosting rounds. Who has no rows that old simply is not asked again."""
    if not state.nodes:
        return state
    starts = _common_start(state.nodes)
    for number in range(plan.rounds):
        state = boosting_round(grid, plan, cutoff, number, starts, state)
        if not state.nodes:
            break
    return state


def _present(grid: Grid, plan: Plan, cutoff: date, dropped: Mapping[str, str], venue: Venue) -> State:
    """Who takes part in a cut-off; who cannot is dropped, unless it only has no rows of an old one.

    Once the quorum has answered, the others get the plan's grace.
    """
    known = {node: venue.names.get(node, "") if venue.names is not None else "" for node in grid.get_node_ids()}
    asked = [node for node in known if known[node] or venue.names is None]
    replies = ask(
        grid, asked, MessageType.QUERY, {"cutoff": cutoff.isoformat()}, plan.timeout, group=f"{cutoff}/query",
        grace=plan.grace, enough=lambda replies: sum(not reply.has_error() for reply in replies) >= plan.minimum,
    )  # fmt: skip
    nodes, out = list[Node](), dict(dropped)
    for node_id, reply in replies.items():
        said = {} if reply.has_error() else dict(reply.content.get("config") or {})
        partner = known[node_id] or str(said.get("partner") or f"node {node_id}")
        try:
            if partner in {node.partner for node in nodes} or said.get("partner", partner) != partner:
                raise Unfit(MALFORMED, f"node {node_id} says that it is {said.get('partner')!r}, which it is not, or not alone")
            nodes.append(_node(node_id, partner, said, plan))
        except Unfit as error:
            if error.code != NO_ROWS or cutoff == max(plan.cutoffs):
                out.setdefault(partner, error.code)
                venue.say(str(error))
    there = sorted((node for node in nodes if node.partner not in out), key=lambda node: node.partner)
    return State(tuple(there), dropped=out)


class Unfit(FederationError):
    """A node that cannot take part, with the code of why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


def _node(node_id: int, partner: str, said: Mapping[str, Any], plan: Plan) -> Node:
    """A node as it describes itself; :class:`Unfit` if it is not one that can train this plan."""
    if "code" in said:
        code = coded(said["code"])
        raise Unfit(code, f"{partner} cannot take part: {code}")
    try:
        compare(partner, said, (schema_of(plan.columns), schema_of([*plan.columns, "weight"])), plan.agreed)
        return _described(node_id, partner, said, plan)
    except FederationError as error:
        raise Unfit(error.code, str(error)) from None


class Malformed(FederationError):
    """An answer that does not hold what was asked for."""

    code = MALFORMED


def _described(node_id: int, partner: str, said: Mapping[str, Any], plan: Plan) -> Node:
    try:
        starts, key = tuple(float(s) for s in said.get("starts", ())), said.get("key", b"")
        if not isinstance(key, bytes):  # bytes(a number) would be as many zeros
            raise TypeError
        node = Node(node_id, partner, int(said["rows"]), starts, key)
    except (KeyError, TypeError, ValueError, OverflowError):
        raise Malformed(f"{partner} answered with something that cannot be read") from None
    expected = (0, 32) if plan.strategy == EXACT else (len(plan.quantiles), 0)
    if node.rows < 1 or (len(node.starts), len(node.key)) != expected or not all(map(math.isfinite, node.starts)):
        raise Malformed(f"{partner} answered with something that makes no sense")
    return node


def _kept(state: State, plan: Plan, cutoff: date) -> State:
    """The state, or one without nodes and models if too few are left; :class:`FederationError` at the cut-off that ships."""
    there = len(state.nodes)
    if there >= plan.minimum:
        return state
    if cutoff == max(plan.cutoffs):
        raise FederationError(
            f"{there} partners can train together, {plan.minimum} are needed; dropped: {_told(state.dropped)}"
        )
    return State((), dropped=state.dropped)


def _told(dropped: Mapping[str, str]) -> str:
    return ", ".join(f"{partner} ({code})" for partner, code in sorted(dropped.items())) or "none"


def _common_start(nodes: tuple[Node, ...]) -> list[float]:
    """Where all begin: the row-weighted mean of the nodes' own quantiles."""
    total = sum(node.rows for node in nodes)
    return [sum(node.rows * node.starts[k] for node in nodes) / total for k in range(len(nodes[0].starts))]


def boosting_round(grid: Grid, plan: Plan, cutoff: date, number: int, starts: list[float], state: State) -> State:
    """One round: every node grows trees, whoever fails or sends what cannot be read is dropped by its code."""
    texts = {f"trees-{q}": state.last[q].encode() if q in state.last else b"" for q in plan.quantiles}
    values: dict[str, Any] = {"cutoff": cutoff.isoformat(), "boosting-round": number, "starts": starts, **texts}
    sent = {node.id: node for node in state.nodes}
    grown: dict[str, dict[float, ModelText]] = {}
    dropped = dict(state.dropped)
    heard: set[str] = set()
    for node_id, reply in ask(grid, sent, MessageType.TRAIN, values, plan.timeout, group=f"{cutoff}/{number}").items():
        node = sent[node_id]
        heard.add(node.partner)
        try:
            grown[node.partner] = _read(reply, plan)
        except FederationError as error:
            dropped[node.partner] = str(error)
    dropped |= {node.partner: TIMEOUT for node in state.nodes if node.partner not in heard}
    left = tuple(node for node in state.nodes if node.partner in grown)
    state = _kept(replace(state, nodes=left, dropped=dropped), plan, cutoff)
    return _average(plan, number, starts, state, grown) if state.nodes else state


def _read(reply: Message, plan: Plan) -> dict[float, ModelText]:
    """The trees of one node; the error's text is a code."""
    if reply.has_error():
        raise FederationError(reason_of(reply))
    try:
        return {q: validate(bytes(reply.content["config"][f"trees-{q}"]).decode(), plan.feature_names) for q in plan.quantiles}
    except (ModelTextError, UnicodeDecodeError, KeyError, TypeError):
        raise FederationError(ModelTextError.code) from None


def _average(
    plan: Plan, number: int, starts: list[float], state: State, grown: Mapping[str, Mapping[float, ModelText]]
) -> State:
    total = sum(node.rows for node in state.nodes)
    models, last = dict(state.models), {}
    for quantile, start in zip(plan.quantiles, starts, strict=True):
        trees = merge([(grown[node.partner][quantile], node.rows / total) for node in state.nodes])
        last[quantile] = trees.text()
        models[quantile] = merge([(trees, 1.0)], models[quantile]) if number else shift(trees, start)
    return replace(state, models=models, last=last)
