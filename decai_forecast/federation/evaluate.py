"""Champion against challenger: every partner scores the forecaster in use and the new one on its own newest rows.

Only scores leave a partner. The challenger has learned from these rows too and the champion has not, so this finds harm (a
poisoned or broken training), not gain; whether the shared forecaster is better than a partner's own is decided by each
partner's backtest, out of sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from statistics import median
from typing import Any

import numpy as np
import numpy.typing as npt
from flwr.app import Message, MessageType
from flwr.serverapp import Grid

from decai_forecast.errors import FederationError
from decai_forecast.federation.ask import ask
from decai_forecast.federation.plan import Plan

__all__ = ["Score", "Verdict", "evaluate_together", "judge", "score_of"]

TOLERANCE = 0.02  # of the champion's loss: as much is chance
WORSE_AT_MOST = 0.5  # of the partners; one that lies, or whose own rows are poisoned, decides nothing
NEWEST = 0.1  # share of a partner's rows that is its hold-out
BITS = 20  # fraction bits of a score
LARGEST_SCORE = 2.0**40  # of a score that makes sense
Texts = Mapping[float, str]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """A partner's pinball loss over its hold-out, of all quantiles together, weighted. ``rows``: of the hold-out."""

    rows: int
    champion: float
    challenger: float

    @property
    def gain(self) -> float:
        """Share of the champion's loss that the challenger saves; negative if it is worse."""
        return 1 - self.challenger / self.champion if self.champion else -float(self.challenger > 0)


@dataclass(frozen=True)
class Verdict:
    """Whether the challenger ships, and why; ``scores`` by partner."""

    promoted: bool
    reason: str
    scores: Mapping[str, Score] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        gains = {partner: asdict(one) | {"gain": round(one.gain, 4)} for partner, one in sorted(self.scores.items())}
        return {"promoted": self.promoted, "reason": self.reason, "scores": gains}


def judge(scores: Mapping[str, Score], minimum: int) -> Verdict:
    """The challenger ships unless it is worse at most partners, or the median partner loses; the worst is named, no more."""
    if len(scores) < minimum:
        return Verdict(False, f"{len(scores)} partners could score both forecasters, {minimum} are needed", scores)
    gains = {partner: one.gain for partner, one in scores.items()}
    middle, worst = median(gains.values()), min(sorted(gains), key=gains.__getitem__)
    told = f"median gain {100 * middle:+.1f} %, worst {worst} {100 * gains[worst]:+.1f} %"
    worse = sum(gain < -TOLERANCE for gain in gains.values())
    if worse > WORSE_AT_MOST * len(gains) or middle < -TOLERANCE:
        why = f"the new forecaster is worse at {worse} of {len(gains)} partners ({told})"
        return Verdict(False, f"{why}: what was put into the training is suspect", scores)
    return Verdict(True, told, scores)


def evaluate_together(
    grid: Grid, plan: Plan, cutoff: date, names: Mapping[int, str], champion: Texts, challenger: Texts
) -> Verdict:
    """Asks the nodes of ``names`` (node -> partner) to score both; whoever answers with something else is left out."""
    values: dict[str, Any] = {"cutoff": cutoff.isoformat()}
    for role, texts in (("champion", champion), ("challenger", challenger)):
        values |= {f"{role}-{quantile}": texts[quantile].encode() for quantile in plan.quantiles}
    replies = ask(grid, names, MessageType.EVALUATE, values, plan.timeout, group=f"{cutoff}/evaluate", grace=plan.grace)
    scores = {names[node]: one for node, reply in replies.items() if (one := _read(reply)) is not None}
    return judge(scores, plan.minimum)


def _read(reply: Message) -> Score | None:
    if reply.has_error():
        return None
    try:
        said = reply.content["config"]
        score = Score(int(said["rows"]), *(int(said[role]) * 2.0**-BITS for role in ("champion", "challenger")))
    except (KeyError, TypeError, ValueError, OverflowError):
        return None
    return score if score.rows > 0 and all(0 <= one <= LARGEST_SCORE for one in (score.champion, score.challenger)) else None


def score_of(
    X: npt.NDArray[np.float32], target: Floats, weight: Floats | None, newest: npt.NDArray[np.bool_], roles: Mapping[str, Texts]
) -> dict[str, int]:
    """A partner's answer: rows of the hold-out, and each role's loss in steps of 2^-20. The texts are valid."""
    own = np.ones(len(target)) if weight is None else weight
    part = X[newest], target[newest], own[newest]
    return {"rows": int(newest.sum())} | {role: _steps(_loss(texts, *part)) for role, texts in roles.items()}


def _loss(texts: Texts, X: npt.NDArray[np.float32], target: Floats, weight: Floats) -> float:
    import lightgbm as lgb

    total = 0.0
    for alpha, text in texts.items():
        error = target - np.asarray(lgb.Booster(model_str=text).predict(X, num_threads=1))
        total += float((np.maximum(alpha * error, (alpha - 1) * error) * weight).sum())
    return total / float(weight.sum())


def _steps(loss: float) -> int:
    if not math.isfinite(loss):
        raise FederationError("a forecaster's loss on the own rows is not finite")
    return math.floor(loss * 2.0**BITS + 0.5)


def newest_of(back: Iterable[float] | None, rows: int) -> npt.NDArray[np.bool_]:
    """The hold-out: the rows whose targets lie least far ``back`` before the cut-off; all rows where that is not known."""
    if back is None:
        return np.ones(rows, bool)
    far = np.asarray(back, float)
    return np.asarray(far <= np.quantile(far, NEWEST), dtype=np.bool_)
