"""The additive model of which companies that train by coefficients (coefficients.py) each fit their own: Prophet's form with
flat growth, ``constant + year + weekday + levels``, for one quantile.

The year is a Fourier series, as Prophet's (Taylor & Letham, "Forecasting at Scale", 2018); it is read at the middle of each of
``SECTORS`` equal parts, so that a tree says the same to the last bit. Weekday and levels are step functions of a feature, with
knots that are public and the same for all: what a company's own quantiles would tell must not stand in the model. A missing
value is a step of its own. Terms whose features a plan lacks are left out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.additive_text import Branch, Splits

__all__ = ["Design", "Steps", "Term", "Year"]

ORDER = 6  # of the year: no wave is shorter than two months
SECTORS = 60  # of the year: six days each
WEEKDAYS = tuple(day + 0.5 for day in range(6))
RATIOS = (0.0, 0.1, 0.25, 0.5, 0.75, 0.9, 1.0, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0)  # of a level to the series' own scale
LEVELS = ("ewm_slow", "season_mean")
OWN_QUANTILES = ("recent_q", "year_q")  # of these, the one whose level lies nearest the model's
LEVEL = 0.1  # a level is drawn to zero by a tenth of what draws it to its neighbours
Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Year:
    """A Fourier series over the year, whose angle the columns ``sin`` and ``cos`` tell. Leaves: the sectors, then *missing*,
    which is zero."""

    sin: int
    cos: int

    def leaves(self, X: npt.NDArray[np.float32]) -> Ints:
        """The leaf of each row of ``X`` (rows x features)."""
        sin, half = X[:, self.sin].astype(float), SECTORS // 2
        place = np.searchsorted(self._edges, X[:, self.cos].astype(float))  # the smaller the cosine, the nearer to the middle
        leaf = np.where(sin > 0, half - 1 - place, half + place)
        return np.where(np.isnan(sin), SECTORS, leaf).astype(np.int64)

    @cached_property
    def basis(self) -> Floats:
        """Leaves x coefficients: what each coefficient adds in each leaf; cosine and sine of each order in turn."""
        middle = 2 * np.pi * (np.arange(SECTORS) + 0.5) / SECTORS
        waves = [wave(k * middle) for k in range(1, ORDER + 1) for wave in (np.cos, np.sin)]
        return np.vstack([np.stack(waves, axis=1), np.zeros(2 * ORDER)])

    @property
    def penalty(self) -> Floats:
        """Coefficients x coefficients: short waves cost more, as the square of their slope."""
        return np.diag(np.repeat(np.arange(1.0, ORDER + 1) ** 2, 2))

    def splits(self) -> Splits:
        """Which leaf a row falls into, as a tree's splits."""
        half = SECTORS // 2
        first, second = range(half - 1, -1, -1), range(half, SECTORS)
        halves = Branch(self.sin, 0.0, _halved(self.cos, self._edges, second), _halved(self.cos, self._edges, first))
        return Branch.known(self.sin, halves, SECTORS)

    @cached_property
    def _edges(self) -> Floats:
        """Cosines, ascending, at which one half of the year is cut."""
        half = SECTORS // 2
        return np.asarray(np.cos(np.pi * np.arange(half - 1, 0, -1) / half), dtype=float)


@dataclass(frozen=True)
class Steps:
    """A step function of one column: level k up to and with ``knots[k]``, one more above the last, one for *missing*."""

    column: int
    knots: tuple[float, ...]

    def leaves(self, X: npt.NDArray[np.float32]) -> Ints:
        """The leaf of each row of ``X`` (rows x features)."""
        values = X[:, self.column].astype(float)
        return np.where(np.isnan(values), len(self.knots) + 1, np.searchsorted(self.knots, values)).astype(np.int64)

    @cached_property
    def basis(self) -> Floats:
        """Leaves x coefficients: each leaf has its own."""
        return np.eye(len(self.knots) + 2)

    @property
    def penalty(self) -> Floats:
        """Coefficients x coefficients: neighbours stay close, so that a level without rows goes on from the next one."""
        between = np.diff(np.eye(len(self.knots) + 2)[:-1], axis=0)
        return np.asarray(between.T @ between + LEVEL * self.basis, dtype=float)

    def splits(self) -> Splits:
        """Which leaf a row falls into, as a tree's splits."""
        missing = len(self.knots) + 1
        return Branch.known(self.column, _halved(self.column, self.knots, range(missing)), missing)


Term = Year | Steps


def _halved(column: int, edges: Sequence[float] | Floats, leaves: Sequence[int]) -> Splits:
    """A balanced tree over ``leaves``, which ``edges`` (one fewer, ascending) part."""
    if len(leaves) == 1:
        return leaves[0]
    at = len(edges) // 2
    low, high = _halved(column, edges[:at], leaves[: at + 1]), _halved(column, edges[at + 1 :], leaves[at + 1 :])
    return Branch(column, float(edges[at]), low, high)


@dataclass(frozen=True)
class Design:
    """The terms of one quantile's model; its coefficients are the constant, then each term's in turn."""

    terms: tuple[Term, ...]

    @classmethod
    def of(cls, feature_names: Sequence[str], quantile: float) -> Design:
        """The terms that these features allow; the same for everybody who has them."""
        at = {name: k for k, name in enumerate(feature_names)}
        year = (Year(at["sin_year"], at["cos_year"]),) if {"sin_year", "cos_year"} <= set(at) else ()
        weekday = (Steps(at["weekday"], WEEKDAYS),) if "weekday" in at else ()
        names = [*(_nearest(at, prefix, quantile) for prefix in OWN_QUANTILES), *LEVELS]
        return cls((*year, *weekday, *(Steps(at[name], RATIOS) for name in names if name in at)))

    @property
    def size(self) -> int:
        """How many coefficients."""
        return 1 + sum(int(term.basis.shape[1]) for term in self.terms)

    def values(self, coefficients: npt.ArrayLike) -> list[Floats]:
        """Of each term: its value in each leaf, without the constant."""
        given = np.asarray(coefficients, float)
        cuts = np.cumsum([1, *(term.basis.shape[1] for term in self.terms)])
        return [term.basis @ given[low:high] for term, low, high in zip(self.terms, cuts, cuts[1:], strict=False)]

    def predict(self, coefficients: npt.ArrayLike, X: npt.NDArray[np.float32]) -> Floats:
        """The quantile of each row of ``X`` (rows x features), in units of the target."""
        found = np.full(len(X), float(np.asarray(coefficients, float)[0]))
        for term, values in zip(self.terms, self.values(coefficients), strict=True):
            found += values[term.leaves(X)]
        return found


def _nearest(at: Mapping[str, int], prefix: str, quantile: float) -> str:
    """The feature ``prefix`` + per cent whose level lies nearest ``quantile``, the lower of two; empty if there is none."""
    levels = {name: int(found[1]) for name in at if (found := re.fullmatch(rf"{prefix}(\d+)", name))}
    return min(levels, key=lambda name: (abs(levels[name] - 100 * quantile), levels[name]), default="")
