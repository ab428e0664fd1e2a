"""Averages of numeric vectors that a few wrong ones cannot move far, for coefficients (of Fourier terms, of Prophet) that each
company fits by itself: coordinate by coordinate, as Flower's FedMedian and FedTrimmedAvg (Yin et al., "Byzantine-Robust
Distributed Learning", ICML 2018).

Whoever averages sees every vector: these are not for what must stay hidden. Under masks there is no median.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from decai_forecast.errors import FederationError

__all__ = ["coordinate_median", "trimmed_mean"]

Floats = npt.NDArray[np.float64]


def coordinate_median(vectors: Sequence[npt.ArrayLike]) -> Floats:
    """The median of each coordinate; right while fewer than half of ``vectors`` are wrong."""
    return np.asarray(np.median(_stacked(vectors), axis=0), dtype=float)


def trimmed_mean(vectors: Sequence[npt.ArrayLike], share: float = 0.2) -> Floats:
    """The mean of each coordinate without the ``share`` of smallest and of largest values, rounded down to whole vectors;
    right while no more than these are wrong."""
    stacked = np.sort(_stacked(vectors), axis=0)
    cut = int(share * len(stacked))
    if not 0 <= share < 0.5:
        raise FederationError(f"a share of {share:g} cut off at both ends leaves nothing; expected 0 to below 0.5")
    return np.asarray(stacked[cut : len(stacked) - cut].mean(axis=0), dtype=float)


def _stacked(vectors: Sequence[npt.ArrayLike]) -> Floats:
    given = [np.asarray(vector, float) for vector in vectors]
    if not given or len({one.shape for one in given}) > 1 or not all(np.isfinite(one).all() for one in given):
        raise FederationError(
            f"{len(given)} vectors of shapes {sorted({one.shape for one in given})}: expected one shape, finite"
        )
    return np.stack(given)
