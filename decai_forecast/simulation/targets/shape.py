"""How far a level lies above the mean demand that it protects: one shape for all periods of a site and item.

A level of period t is ``mean[t] + spread[t] * z``; z is a quantile of the demand protected in all periods and replications,
each less its mean, in its own spread. All periods together tell far more of the tail than any one of them; beyond the largest
samples the tail is exponential, as that of demand itself is. Probabilities are told as their logits, since what matters of a
probability near 1 is how far it is from it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.engine.frame import Late, Samples
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.requirements import asked_of, slowest
from decai_forecast.simulation.network.stages import Group

__all__ = ["Shape", "expected_in", "logit", "protected_by", "protected_in", "shape_of"]

TOP = 10  # of the largest samples: beyond them the exponential tail
TAIL = 50  # one in so many samples tells how fast it decays


@dataclass(frozen=True)
class Shape:
    """``mean``, ``spread``: [node, item, period]. ``ordered``: [node, item, sample], ascending, without unit."""

    mean: Floats
    spread: Floats
    ordered: npt.NDArray[np.float32]

    def level(self, at: Floats) -> Floats:
        """[node, item, period], at least 0: the level that covers the protected demand with the probability whose logit is
        ``at`` ([node, item]). Below the smallest sample it falls to nothing."""
        level = self.mean + self.spread * self._deviate(at)[:, :, None]
        below = np.exp(np.minimum(at - self.lowest, 0.0))[:, :, None]
        return np.asarray(np.maximum(level, 0.0) * below)

    @property
    def lowest(self) -> float:
        """The logit of the smallest sample; ``lowest + log(share)`` is that share of its level."""
        return -float(np.log(self.ordered.shape[2]))

    def covered(self, level: Floats) -> Floats:
        """Cycle service, [node, item]: the share of samples and periods whose protected demand the level covers."""
        z = np.divide(level - self.mean, self.spread, out=np.where(level >= self.mean, np.inf, -np.inf), where=self.spread > 0)
        count = self.ordered.shape[2]
        found = np.empty(z.shape[:2])
        for at in np.ndindex(found.shape):
            found[at] = np.searchsorted(self.ordered[at], z[at] + 1e-6, side="right").mean() / count
        return found

    def _deviate(self, at: Floats) -> Floats:
        """[node, item]: z at the logits."""
        ordered, count = self.ordered, self.ordered.shape[2]
        top, tail = min(TOP, count - 1), min(max(TOP, count // TAIL), count - 1)
        place = np.clip((count + 1) / (1 + np.exp(-np.clip(at, -700, 700))) - 1, 0.0, count - 1.0 - top)
        low = np.floor(place).astype(np.int64)
        below, above = (
            np.take_along_axis(ordered, k[:, :, None], axis=2)[:, :, 0] for k in (low, np.minimum(low + 1, count - 1))
        )
        decay = ordered[:, :, count - tail :].mean(axis=2) - ordered[:, :, count - 1 - tail]
        rare = np.logaddexp(0.0, at) + np.log((top + 1) / (count + 1))  # how much rarer than the last sample that is used
        return np.asarray(below + (place - low) * (above - below) + decay * np.maximum(rare, 0.0))


def shape_of(protected: Floats, mean: Floats, spread: Floats) -> Shape:
    """Of samples of the demand that each period's level protects, [node, item, period, replication].

    ``mean``, ``spread``: of it as the law of demand says without samples, [node, item, period], up to a factor that is the same
    for all periods and comes from the samples: what moves together or comes late makes it larger. Of one period alone the
    samples would tell little.
    """
    centre = mean * _share(protected.mean(axis=(2, 3), dtype=np.float64), mean.mean(axis=2))[:, :, None]
    off = protected - centre[..., None]
    wide = spread * _share(np.sqrt(np.square(off).mean(axis=(2, 3))), np.sqrt(np.square(spread).mean(axis=2)))[:, :, None]
    off /= np.where(wide > 0, wide, 1.0)[..., None]
    ordered = np.sort(off.reshape(*off.shape[:2], -1).astype(np.float32), axis=2)
    return Shape(centre, wide, ordered)


def _share(of: Floats, whole: Floats) -> Floats:
    return np.divide(of, whole, out=np.ones_like(of), where=whole > 0)


def protected_by(asked: npt.NDArray[Any], span: Ints, late: Late | None, first: int, horizon: int) -> Floats:
    """The demand that a level set in each of ``horizon`` periods from ``first`` on protects, [node, item, period,
    replication]: of ``span`` ([node, item]) periods after it, and those that the shipment is late ([node, item, period,
    replication]). ``asked``: [node, item, period, replication]; where it ends, nothing more is asked.
    """
    total = np.zeros((*asked.shape[:2], asked.shape[2] + 1, asked.shape[3]))
    for t in range(asked.shape[2]):  # quicker than a sum along an inner axis
        np.add(total[:, :, t], asked[:, :, t], out=total[:, :, t + 1])
    begin, last = first + 1, total.shape[2] - 1
    out = np.empty((*asked.shape[:2], horizon, asked.shape[3]))
    for periods in np.unique(span):
        rows = span == periods
        out[rows] = total[rows, begin + periods : begin + periods + horizon]
    if late is not None:
        for at in np.argwhere(late[:, :, first : first + horizon].any(axis=(2, 3))):
            node, item = map(int, at)
            after = np.arange(horizon)[:, None] + int(span[node, item]) + late[node, item, first : first + horizon]
            out[node, item] = np.take_along_axis(total[node, item], np.minimum(begin + after, last), axis=0)
    out -= total[:, :, begin : begin + horizon]
    return out


def protected_in(group: Group, sold: Samples, late: Late | None, first: int, horizon: int) -> Floats:
    """:func:`protected_by` of every node of a group, by the lane that takes longest. ``sold``: outside demand, [demand node,
    item, period, replication]; ``late``: [lane, item, period, replication]."""
    lane = np.maximum(slowest(group), 0)
    span = np.take_along_axis(group.stages.lead, lane, axis=0) + group.stages.review[:, None] - 1
    own = None if late is None else np.take_along_axis(late, lane[:, :, None, None], axis=0)
    return protected_by(asked_of(group, sold), span, own, first, horizon)


def expected_in(group: Group, asked: Floats, first: int, horizon: int) -> Floats:
    """The sum over what each period's level protects if nothing is late, [node, item, period]; ``asked``: [node, item,
    period]."""
    lane = np.maximum(slowest(group), 0)
    span = np.take_along_axis(group.stages.lead, lane, axis=0) + group.stages.review[:, None] - 1
    return protected_by(asked[..., None], span, None, first, horizon)[..., 0]


def logit(probability: Floats) -> Floats:
    """Of probabilities within (0, 1)."""
    return np.asarray(np.log(probability) - np.log1p(-probability))
