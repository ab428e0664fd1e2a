"""The coordinator's side of an exact training: calls the partners together, runs the relay, takes the model.

It sees who takes part, how many rows each has, and the models; of the rows nothing, not even sums.
"""

from __future__ import annotations

import hashlib
import os
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import partial
from typing import Any, Protocol

from flwr.app import Message
from flwr.serverapp import Grid

from decai_forecast.errors import ModelTextError
from decai_forecast.federation.ask import ask
from decai_forecast.federation.codes import MALFORMED, TIMEOUT
from decai_forecast.federation.exact.errors import Begun, Differs, PeerLost
from decai_forecast.federation.exact.node import Call
from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.model_text import ModelText, validate
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.progress import Step, Watch

__all__ = ["Together", "train_together"]

ATTEMPTS = 3  # of one quantile: with all, without who could not begin, once more after a broken connection
ORDER = (PeerLost.code, Begun.code)  # codes that blame nobody: somebody else is gone; begun with others
PATIENCE = 6  # times the plan's timeout: a call is a whole training, not one answer


@dataclass(frozen=True)
class Together:
    """What came of a cut-off: no models if it could not be trained, and then the code of what stopped it."""

    models: Mapping[float, ModelText]
    members: frozenset[str]
    dropped: dict[str, str] = field(default_factory=dict)
    stopped: str = ""


Nodes = Mapping[str, tuple[int, bytes]]
"""partner -> node id, public key"""


class Venue(Protocol):
    """Where the nodes meet, and who is told how far they are (``server_app.Venue``)."""

    @property
    def relay(self) -> Callable[[Callable[[Progress], None]], Any]: ...

    @property
    def watch(self) -> Watch: ...


def train_together(grid: Grid, plan: Plan, cutoff: date, nodes: Nodes, venue: Venue) -> Together:
    """All quantiles of one cut-off, one after the other.

    Who fails before the first sum is left out and the others begin again. Once sums have crossed, the partners themselves
    refuse to go on without one of them (see desk.py): then there is no model of this cut-off.
    """
    there, dropped, models = dict(nodes), dict[str, str](), dict[float, ModelText]()
    notes: deque[Progress] = deque(maxlen=1)  # the newest; the relay's thread puts it here, this one reports it
    with venue.relay(notes.append) as relay:
        for quantile in plan.quantiles:
            model, stopped = None, ""
            for _ in range(ATTEMPTS):
                if model is None and stopped != Begun.code and len(there) >= plan.minimum:
                    tell = partial(_report, plan, cutoff, quantile, notes, venue.watch)
                    model, failed = _attempt(grid, plan, cutoff, quantile, there, relay.port, tell)
                    stopped = max(failed.values(), key=ORDER.index, default="") if set(failed.values()) <= set(ORDER) else ""
                    blamed = {partner: code for partner, code in failed.items() if code not in ORDER}
                    dropped |= blamed
                    there = {partner: node for partner, node in there.items() if partner not in blamed}
            if model is None:
                return Together({}, frozenset(there), dropped, stopped)
            models[quantile] = model
    return Together(models, frozenset(there), dropped)


def _report(plan: Plan, cutoff: date, quantile: float, notes: deque[Progress], watch: Watch) -> None:
    if notes:
        number = plan.cutoffs.index(cutoff) * len(plan.quantiles) + plan.quantiles.index(quantile) + 1
        watch(Step(cutoff, quantile, number, len(plan.cutoffs) * len(plan.quantiles), notes.pop()))


def _attempt(
    grid: Grid, plan: Plan, cutoff: date, quantile: float, nodes: Nodes, port: int, tell: Callable[[], None]
) -> tuple[ModelText | None, dict[str, str]]:
    """The model, or who answered with which code in place of it."""
    keys, speaker = {partner: key for partner, (_, key) in nodes.items()}, min(nodes)
    call = Call(quantile, hashlib.sha256(os.urandom(32)).digest(), port, keys, speaker)
    values, group = call.to_config() | {"cutoff": cutoff.isoformat()}, f"{cutoff}/{quantile}"
    names = {node: partner for partner, (node, _) in nodes.items()}
    answers = ask(grid, names, "train.exact", values, PATIENCE * plan.timeout, group=group, meanwhile=tell)
    replies = {names[node]: reply for node, reply in answers.items()}
    failed = {partner: TIMEOUT for partner in nodes if partner not in replies}
    failed |= {partner: str(one.error.reason) for partner, one in replies.items() if one.has_error()}
    return (None, failed) if failed else _taken(plan, speaker, replies)


def _taken(plan: Plan, speaker: str, replies: Mapping[str, Message]) -> tuple[ModelText | None, dict[str, str]]:
    """The speaker's model, if it is safe to load and the one that all ended with."""
    said = {partner: dict(one.content["config"]) for partner, one in replies.items()}
    try:
        text = bytes(said[speaker]["model"])
        if {bytes(each["digest"]) for each in said.values()} != {hashlib.sha256(text).digest()}:
            return None, {speaker: Differs.code}
        return validate(text.decode(), plan.feature_names), {}
    except (ModelTextError, UnicodeDecodeError):
        return None, {speaker: ModelTextError.code}
    except (KeyError, TypeError):
        return None, {speaker: MALFORMED}
