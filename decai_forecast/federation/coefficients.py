"""Training together by one message: each company fits an additive model (fourier.py) to its own rows and sends its
coefficients; the coordinator takes their median, or their trimmed mean, coordinate by coordinate (robust.py).

Each company has one vote, whatever rows it says it has: their number is its own word, and by rows one liar would outvote the
rest. A coefficient of the result lies between those of honest companies while fewer than half send something else (median), or
no more than are cut off at one end (trimmed mean). Whoever sends what is no vector of coefficients is dropped by its code.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import Message
from flwr.serverapp import Grid

from decai_forecast.errors import FederationError
from decai_forecast.federation.additive_text import additive_text
from decai_forecast.federation.ask import ask
from decai_forecast.federation.codes import MALFORMED, TIMEOUT, reason_of
from decai_forecast.federation.fourier import Design
from decai_forecast.federation.model_text import ModelText
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.robust import coordinate_median, trimmed_mean
from decai_forecast.federation.state import RuntimeSetting, State, kept

__all__ = ["BOUND", "key_of", "text_of", "train_median", "train_trimmed_mean", "trimmed"]

BOUND = 10.0  # targets are at most sqrt(20): honest coefficients stay below 3
TRIMMED_SHARE = 0.2  # cut off at each end by the trimmed mean
Floats = npt.NDArray[np.float64]
Vectors = Mapping[float, Floats]
"""quantile -> coefficients"""


def train_median(grid: Grid, plan: Plan, cutoff: date, state: State, _: RuntimeSetting) -> State:
    """The shared models of one cut-off: the median of the companies' coefficients."""
    return _averaged(grid, plan, cutoff, state, coordinate_median)


def train_trimmed_mean(grid: Grid, plan: Plan, cutoff: date, state: State, _: RuntimeSetting) -> State:
    """The shared models of one cut-off: the trimmed mean of the companies' coefficients."""
    return _averaged(grid, plan, cutoff, state, trimmed)


def trimmed(vectors: Sequence[npt.ArrayLike]) -> Floats:
    """The trimmed mean of ``TRIMMED_SHARE``; from three vectors on at least one is cut off at each end, else of fewer than five
    none would be."""
    return trimmed_mean(vectors, max(TRIMMED_SHARE, 1 / len(vectors)) if len(vectors) > 2 else TRIMMED_SHARE)


def text_of(feature_names: Sequence[str], quantile: float, coefficients: Floats) -> ModelText:
    """The model of these coefficients as trees, which predict what :meth:`Design.predict` does."""
    design = Design.of(feature_names, quantile)
    terms = [(t.splits(), values) for t, values in zip(design.terms, design.values(coefficients), strict=True)]
    return additive_text(feature_names, float(coefficients[0]), terms)


def key_of(quantile: float) -> str:
    """Where a reply has the coefficients of a quantile."""
    return f"coefficients-{quantile}"


def _averaged(
    grid: Grid, plan: Plan, cutoff: date, state: State, average: Callable[[Sequence[npt.ArrayLike]], Floats]
) -> State:
    state, found = _fitted(grid, plan, cutoff, state)
    if not state.nodes:
        return state
    shared = {q: average([found[node.partner][q] for node in state.nodes]) for q in plan.quantiles}
    return replace(state, models={q: text_of(plan.feature_names, q, vector) for q, vector in shared.items()})


def _fitted(grid: Grid, plan: Plan, cutoff: date, state: State) -> tuple[State, dict[str, Vectors]]:
    """Partner -> its coefficients; whoever fails, is late or sends what is none is dropped by its code."""
    asked, found = {node.id: node.partner for node in state.nodes}, dict[str, Vectors]()
    dropped = dict.fromkeys(asked.values(), TIMEOUT)
    values: dict[str, Any] = {"cutoff": cutoff.isoformat()}
    for node, reply in ask(grid, asked, f"train.{plan.strategy}", values, plan.timeout, group=f"{cutoff}/coefficients").items():
        try:
            found[asked[node]] = _read(reply, plan)
            del dropped[asked[node]]
        except FederationError as error:
            dropped[asked[node]] = str(error)
    left = tuple(node for node in state.nodes if node.partner in found)
    return kept(replace(state, nodes=left, dropped=dict(state.dropped) | dropped), plan, cutoff), found


def _read(reply: Message, plan: Plan) -> Vectors:
    """The coefficients of one node; the error's text is a code."""
    if reply.has_error():
        raise FederationError(reason_of(reply))
    try:
        found = {q: np.array(reply.content["config"][key_of(q)], dtype=float) for q in plan.quantiles}
    except (KeyError, TypeError, ValueError, OverflowError):
        raise FederationError(MALFORMED) from None
    for quantile, vector in found.items():
        fits = vector.shape == (Design.of(plan.feature_names, quantile).size,)
        if not fits or not (np.abs(vector) <= BOUND).all():  # NaN is not at most anything
            raise FederationError(MALFORMED)
    return found
