"""One shared training, on either runtime: all nodes in this process, or behind a SuperLink at their owners'."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Protocol

from decai_forecast.errors import FederationError, IdentityError, ModelTextError
from decai_forecast.federation.codes import TIMEOUT
from decai_forecast.federation.plan import Alpha, Member, Plan, Shared, name_of
from decai_forecast.federation.progress import Limited, Step
from decai_forecast.store import Store

if TYPE_CHECKING:
    from flwr.serverapp import Grid

    from decai_forecast.federation.state import RuntimeSetting

__all__ = ["FLOWER", "InProcess", "Runtime", "train_shared"]

WORKERS = 2  # nodes that work at the same time: one per core of the smallest machine this runs on
PACE = 10.0  # seconds between two lines of progress
OWN_PROCESSES = 60  # trees of all models from which on a process for every member is worth its start
FLOWER = {  # else Flower reports use, asks for updates, and installs what an app names
    "FLWR_TELEMETRY_ENABLED": "0",
    "FLWR_DISABLE_UPDATE_CHECK": "1",
    "FLWR_DISABLE_RUNTIME_DEPENDENCY_INSTALLATION": "1",
    "FLWR_LOG_LEVEL": "WARNING",  # below that a line for every look for work
}


class Runtime(Protocol):
    """Where the nodes are and how they are reached."""

    def open(self, plan: Plan, setting: RuntimeSetting) -> contextlib.AbstractContextManager[tuple[Grid, RuntimeSetting]]:
        """The grid of the members' nodes, for one training, and the setting with what this runtime changes in it."""


@dataclass(frozen=True)
class InProcess:
    """All nodes on this host: ``workers`` threads; where they meet at a relay for many trees, a process for every member."""

    members: Sequence[Member]
    workers: int = WORKERS

    @contextmanager
    def open(self, plan: Plan, setting: RuntimeSetting) -> Iterator[tuple[Grid, RuntimeSetting]]:
        from decai_forecast.federation import client_app
        from decai_forecast.federation.exact.coordinate import ATTEMPTS
        from decai_forecast.federation.gate.questions import Terms
        from decai_forecast.federation.local_grid import LocalGrid
        from decai_forecast.federation.node_process import Nursery
        from decai_forecast.federation.rows import rows_of

        own = {"terms": Terms.of(plan).pack(), "quorum": plan.minimum}  # one host: its operator's files are everybody's
        nodes = [
            {"partner": member.partner, "store": member.store, "agreed": plan.agreed} | own
            for member in sorted(self.members, key=lambda m: m.partner)
        ]
        if plan.record.needs_keys:
            _introduce(self.members)
        meet = plan.record.meets_at_relay
        apart = meet and plan.rounds * len(plan.cutoffs) * len(plan.alphas) >= OWN_PROCESSES
        # They wait for one another; a hung one keeps a thread for every message that it was sent.
        workers = ATTEMPTS * len(nodes) if meet else self.workers
        try:
            with contextlib.ExitStack() as stack:
                nursery = stack.enter_context(Nursery()) if apart else None
                grid = LocalGrid(client_app.make_app(), nodes, plan.to_config(), workers=workers, nursery=nursery)
                yield stack.enter_context(grid), setting
        finally:
            rows_of.cache_clear()


def train_shared(
    members: Sequence[Member],
    plan: Plan,
    *,
    progress: Callable[[str], None] | None = None,
    watch: Callable[[Step], None] | None = None,
    workers: int = WORKERS,
    runtime: Runtime | None = None,
    champion: Mapping[float, str] | None = None,
) -> Shared:
    """Trains one model per cut-off and quantile together; a cut-off with fewer than ``plan.minimum`` members is left out.

    The result is the same on every ``runtime`` (by default this process, with ``workers`` threads). ``progress`` gets lines
    for people, ``watch`` every step of which the nodes tell. The models of the last cut-off are compared with ``champion``, the
    ones in use, unless training is private: scores are exact. :class:`FederationError` if the last cut-off, which ships, cannot
    be trained.
    """
    for name, value in FLOWER.items():
        os.environ.setdefault(name, value)
    from flwr.app import Context, RecordDict

    from decai_forecast.federation.server_app import make_app
    from decai_forecast.federation.state import RuntimeSetting

    if len(members) < plan.minimum:
        raise FederationError(f"{len(members)} partners can train together, {plan.minimum} are needed")
    plan = plan if plan.params else replace(plan, params=_default_params())
    began, runtime = time.monotonic(), runtime or InProcess(members, workers)
    say = progress or (lambda _: None)
    lines = Limited(lambda step: say(step.line()), PACE)

    def tell(step: Step) -> None:
        lines(step)
        if watch:
            watch(step)

    with runtime.open(plan, RuntimeSetting(say=say, watch=tell)) as (grid, setting):
        context = Context(run_id=1, node_id=1, node_config={}, state=RecordDict(), run_config=plan.to_config())
        make_app(setting, _comparable(champion, plan))(grid, context)
        traffic = int(getattr(grid, "traffic", 0))  # Flower's own grid does not count
    return _result(context, plan, members, time.monotonic() - began, traffic)


def _comparable(champion: Mapping[float, str] | None, plan: Plan) -> Mapping[float, str] | None:
    """The champion, if it forecasts the plan's quantiles from the plan's features."""
    from decai_forecast.federation.model_text import validate

    if champion is None or plan.epsilon or not set(plan.quantiles) <= set(champion):
        return None
    try:
        for quantile in plan.quantiles:
            validate(champion[quantile], plan.feature_names, plan.coded)
    except ModelTextError:  # with other features
        return None
    return champion


def _introduce(members: Sequence[Member]) -> None:
    """On one host, whoever runs the training has all stores: it tells every member the others' keys, once. Between companies
    each pins what the others told it (``Keyring.pin``). :class:`FederationError` if a key is damaged, or not the pinned one."""
    from decai_forecast.identity import Keyring, introduced

    try:
        introduced(Keyring(Store(member.store, member.partner)) for member in members)
    except IdentityError as error:
        raise FederationError(str(error)) from None


def _default_params() -> dict[str, Any]:
    from decai_forecast.demand import TREE_PARAMS

    return dict(TREE_PARAMS)


def _result(context: Any, plan: Plan, members: Sequence[Member], seconds: float, traffic: int) -> Shared:
    models, means = dict[date, dict[float, str]](), dict[date, str]()
    certificates = dict[date, Mapping[Alpha, str]]()
    for cutoff in plan.cutoffs:
        found = context.state[f"model/{cutoff}"]
        texts = {alpha: bytes(text).decode() for alpha in plan.alphas if (text := found.get(name_of(alpha)))}
        signed = {alpha: found.get(f"certificate-{name_of(alpha)}") for alpha in plan.alphas}
        if quantiles := {alpha: text for alpha, text in texts.items() if alpha is not None}:
            models[cutoff] = quantiles
            certificates[cutoff] = {alpha: bytes(one).decode() for alpha, one in signed.items() if one}
        if None in texts:
            means[cutoff] = texts[None]
    rows = {str(k): int(v) for k, v in context.state["rows"].items()}
    dropped = {str(k): str(v) for k, v in context.state["dropped"].items()}
    silent = sorted({member.partner for member in members} - set(rows) - set(dropped))  # not even a name was heard
    verdict = json.loads(str(context.state["verdict"]["json"])) if "verdict" in context.state else None
    shut_out = dropped | dict.fromkeys(silent, TIMEOUT)
    return Shared(models, rows, shut_out, seconds, traffic, verdict, certificates, means)
