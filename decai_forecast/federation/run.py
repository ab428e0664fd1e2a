"""One shared training on the in-process runtime."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from decai_forecast.errors import FederationError
from decai_forecast.federation.codes import TIMEOUT
from decai_forecast.federation.plan import EXACT, Member, Plan, Shared
from decai_forecast.store import Store

__all__ = ["train_shared"]

WORKERS = 2  # nodes that work at the same time: one per core of the smallest machine this runs on


def train_shared(
    members: Sequence[Member], plan: Plan, *, progress: Callable[[str], None] | None = None, workers: int = WORKERS
) -> Shared:
    """Trains one model per cut-off and quantile together; a cut-off with fewer than ``plan.minimum`` members is left out.

    The result is the same for every number of ``workers``; trained exactly, all members work at the same time.
    :class:`FederationError` if the last cut-off, which ships, cannot be trained.
    """
    os.environ.setdefault("FLWR_TELEMETRY_ENABLED", "0")
    os.environ.setdefault("FLWR_DISABLE_UPDATE_CHECK", "1")
    os.environ.setdefault("FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION", "1")
    from flwr.app import Context, RecordDict

    from decai_forecast.federation import client_app
    from decai_forecast.federation.local_grid import LocalGrid
    from decai_forecast.federation.server_app import make_app

    if len(members) < plan.minimum:
        raise FederationError(f"{len(members)} partners can train together, {plan.minimum} are needed")
    plan = plan if plan.params else replace(plan, params=_default_params())
    began, config = time.monotonic(), plan.to_config()
    nodes = [{"partner": member.partner, "store": member.store} for member in sorted(members, key=lambda m: m.partner)]
    try:
        if plan.strategy == EXACT:
            _introduce(members)
            workers = len(members)  # they wait for one another
        with LocalGrid(client_app.app, nodes, config, workers=workers) as grid:
            context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=dict(config))
            make_app(progress)(grid, context)
            traffic = grid.traffic
    finally:
        client_app.rows_of.cache_clear()
    return _result(context, plan, members, time.monotonic() - began, traffic)


def _introduce(members: Sequence[Member]) -> None:
    """On one host, whoever runs the training has all stores: it tells every member the others' keys, once. Between companies
    each pins what the others told it (``Desk.pin``)."""
    from decai_forecast.federation.exact.desk import Desk

    desks = {member.partner: Desk(Store(member.store, member.partner), member.partner) for member in members}
    keys = {name: desk.identity().public for name, desk in desks.items()}
    for desk in desks.values():
        desk.pin(keys)


def _default_params() -> dict[str, Any]:
    from decai_forecast.demand import TREE_PARAMS

    return dict(TREE_PARAMS)


def _result(context: Any, plan: Plan, members: Sequence[Member], seconds: float, traffic: int) -> Shared:
    models = {}
    for cutoff in plan.cutoffs:
        texts = {q: bytes(text).decode() for q in plan.quantiles if (text := context.state[f"model/{cutoff}"].get(f"q{q}"))}
        if texts:
            models[cutoff] = texts
    rows = {str(k): int(v) for k, v in context.state["rows"].items()}
    dropped = {str(k): str(v) for k, v in context.state["dropped"].items()}
    silent = sorted({member.partner for member in members} - set(rows) - set(dropped))  # not even a name was heard
    return Shared(models, rows, dropped | dict.fromkeys(silent, TIMEOUT), seconds, traffic)
