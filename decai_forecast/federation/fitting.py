"""A company's own fit of the additive model (fourier.py) to its training rows: smoothed quantile loss plus ridge."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.errors import FederationError
from decai_forecast.federation.codes import MALFORMED
from decai_forecast.federation.fourier import Design

__all__ = ["NotFinite", "fit"]

SMOOTH = 0.05  # of the target: within it the loss is a parabola, so that it has a gradient everywhere
RIDGE = 30.0  # mean rows: what holds a coefficient against its rows; how it was chosen: docs/benchmarks.md
STEPS = 300  # of the search at most; it ends by itself after about 130
Floats = npt.NDArray[np.float64]


class NotFinite(FederationError):
    """Training rows with a target or weight that is no number, or without weight."""

    code = MALFORMED


def fit(design: Design, X: npt.NDArray[np.float32], target: Floats, weight: Floats | None, quantile: float) -> Floats:
    """The ``design.size`` coefficients of ``quantile`` for the rows of ``X`` (rows x features), in units of ``target``.

    ``weight``: of each row; None: all alike. :class:`NotFinite` for what cannot be fitted.
    """
    from scipy.optimize import minimize

    own = np.ones(len(target)) if weight is None else weight
    if not (np.isfinite(target).all() and np.isfinite(own).all() and (own >= 0).all() and own.sum() > 0):
        raise NotFinite("training rows with a target or weight that is no number; prepare the round again")
    loss = _Loss(design, X, target, own / own.mean(), quantile)
    start = np.zeros(design.size)
    start[0] = np.quantile(target, quantile)
    return np.asarray(minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": STEPS}).x, dtype=float)


class _Loss:
    """Mean loss and its gradient, of coefficients; rows are read once, after that each step costs a few sums over leaves."""

    def __init__(self, design: Design, X: npt.NDArray[np.float32], target: Floats, weight: Floats, quantile: float) -> None:
        self._design, self._target, self._weight, self._quantile = design, target, weight, quantile
        self._leaves = [term.leaves(X) for term in design.terms]
        self._penalty = _penalty(design)

    def __call__(self, coefficients: Floats) -> tuple[float, Floats]:
        terms = zip(self._design.values(coefficients), self._leaves, strict=True)
        error = self._target - coefficients[0] - sum(values[leaves] for values, leaves in terms)
        inside = np.abs(error) < SMOOTH
        size = np.where(inside, (error**2 / SMOOTH + SMOOTH) / 2, np.abs(error))
        slope = self._weight * (np.where(inside, error / SMOOTH, np.sign(error)) / 2 + self._quantile - 0.5)
        ridge = RIDGE * self._penalty @ coefficients
        loss = (self._weight * (size / 2 + (self._quantile - 0.5) * error)).sum() + coefficients @ ridge / 2
        return float(loss) / len(error), (ridge - self._by_coefficient(slope)) / len(error)

    def _by_coefficient(self, slope: Floats) -> Floats:
        """Sums of ``slope`` over rows, times what each coefficient adds to them."""
        pairs = zip(self._design.terms, self._leaves, strict=True)
        sums = [term.basis.T @ np.bincount(leaves, slope, len(term.basis)) for term, leaves in pairs]
        return np.concatenate([[slope.sum()], *sums])


def _penalty(design: Design) -> Floats:
    """Coefficients x coefficients; the constant is free."""
    whole, at = np.zeros((design.size, design.size)), 1
    for term in design.terms:
        part = term.penalty
        whole[at : at + len(part), at : at + len(part)] = part
        at += len(part)
    return whole
