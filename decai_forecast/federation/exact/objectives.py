"""The losses that are exact: squared error, and the quantile loss with its leaves renewed by weighted order statistics.

Weights are multiples of ``WEIGHT_STEP`` from one step to ``WEIGHT_CAP``, in units of the mean weight. Quantile gradients
are those of LightGBM's ``quantile`` times the denominator of alpha (10 for 0.1 and 0.9): whole numbers times the weight.
The factor changes no split, since gains scale with its square, and no leaf, since leaves are renewed.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Protocol

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.fixed_point import Column, Floats, Format, bits_for

__all__ = ["WEIGHT_CAP", "WEIGHT_STEP", "Objective", "Quantile", "SquaredError", "to_steps"]

WEIGHT_STEP = 1 / 64  # of the mean weight
WEIGHT_CAP = 16.0  # times the mean weight: no row may decide a leaf alone
WEIGHT_BITS = 6
MAX_DENOMINATOR = 100  # of alpha: 0.975 has 40
RESIDUAL_ROOM = 4.0  # residuals may grow to this multiple of the largest one at the start
Float32 = npt.NDArray[np.float32]
Steps = npt.NDArray[np.int64]


def to_steps(weight: npt.ArrayLike) -> Steps:
    """Weights in whole steps; :class:`Refused` unless all are positive and finite."""
    given = np.asarray(weight, float)
    if not (np.isfinite(given) & (given > 0)).all():
        raise Refused("a row's weight is not a positive number; give every row one, 1.0 on average")
    return np.asarray(np.clip(np.rint(given / WEIGHT_STEP), 1, WEIGHT_CAP / WEIGHT_STEP), dtype=np.int64)


def _weights(steps: int, weighted: bool) -> Column:
    """How sums of weights are written: in steps, or in rows where all weigh alike."""
    return Column(WEIGHT_BITS, steps) if weighted else Column(0, steps >> WEIGHT_BITS)


class Objective(Protocol):
    """What a loss has to say to the training; implementations hold no state."""

    @property
    def name(self) -> str:
        """LightGBM's name of it, for the header of the model."""

    @property
    def renews(self) -> float | None:
        """The alpha of the order statistic that replaces a leaf's value, or None."""

    def format(self, steps: int, largest: float, weighted: bool) -> Format:
        """How sums are written, given all rows' weight in steps and a bound of the labels' distance from the start."""

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        """Gradient and hessian of each row, on the grid; zero for rows of no steps (left out of a tree's bag)."""


@dataclass(frozen=True)
class SquaredError:
    """weight * (score - label)^2 / 2."""

    name: str = "regression"
    renews: None = None

    def format(self, steps: int, largest: float, weighted: bool) -> Format:
        bound = RESIDUAL_ROOM * largest * steps * WEIGHT_STEP
        bits = bits_for(bound)
        return Format(Column(bits, int(np.ceil(bound * 2.0**bits))), _weights(steps, weighted))

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        weight = (steps * WEIGHT_STEP).astype(np.float32)
        rough = (score - label).astype(np.float32) * weight  # rounded twice, as LightGBM does
        grid = np.float64(2.0**form.gradient.bits)
        return (np.rint(rough * grid) / grid).astype(np.float32), weight


@dataclass(frozen=True)
class Quantile:
    """The pinball loss: alpha * (label - score) above the score, (1 - alpha) * (score - label) below."""

    alpha: float
    name: str = "quantile"

    def __post_init__(self) -> None:
        if not 0 < self.alpha < 1 or self._share.denominator > MAX_DENOMINATOR:
            raise Refused(f"quantile {self.alpha}: expected a fraction between 0 and 1, not finer than 1/{MAX_DENOMINATOR}")

    @property
    def _share(self) -> Fraction:
        return Fraction(str(self.alpha))

    @property
    def factor(self) -> int:
        """The largest gradient, in weights."""
        return max(self._share.numerator, self._share.denominator - self._share.numerator)

    @property
    def renews(self) -> float:
        return float(np.float32(self.alpha))  # LightGBM keeps its alpha as a float32

    def format(self, steps: int, largest: float, weighted: bool) -> Format:  # noqa: ARG002  all losses are asked alike
        weights = _weights(steps, weighted)
        return Format(Column(weights.bits, weights.largest * self.factor), weights)

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        del form  # whole multiples of the weight are on its grid already
        weight = (steps * WEIGHT_STEP).astype(np.float32)
        above, below = self._share.denominator - self._share.numerator, -self._share.numerator
        sign = np.where(score - label >= 0, np.float32(above), np.float32(below))
        return sign * weight, weight
