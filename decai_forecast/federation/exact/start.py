"""Where the trees begin: the constant score of all rows, and the facts that set the number format."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import OutOfRange, Refused
from decai_forecast.federation.exact.order import Renewal, SecureSum
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.roster import MAX_PARTIES
from decai_forecast.federation.gate.sums import start_sums

__all__ = ["Start", "agree_start", "label_sum"]

MEAN_BITS = 20  # fraction bits of the labels in the sum for their mean
LARGEST_LABEL_SUM = 2**63 // MAX_PARTIES  # of one participant: then the sum over all fits a word of eight bytes
EXPONENTS = np.arange(-40, 41)  # of two: bounds of the largest label that can be told apart


@dataclass(frozen=True)
class Start:
    """``score``: the constant that all rows begin with. ``steps``: everybody's weight. ``largest``: a power of two that no
    row's ``reach`` exceeds: as a rule its label's distance from the score."""

    score: float
    steps: int
    largest: float


def agree_start(
    secure_sum: SecureSum, plan: ExactPlan, label: npt.NDArray[np.float32], steps: npt.NDArray[np.int64], rows: int
) -> Start:
    """The start over everybody's rows, of which there are ``rows``: the score of the weighted mean, or the quantile of the
    objective. ``label``: as the objective learns it."""
    own = np.array([label_sum(label, steps), steps.sum(), len(label)], dtype=np.int64)
    sums = start_sums(secure_sum("start", own, 8), rows)
    everybody, alpha = int(sums[1]), plan.objective.renews
    if alpha is None:
        score = plan.objective.score(float(sums[0]) * 2.0**-MEAN_BITS / everybody)
    else:
        rule = Renewal(alpha, plan.weighted, 1, everybody + int(sums[2]))
        score = float(rule.values(secure_sum, label.astype(np.float64), steps, np.zeros(len(label), dtype=np.int64), 1)[0])
    return Start(score, everybody, _largest(secure_sum, plan.objective.reach(label, score)))


def label_sum(label: npt.NDArray[np.float32], steps: npt.NDArray[np.int64]) -> int:
    """Weight times label of the own rows, in steps of 2^-20 of a label and of a weight's; :class:`Refused` if too large."""
    weighted = np.rint(label.astype(np.float64) * steps * 2.0**MEAN_BITS)
    if np.abs(weighted).sum() >= LARGEST_LABEL_SUM:
        raise Refused("labels are too large for exact sums: divide them by a common scale first")
    return int(weighted.astype(np.int64).sum())  # added as whole numbers: the order of rows does not matter


def _largest(secure_sum: SecureSum, own: float) -> float:
    """The smallest power of two that bounds everybody's ``own``. Who exceeds a bound gives a random word for it, the
    others 0: the sum tells whether anybody does, not who or how many (but with probability 2^-63)."""
    exceeds = own > 2.0**EXPONENTS
    random = np.frombuffer(os.urandom(8 * len(exceeds)), np.int64)
    anybody = secure_sum("largest", np.where(exceeds, random, 0), 8) != 0
    if anybody.all():
        raise OutOfRange("labels are too large for exact sums: divide them by a common scale first")
    return float(2.0 ** EXPONENTS[np.argmin(anybody)])
