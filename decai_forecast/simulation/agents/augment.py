"""Simulated disruptions as experience for a firm's own forecaster, let through only by the gate.

The usual forecaster stays as it is. The experienced one is trained on the usual rows and on those of simulated worlds, and
serves only what is *disrupted now*, so that in normal weeks nothing changes. Rational customers are tried first, then such
that inflate their orders; what passes first is kept.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.demand import local
from decai_forecast.demand.features import FEATURES
from decai_forecast.demand.history import rhythm
from decai_forecast.demand.panel import Floats, Panel, to_panel
from decai_forecast.demand.prophet_features import prophet_totals
from decai_forecast.demand.quantiles import TRAINED
from decai_forecast.demand.slips import clean_slips
from decai_forecast.demand.target import from_target
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents.experience import EXPERIENCE, FirmFacts, Span, draw_world, rows_of
from decai_forecast.simulation.agents.gate import GateResult, judge

__all__ = ["Lesson", "augment", "learn"]

TRAINING_WORLDS, HOLD_OUT_WORLDS = 24, 8
TRUE_GAMMA = 1.0  # inflation of orders in the hold-out worlds, where the firm's own records do not show it
BELIEVED = (0.3, 1.7)  # times the true inflation: what adaptive agents of the training worlds may do
ROWS = 15_000  # of all training worlds of one kind together
MOST_SERIES = 300  # that are simulated, the largest: what a disruption does is learned from them for all
TREES = 200
LARGE: Mapping[str, Any] = {"num_leaves": 31, "feature_fraction": 0.8, "learning_rate": 0.05}  # a disruption is an interplay
COLUMNS = (*FEATURES, *EXPERIENCE)


@dataclass(frozen=True)
class Lesson:
    """What passed. ``rows``: FEATURES, EXPERIENCE, ``target`` and ``weight``, usual and simulated ones together."""

    rows: pd.DataFrame
    verdict: GateResult


def augment(
    table: pd.DataFrame, train: pd.DataFrame, calendar: Calendar, cutoff: date, facts: FirmFacts, *, seed: int
) -> tuple[Lesson | None, tuple[GateResult, ...]]:
    """Simulated rows for a firm whose demand are orders of its customers, if they pass the gate; and every verdict.

    ``table``: the demand table. ``train``: the usual training rows of ``cutoff`` (:class:`Prepared`). Same seed, same result.
    The early part of the history is where both forecasters learn, the late part where hold-out worlds lie: neither has seen an
    order of it, and the outages there are drawn anew.
    """
    panel = _panel(table, calendar, cutoff)
    end = panel.index(cutoff)
    worlds = _Worlds(panel, facts, seed, end)
    if why := worlds.too_short():
        return None, (GateResult(False, "rational", np.nan, np.nan, np.nan, np.nan, 0, 0, seed, why),)
    known = local.grown(train)
    early = known[known["back"] > end - worlds.split]
    usual, judged, verdicts = _fit(early, FEATURES, seed), worlds.held_out(), []
    judged = judged.assign(usual=_predicted(usual, FEATURES, judged))
    for agents in ("rational", "adaptive"):
        rows = together(early, worlds.lived(agents, Span(worlds.first, worlds.split)))
        learned = _predicted(_fit(rows, COLUMNS, seed), COLUMNS, judged)
        gated = np.where(judged["now"], learned, judged["usual"])
        verdicts.append(judge(judged.assign(learned=gated), agents, seed))
        if verdicts[-1].passed:
            every = together(known, worlds.lived(agents, Span(worlds.first, end)))
            return Lesson(every, verdicts[-1]), tuple(verdicts)
    return None, tuple(verdicts)


def learn(lesson: Lesson, *, seed: int) -> dict[float, str]:
    """Quantile -> model text on FEATURES and EXPERIENCE; for rows that are disrupted now."""
    return {quantile: _fit(lesson.rows, COLUMNS, seed, quantile).model_to_string() for quantile in TRAINED}


class _Worlds:
    """The firm's past from ``first`` on, in which worlds are disrupted; from ``split`` on they are held out."""

    def __init__(self, panel: Panel, facts: FirmFacts, seed: int, end: int) -> None:
        self.panel, self.facts, self.seed, self.end = panel, facts, seed, end
        beat = rhythm(panel.calendar)
        self.need = round(1.5 * facts.recovery) + beat.windows[1] + panel.calendar.horizon
        self.split = end - max(self.need, beat.windows[3])
        self.first = max(beat.windows[3], self.split - beat.past)
        self.views: dict[str, Floats] = {}

    def too_short(self) -> str:
        lacking = self.first + self.need - self.split
        if lacking > 0:
            return f"{self.end} periods of history, {self.end + lacking} are needed"
        self.views, _ = prophet_totals(self.panel, self.split)
        return ""

    def held_out(self) -> pd.DataFrame:
        """Rows of worlds that nobody trains on: their customers inflate orders as the firm's do, or as people once did."""
        true = TRUE_GAMMA if self.facts.gamma is None else self.facts.gamma
        return self._rows([true] * HOLD_OUT_WORLDS, Span(self.split, self.end), np.random.default_rng([self.seed, 0]))

    def lived(self, agents: str, span: Span) -> pd.DataFrame:
        """Rows of training worlds, drawn apart from those held out."""
        true = TRUE_GAMMA if self.facts.gamma is None else self.facts.gamma
        rng = np.random.default_rng([self.seed, 1 if agents == "rational" else 2])
        low, high = (0.0, 0.0) if agents == "rational" else (true * BELIEVED[0], true * BELIEVED[1])
        found = self._rows([float(rng.uniform(low, high)) for _ in range(TRAINING_WORLDS)], span, rng)
        return found[found["now"]]

    def _rows(self, gammas: Sequence[float], span: Span, rng: np.random.Generator) -> pd.DataFrame:
        parts = []
        for gamma in gammas:
            world, outage = draw_world(self.panel, self.facts, span, gamma, rng)
            until = min(span.end, outage.start + outage.length + self.need)
            possible = len(self.panel.series) * max(1, until - outage.start) * 4
            share = min(1.0, ROWS / len(gammas) / possible)
            parts.append(rows_of(self.panel, self.views, world, outage, Span(span.first, until), rng, share))
        return pd.concat(parts, ignore_index=True)


