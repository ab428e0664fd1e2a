"""What the coordinator's steps hand on: who takes part, the models so far; and where a training takes place."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Protocol

from flwr.serverapp import Grid

from decai_forecast.errors import FederationError
from decai_forecast.federation.codes import KEY_REVOKED
from decai_forecast.federation.exact.certificate import Certificate
from decai_forecast.federation.exact.host import HostRelay
from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.model_text import ModelText
from decai_forecast.federation.plan import Alpha, Plan
from decai_forecast.federation.progress import Watch

__all__ = ["HERE", "Node", "Relay", "RuntimeSetting", "State", "Train", "dropped_in_words", "kept"]

Say = Callable[[str], None]
"""A line for people"""


class Relay(Protocol):
    """Where the nodes meet to train exactly (exact/loopback.py, exact/grpc_relay.py)."""

    @property
    def port(self) -> int: ...

    def __enter__(self) -> Relay: ...

    def __exit__(self, *error: object) -> None: ...

    def expect(self, session: bytes, names: Sequence[str]) -> None:
        """Serves sessions that were announced like this, and no others from then on; ``names`` by rank."""

    def close(self) -> None: ...


@dataclass(frozen=True)
class RuntimeSetting:
    """What differs between the runtimes. ``names``: node -> partner, where nodes are registered; a node that says another
    name is not heard. ``relay``: makes the relay of strategies that meet at one, from its patience (seconds) and whom it
    tells how far the training is. ``admitted``: the partners whose keys hold at this moment, where keys can be taken back."""

    names: Mapping[int, str] | None = None
    relay: Callable[[float, Callable[[Progress], None]], Relay] = HostRelay
    admitted: Callable[[], frozenset[str]] | None = None
    say: Say = lambda _: None
    watch: Watch = lambda _: None

    def taken_back(self, partners: Iterable[str]) -> dict[str, str]:
        """Those of ``partners`` whose keys were taken back since the training began, with the code that says so."""
        if self.admitted is None:
            return {}
        return dict.fromkeys(set(partners) - self.admitted(), KEY_REVOKED)


HERE = RuntimeSetting()


@dataclass(frozen=True)
class Node:
    """A node that takes part in a cut-off."""

    id: int
    partner: str
    rows: int
    starts: tuple[float, ...] = ()  # of strategies that need a start
    key: bytes = b""  # of strategies that need keys


@dataclass(frozen=True)
class State:
    """Who still takes part in a cut-off, its models so far, who was dropped with which code, and, of strategies whose companies
    sign what they grew, their certificates."""

    nodes: tuple[Node, ...]
    models: Mapping[Alpha, ModelText] = field(default_factory=dict)
    dropped: Mapping[str, str] = field(default_factory=dict)
    certificates: Mapping[Alpha, Certificate] = field(default_factory=dict)


Train = Callable[[Grid, Plan, date, State, RuntimeSetting], State]
"""A strategy's training of one cut-off with the nodes of a state: the models, who is left, and who was dropped with which
code."""


def kept(state: State, plan: Plan, cutoff: date) -> State:
    """The state, or one without nodes and models if too few are left; :class:`FederationError` at the cut-off that ships."""
    there = len(state.nodes)
    if there >= plan.minimum:
        return state
    if cutoff == max(plan.cutoffs):
        raise FederationError(
            f"{there} partners can train together, {plan.minimum} are needed; dropped: {dropped_in_words(state.dropped)}"
        )
    return State((), dropped=state.dropped)


def dropped_in_words(dropped: Mapping[str, str]) -> str:
    """``bolt (timeout), corex (other_features)``; ``none`` without any."""
    return ", ".join(f"{partner} ({code})" for partner, code in sorted(dropped.items())) or "none"
