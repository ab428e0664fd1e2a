"""What the trees learn: the square root of demand in multiples of the series' own scale.

The root steadies the spread (a count's standard deviation grows with its root), so that a leaf is not decided by a few
large orders; quantiles pass through it unchanged, since it is monotone. Measured in docs/benchmarks.md.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

__all__ = ["LARGEST_RATIO", "from_target", "to_target"]

LARGEST_RATIO = (
    100.0  # times the own scale: above a single sale in the longest window of a scale, 91 days; slips are gone before
)


def to_target(quantity: npt.ArrayLike, scale: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """sqrt(quantity / scale), the ratio clipped to 0 .. ``LARGEST_RATIO``."""
    ratio = np.asarray(quantity, float) / np.asarray(scale, float)
    return np.asarray(np.sqrt(np.clip(ratio, 0.0, LARGEST_RATIO)), dtype=float)


def from_target(target: npt.ArrayLike, scale: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Units: the inverse of :func:`to_target`; negative values become 0."""
    return np.asarray(np.maximum(np.asarray(target, float), 0.0) ** 2 * np.asarray(scale, float))
