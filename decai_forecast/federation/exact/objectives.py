"""The losses that are exact: squared error, Tweedie, and the quantile loss, whose leaves are weighted order statistics.

Weights are multiples of ``WEIGHT_STEP`` from one step to ``WEIGHT_CAP``, in units of the mean weight. Quantile gradients
are those of LightGBM's ``quantile`` times the denominator of alpha (10 for 0.1 and 0.9): whole numbers times the weight.
The factor changes no split, since gains scale with its square, and no leaf, since leaves are renewed.

Labels are roots of demand (``demand/target.py``). A root's mean says nothing of demand's, so Tweedie learns their squares.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.fixed_point import Column, Floats, Format, bits_for

__all__ = ["WEIGHT_CAP", "WEIGHT_STEP", "Objective", "Quantile", "SquaredError", "Tweedie", "to_steps"]

WEIGHT_STEP = 1 / 64  # of the mean weight
WEIGHT_CAP = 16.0  # times the mean weight: no row may decide a leaf alone
WEIGHT_BITS = 6
MAX_DENOMINATOR = 100  # of alpha: 0.975 has 40
RESIDUAL_ROOM = 4.0  # residuals may grow to this multiple of the largest one at the start
LOWEST_SCORE, HIGHEST_SCORE = -7.0, 5.0  # logarithms of a mean, in multiples of a series' own: beyond them Tweedie learns as
# if the score were there, so that gradients have a bound
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


def _finest(bound: float) -> Column:
    """The finest column for totals within +-``bound``."""
    bits = bits_for(bound)
    return Column(bits, int(np.ceil(bound * 2.0**bits)))


def _on_grid(values: npt.NDArray[np.floating[Any]], weight: Float32, column: Column) -> Float32:
    """``values`` times their weight, on the column's grid."""
    rough = values.astype(np.float32) * weight  # rounded twice, as LightGBM does
    grid = np.float64(2.0**column.bits)
    return (np.rint(rough * grid) / grid).astype(np.float32)


class Objective(Protocol):
    """What a loss has to say to the training; implementations hold no state."""

    @property
    def name(self) -> str:
        """LightGBM's name of it, for the header of the model."""

    @property
    def renews(self) -> float | None:
        """The alpha of the order statistic that replaces a leaf's value, or None."""

    @property
    def counts_leaves(self) -> bool:
        """Whether a leaf could hold one row alone, whatever its least weight: leaves with few rows then learn nothing."""

    def learned(self, label: Float32) -> Float32:
        """What is learned of the rows' labels."""

    def score(self, mean: float) -> float:
        """The constant score whose forecast is ``mean``, of what is learned."""

    def forecast(self, score: Floats) -> Floats:
        """What the scores say of what is learned."""

    def reach(self, learned: Float32, score: float) -> float:
        """The own rows' part of ``largest`` (see format), from the constant score that all begin with."""

    def format(self, steps: int, largest: float, weighted: bool) -> Format:
        """How sums are written, given all rows' weight in steps and a bound of everybody's ``reach``."""

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        """Gradient and hessian of each row, on the grid; zero for rows of no steps (left out of a tree's bag)."""


class _AsItIs:
    """The label itself is learned, and a score is its forecast."""

    @property
    def counts_leaves(self) -> bool:
        return False

    def learned(self, label: Float32) -> Float32:
        return label

    def score(self, mean: float) -> float:
        return mean

    def forecast(self, score: Floats) -> Floats:
        return score

    def reach(self, learned: Float32, score: float) -> float:
        return float(np.abs(learned - score).max())


@dataclass(frozen=True)
class SquaredError(_AsItIs):
    """weight * (score - label)^2 / 2."""

    name: str = "regression"
    renews: None = None

    def format(self, steps: int, largest: float, weighted: bool) -> Format:
        return Format(_finest(RESIDUAL_ROOM * largest * steps * WEIGHT_STEP), _weights(steps, weighted))

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        weight = (steps * WEIGHT_STEP).astype(np.float32)
        return _on_grid(score - label, weight, form.gradient), weight


@dataclass(frozen=True)
class Tweedie:
    """Minus Tweedie's log-likelihood of the squared label at the mean exp(score), as LightGBM has it: the mean of demand with
    many zeros, whose season multiplies. ``power``: of the variance, between 1 (Poisson) and 2 (gamma)."""

    power: float
    name: str = "tweedie"
    renews: None = None

    def __post_init__(self) -> None:
        if not 1 < self.power < 2:
            raise Refused(f"variance power {self.power}: expected a number between 1 and 2")

    @property
    def counts_leaves(self) -> bool:
        return True

    def learned(self, label: Float32) -> Float32:
        return np.asarray(label * label, dtype=np.float32)

    def score(self, mean: float) -> float:
        if not mean > 0:
            raise Refused("nothing was sold in any row: there is no mean to learn")
        return math.log(mean)

    def forecast(self, score: Floats) -> Floats:
        return np.exp(score)

    def reach(self, learned: Float32, score: float) -> float:
        del score  # the bounds of format hold from any score
        return float(learned.max())

    def format(self, steps: int, largest: float, weighted: bool) -> Format:
        del weighted  # hessians are no weights here
        sold, forecast = largest * math.exp((1 - self.power) * LOWEST_SCORE), math.exp((2 - self.power) * HIGHEST_SCORE)
        slope, bend = max(sold, forecast), (self.power - 1) * sold + (2 - self.power) * forecast
        return Format(_finest(slope * steps * WEIGHT_STEP), _finest(bend * steps * WEIGHT_STEP))

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        near = np.clip(score, LOWEST_SCORE, HIGHEST_SCORE)
        sold, forecast = label * np.exp((1 - self.power) * near), np.exp((2 - self.power) * near)
        weight = (steps * WEIGHT_STEP).astype(np.float32)
        slope, bend = forecast - sold, (2 - self.power) * forecast - (1 - self.power) * sold
        return _on_grid(slope, weight, form.gradient), _on_grid(bend, weight, form.hessian)


@dataclass(frozen=True)
class Quantile(_AsItIs):
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

    def format(self, steps: int, largest: float, weighted: bool) -> Format:
        del largest  # gradients are whole multiples of the weight, whatever the labels are
        weights = _weights(steps, weighted)
        return Format(Column(weights.bits, weights.largest * self.factor), weights)

    def gradients(self, score: Floats, label: Float32, steps: Steps, form: Format) -> tuple[Float32, Float32]:
        del form  # whole multiples of the weight are on its grid already
        weight = (steps * WEIGHT_STEP).astype(np.float32)
        above, below = self._share.denominator - self._share.numerator, -self._share.numerator
        sign = np.where(score - label >= 0, np.float32(above), np.float32(below))
        return sign * weight, weight
