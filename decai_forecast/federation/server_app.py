"""The coordinator's side: asks who is there, has each cut-off trained by the plan's strategy, and keeps its models.

A strategy takes who is there and gives what came of it, a :class:`State`; nothing hides between its steps. Its record
(``strategies``) names its function, which is loaded here: of exact/coordinate.py, boosting.py or coefficients.py.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from datetime import date
from pkgutil import resolve_name
from typing import Any

from flwr.app import ConfigRecord, Context, MessageType
from flwr.serverapp import Grid, ServerApp

from decai_forecast.errors import FederationError
from decai_forecast.federation.ask import ask
from decai_forecast.federation.codes import MALFORMED, NO_ROWS, TIMEOUT, coded
from decai_forecast.federation.exact.errors import BudgetSpent
from decai_forecast.federation.plan import Plan, name_of
from decai_forecast.federation.preflight import OtherCodeBook, OtherPrivacy, compare, schema_of
from decai_forecast.federation.state import HERE, Node, RuntimeSetting, State, Train, kept
from decai_forecast.identity import KEY_BYTES

__all__ = ["app", "make_app"]


def make_app(setting: RuntimeSetting = HERE, champion: Mapping[float, str] | None = None) -> ServerApp:
    """The ServerApp; ``setting.say`` gets one line per cut-off, and one for each who cannot take part. ``champion``: the models
    in use, which those of the last cut-off are compared with."""
    server = ServerApp()

    @server.main()
    def main(grid: Grid, context: Context) -> None:
        plan = Plan.from_config(context.run_config)
        train: Train = resolve_name(plan.record.coordinator)
        dropped: dict[str, str] = {}
        rows: dict[str, int] = {}
        for cutoff in plan.cutoffs:
            present = kept(_present(grid, plan, cutoff, dropped, setting), plan, cutoff)
            state = train(grid, plan, cutoff, present, setting) if present.nodes else present
            dropped |= state.dropped
            if cutoff == max(plan.cutoffs):
                rows = {node.partner: node.rows for node in state.nodes}
            texts = {name_of(alpha): model.text().encode() for alpha, model in state.models.items()}
            signed = {f"certificate-{name_of(alpha)}": one.to_bytes() for alpha, one in state.certificates.items()}
            context.state[f"model/{cutoff}"] = ConfigRecord(texts | signed)
            there = f"{len(state.nodes)} partners, {sum(n.rows for n in state.nodes):,} rows"
            setting.say(f"shared forecaster of {cutoff}: {there}")
            if champion and cutoff == max(plan.cutoffs):
                context.state["verdict"] = _compared(grid, plan, cutoff, state, champion, setting)
        context.state["rows"] = ConfigRecord(dict(rows))
        context.state["dropped"] = ConfigRecord(dict(dropped))

    return server


def _compared(
    grid: Grid, plan: Plan, cutoff: date, state: State, champion: Mapping[float, str], setting: RuntimeSetting
) -> ConfigRecord:
    from decai_forecast.federation.evaluate import evaluate_together

    challenger = {quantile: state.models[quantile].text() for quantile in plan.quantiles}
    nodes = {node.id: node.partner for node in state.nodes}
    verdict = evaluate_together(grid, plan, cutoff, nodes, champion, challenger)
    setting.say(f"the new forecaster {'ships' if verdict.promoted else 'does not ship'}: {verdict.reason}")
    return ConfigRecord({"json": json.dumps(verdict.to_json())})


app = make_app()


def _present(grid: Grid, plan: Plan, cutoff: date, dropped: Mapping[str, str], setting: RuntimeSetting) -> State:
    """Who takes part in a cut-off; who cannot is dropped, unless it only has no rows of an old one.

    Once the quorum has answered, the others get the plan's grace.
    """
    known = {node: setting.names.get(node, "") if setting.names is not None else "" for node in grid.get_node_ids()}
    back = setting.taken_back((setting.names or {}).values())
    asked = [node for node in known if (known[node] or setting.names is None) and known[node] not in back]
    replies = ask(
        grid, asked, MessageType.QUERY, {"cutoff": cutoff.isoformat()}, plan.timeout, group=f"{cutoff}/query",
        grace=plan.grace, enough=lambda replies: sum(not reply.has_error() for reply in replies) >= plan.minimum,
    )  # fmt: skip
    nodes, out = list[Node](), {**dropped, **back}
    for node_id, reply in replies.items():
        said = {} if reply.has_error() else dict(reply.content.get("config") or {})
        partner = known[node_id] or str(said.get("partner") or f"node {node_id}")
        try:
            if partner in {node.partner for node in nodes} or said.get("partner", partner) != partner:
                raise Unfit(MALFORMED, f"node {node_id} says that it is {said.get('partner')!r}, which it is not, or not alone")
            nodes.append(_node(node_id, partner, said, plan))
        except Unfit as error:
            if error.code not in (NO_ROWS, BudgetSpent.code) or cutoff == max(plan.cutoffs):
                out.setdefault(partner, error.code)
                setting.say(str(error))
    if cutoff == max(plan.cutoffs):  # whoever is registered and did not answer
        silent = set((setting.names or {}).values()) - {node.partner for node in nodes}
        out = dict.fromkeys(silent, TIMEOUT) | out
    there = sorted((node for node in nodes if node.partner not in out), key=lambda node: node.partner)
    return State(tuple(there), dropped=out)


class Unfit(FederationError):
    """A node that cannot take part, with the code of why."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


WHY = {  # of codes that mean the same at every company
    BudgetSpent.code: " (its privacy budget is spent)",
    OtherCodeBook.code: " (its rows were made with another code_book in its network.yaml, or none; compare the files)",
    OtherPrivacy.code: " (its network.yaml says other terms of privacy; compare the files)",
}


def _node(node_id: int, partner: str, said: Mapping[str, Any], plan: Plan) -> Node:
    """A node as it describes itself; :class:`Unfit` if it is not one that can train this plan."""
    if "code" in said:
        code = coded(said["code"])
        raise Unfit(code, f"{partner} cannot take part: {code}{WHY.get(code, '')}")
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
    expected = len(plan.quantiles) if plan.record.needs_common_start else 0, KEY_BYTES if plan.record.needs_keys else 0
    if node.rows < 1 or (len(node.starts), len(node.key)) != expected or not all(map(math.isfinite, node.starts)):
        raise Malformed(f"{partner} answered with something that makes no sense")
    return node
