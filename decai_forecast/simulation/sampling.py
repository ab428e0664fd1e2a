"""Demand samples from a quantile forecast.

Uniforms come from a Philox generator keyed by seed, item and location, so a series gets the same samples whatever else is
simulated beside it, and all scenarios share them (common random numbers: differences between scenarios are not noise of
sampling). They are inverted through the table of quantiles.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from math import log

import numpy as np
import numpy.typing as npt

__all__ = ["LEVELS", "Floats", "correlate", "inverse", "uniforms"]

Floats = npt.NDArray[np.float64]
LEVELS = np.array([0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99])  # of the forecast's columns q05 .. q99
KNOTS = np.concatenate([[0.0], LEVELS])
WORD = 2**64  # Philox takes a key of two words: the seed and the name of the series


def uniforms(seed: int, series: Sequence[tuple[str, str]], shape: tuple[int, ...]) -> Floats:
    """Uniforms in [0, 1) per ``(location_id, item_id)``: shape ``(len(series), *shape)``."""
    out = np.empty((len(series), *shape))
    for row, (location, item) in enumerate(series):
        name = int.from_bytes(blake2b(f"{len(location)}:{location}{item}".encode(), digest_size=8).digest())
        key = np.array([seed % WORD, name], dtype=np.uint64)
        np.random.Generator(np.random.Philox(key=key)).random(out=out[row])
    return out


def correlate(u: Floats, correlation: float) -> Floats:
    """Uniforms whose periods (axis -2) follow a Gaussian AR(1) copula; each margin stays uniform."""
    if correlation == 0.0:
        return u
    from scipy.special import ndtr, ndtri

    z = ndtri(np.maximum(u, np.finfo(float).tiny))
    for t in range(1, z.shape[-2]):
        z[..., t, :] = correlation * z[..., t - 1, :] + (1 - correlation**2) ** 0.5 * z[..., t, :]
    return np.asarray(ndtr(z), dtype=float)


def inverse(quantiles: Floats, u: Floats) -> Floats:
    """The inverse distribution at ``u`` (series x periods x samples), in the units of ``quantiles`` (series x periods x 8).

    Linear between the levels; below q05 the line through q05 and q10 goes on, not below 0; beyond q99 an exponential tail
    with the decay seen between q95 and q99.
    """
    low = np.maximum(2 * quantiles[..., :1] - quantiles[..., 1:2], 0.0)
    values = np.maximum.accumulate(np.concatenate([low, np.maximum(quantiles, 0.0)], axis=-1), axis=-1)
    slopes = np.diff(values, axis=-1) / np.diff(KNOTS)
    cell = np.searchsorted(KNOTS, u, side="right") - 1
    inside = np.minimum(cell, len(slopes[0, 0]) - 1)
    found: Floats = np.take_along_axis(values, inside, axis=-1) + np.take_along_axis(slopes, inside, axis=-1) * (
        u - KNOTS[inside]
    )
    beyond = np.nonzero(cell == len(KNOTS) - 1)
    q95, q99 = (values[..., k][beyond[:-1]] for k in (-2, -1))
    decay = (q99 - q95) / log((1 - LEVELS[-2]) / (1 - LEVELS[-1]))
    found[beyond] = q99 + decay * np.log((1 - LEVELS[-1]) / (1 - u[beyond]))
    return found
