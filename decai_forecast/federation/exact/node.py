"""A partner's side of a call to train: what it was asked, checked against its own plan, keys and rows."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.desk import Desk
from decai_forecast.federation.exact.group import Group
from decai_forecast.federation.exact.identity import Roster
from decai_forecast.federation.exact.loopback import LoopbackWire
from decai_forecast.federation.exact.plan import ExactPlan, from_demand
from decai_forecast.federation.plan import Plan

__all__ = ["Call", "plan_of", "train_on_call"]


@dataclass(frozen=True)
class Call:
    """What the coordinator asks: train this quantile with these, over the relay at this port of the own host."""

    quantile: float
    session: bytes
    port: int
    keys: Mapping[str, bytes]
    speaker: str  # who sends the model; all send its digest

    def to_config(self) -> dict[str, str | int | float | bytes]:
        keys = json.dumps({name: key.hex() for name, key in sorted(self.keys.items())})
        return {"quantile": self.quantile, "session": self.session, "port": self.port, "keys": keys, "speaker": self.speaker}

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Call:
        keys = {str(name): bytes.fromhex(key) for name, key in json.loads(str(config["keys"])).items()}
        return cls(float(config["quantile"]), bytes(config["session"]), int(config["port"]), keys, str(config["speaker"]))


def plan_of(plan: Plan, cutoff: date, quantile: float, weighted: bool) -> ExactPlan:
    """The exact plan of one quantile. Its subject is the cut-off, not the night and not the quantile: rows before a cut-off
    are the same in all of them, and so are the sums for bins. What was begun with some companies must not be trained with
    others."""
    return from_demand(
        plan.params, str(cutoff), plan.feature_names, plan.exact_trees, plan.seed, alpha=quantile, weighted=weighted
    )


def train_on_call(
    call: Call,
    plan: Plan,
    cutoff: date,
    X: npt.NDArray[np.float32],
    target: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64] | None,
    desk: Desk,
) -> str:
    """The model text. Raises an :class:`ExactError`; the others are told at once, unless they knew before."""
    from decai_forecast.federation.exact.train import Rows, train

    rows = Rows(X, target.astype(np.float32), weight)
    exact = plan_of(plan, cutoff, call.quantile, weight is not None)
    identity, roster = desk.identity(), Roster.of(call.keys)
    roster.check(desk.pinned(), plan.minimum)
    wire = LoopbackWire(call.port, call.session, roster.rank(identity.name), roster.names)
    with contextlib.ExitStack() as stack:
        stack.callback(wire.close)
        try:
            group = Group(wire, identity, roster, desk.pinned(), call.session, plan.minimum)
            return train(rows, exact, group, desk).text
        except BaseException:
            wire.abort()
            raise