def _panel(table: pd.DataFrame, calendar: Calendar, cutoff: date) -> Panel:
    """As known at the cut-off, the largest series of it."""
    full = to_panel(table, calendar)
    known = full.before(full.index(cutoff))
    volume = np.nansum(known.quantity, axis=1)
    largest = np.zeros(len(volume), dtype=bool)
    largest[np.argsort(-volume, kind="stable")[:MOST_SERIES]] = True
    return clean_slips(known.part(largest & (volume > 0)))


def together(usual: pd.DataFrame, simulated: pd.DataFrame) -> pd.DataFrame:
    """The usual rows, in which all was shipped, and the simulated ones, either with a mean weight of 1."""
    calm = usual.assign(**{name: np.float32(1.0) for name in EXPERIENCE} | {"owed": np.float32(0.0)})
    columns = [*COLUMNS, "target", "weight"]
    parts = [part[columns].assign(weight=part["weight"] / part["weight"].mean()) for part in (calm, simulated)]
    return pd.concat(parts, ignore_index=True)


def _fit(rows: pd.DataFrame, columns: Sequence[str], seed: int, quantile: float = 0.5) -> Any:
    import lightgbm as lgb

    data = lgb.Dataset(
        rows[list(columns)].to_numpy(np.float32),
        rows["target"].to_numpy(),
        weight=rows["weight"].to_numpy(),
        params=local.BINNING,
    )
    own = {} if tuple(columns) == FEATURES else dict(LARGE)
    return lgb.train(local.params_of(rows, seed) | own | {"alpha": quantile}, data, TREES if own else local.usual_trees(rows))


def _predicted(model: Any, columns: Sequence[str], rows: pd.DataFrame) -> Floats:
    raw = model.predict(rows[list(columns)].to_numpy(np.float32), num_threads=1)
    return from_target(raw, rows["scale"].to_numpy())
