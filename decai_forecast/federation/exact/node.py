"""A partner's side of a call to train: what it was asked, checked against its own plan, keys and rows."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.host import HostWire
from decai_forecast.federation.exact.loopback import WAITS
from decai_forecast.federation.exact.plan import ExactPlan, from_demand, private_plan
from decai_forecast.federation.exact.privacy import Private, private_for
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.exact.session import SecureSession, Wire
from decai_forecast.federation.gate.questions import quorum_of
from decai_forecast.federation.plan import Alpha, Plan, alpha_of, name_of
from decai_forecast.identity import Keyring
from decai_forecast.strategies import MEAN_POWER

if TYPE_CHECKING:  # LightGBM
    from decai_forecast.federation.exact.train import Trained

__all__ = ["Call", "Connect", "connect_here", "connect_over_tls", "plan_of", "private_of", "train_on_call"]


SESSION_BYTES = 32


@dataclass(frozen=True)
class Call:
    """What the coordinator asks: train this model with these, over the relay at this port of the own host."""

    alpha: Alpha
    session: bytes
    port: int
    keys: Mapping[str, bytes]
    speaker: str  # who sends the model; all send its digest
    rows: int = 0  # of all that are called, as each said; 0: not told

    def to_config(self) -> dict[str, str | int | float | bytes]:
        keys = json.dumps({name: key.hex() for name, key in sorted(self.keys.items())})
        return {
            "model": name_of(self.alpha),
            "session": self.session,
            "port": self.port,
            "keys": keys,
            "speaker": self.speaker,
            "rows": self.rows,
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Call:
        """:class:`Refused` for what is no call."""
        try:
            keys = {str(name): bytes.fromhex(key) for name, key in json.loads(str(config["keys"])).items()}
            place = bytes(config["session"]), int(config["port"]), keys
            found = cls(alpha_of(str(config["model"])), *place, str(config["speaker"]), int(config.get("rows", 0)))
        except (KeyError, ValueError, TypeError, AttributeError):
            raise Refused("a call to train that cannot be read") from None
        if len(found.session) != SESSION_BYTES or not 0 < found.port < 2**16 or found.rows < 0:
            raise Refused(f"a call to a session of {len(found.session)} bytes at port {found.port}; expected {SESSION_BYTES}")
        return found


Connect = Callable[[Call, int, Sequence[str], float], Wire]
"""(call, own rank, all names, seconds to wait for the relay) -> the connection to it"""


def connect_here(call: Call, rank: int, names: Sequence[str], wait: float) -> Wire:
    """To the relay at the call's port of the own host."""
    return HostWire(call.port, call.session, rank, names, wait)


def connect_over_tls(relay: str, keys: Path, call: Call, rank: int, names: Sequence[str], wait: float) -> Wire:
    """To the coordinator's relay, whose address the company has from its admission, never from a call. ``keys``: the folder
    with the company's key, its admission and the authority's certificate."""
    from decai_forecast.federation.exact.grpc_relay import GrpcWire, Tls

    certificate = json.loads((keys / "admission.json").read_text())["certificate"].encode()
    tls = Tls((keys / "tls.key").read_bytes(), certificate, (keys / "authority.crt").read_bytes())
    host, _, port = relay.rpartition(":")
    return GrpcWire(host, int(port), call.session, rank, names, tls, wait)


def plan_of(plan: Plan, cutoff: date, alpha: Alpha, weighted: bool) -> ExactPlan:
    """The exact plan of one quantile, or of the mean.

    Its subject is the cut-off, not the night and not the model: rows before a cut-off are the same in all of them, and so are
    the sums for bins. What was begun with some companies must not be trained with others.
    """
    if plan.epsilon and alpha is not None:  # no plan has both noise and a mean
        return private_plan(str(cutoff), plan.feature_names, plan.seed, alpha, weighted, private_of(plan))
    exact = from_demand(plan.params, str(cutoff), plan.feature_names, plan.rounds, plan.seed, alpha=alpha, weighted=weighted)
    return replace(exact, patience=plan.early_stopping_rounds, categories=plan.categories, tweedie=0.0 if alpha else MEAN_POWER)


def private_of(plan: Plan) -> Private:
    """What one model of a private plan may cost, all of its cut-off, and all cut-offs."""
    return private_for(plan.epsilon, plan.delta, len(plan.quantiles), plan.budget)


def train_on_call(
    call: Call,
    plan: Plan,
    cutoff: date,
    X: npt.NDArray[np.float32],
    target: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64] | None,
    newest: npt.NDArray[np.bool_],
    records: TrainingRecords,
    keyring: Keyring,
    connect: Connect,
    node: Mapping[str, Any] | None = None,
) -> Trained:
    """The model and its certificate. ``newest``: the rows that are held out if the plan stops early. ``node``: the company's
    own configuration, whose quorum holds whatever the plan says.

    Raises an :class:`ExactError`; the others are told at once, unless they knew before.
    """
    from decai_forecast.federation.exact.rows import Rows
    from decai_forecast.federation.exact.train import train

    exact = plan_of(plan, cutoff, call.alpha, weight is not None)
    rows = Rows(X, target.astype(np.float32), weight, newest if exact.patience else None)
    identity, pinned, roster = keyring.identity(), keyring.taken(call.keys), KeyRoster.of(call.keys)
    quorum = quorum_of(node or {}, keyring.pins())  # who was taken back counts: else a coordinator could make it small
    roster.check(pinned, quorum)
    if call.alpha not in plan.alphas:
        raise Refused(f"called for {name_of(call.alpha)}, which is none of the plan's models")
    if exact.private:
        records.accountant.unpaid(exact.subject, exact.alpha)
        records.accountant.afford(exact.subject, exact.private)
    wire = connect(call, roster.rank(identity.name), roster.names, WAITS * plan.patience)
    with contextlib.ExitStack() as stack:
        stack.callback(wire.close)
        try:
            session = SecureSession(wire, identity, roster, pinned, call.session, quorum)
            return train(rows, exact, session, records, expected=call.rows or None)
        except BaseException:
            wire.abort()
            raise
