"""Bins that all participants share, agreed without showing rows.

Quantiles of every feature over everybody's rows are found exactly; each participant then gives LightGBM the same made-up
sample of them, so all build the same bins, and lays its own rows into these.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.order import SecureSum, feature_quantiles
from decai_forecast.federation.exact.packed_ints import Ints
from decai_forecast.federation.gate.sums import row_counts

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["MIN_BIN_ROWS", "Bins", "agree_bins"]

POINTS_PER_BIN = 4  # quantiles per bin: bins from fewer differ from those of the rows themselves
MIN_BIN_ROWS = 10  # known values between two quantiles: no bin is narrower than a few rows of everybody's
SIGNS = 4  # made-up rows without a value, where somebody lacks one: they give the feature a bin of its own for it


@dataclass(frozen=True)
class Bins:
    """What all know of the rows together: how many, how many known values per feature, and the features' quantiles."""

    rows: int
    present: tuple[int, ...]
    quantiles: npt.NDArray[np.float64]  # features x points; NaN for a feature that nobody knows, or that has codes
    coded: Mapping[int, int] = field(default_factory=dict)  # feature -> entries of its code book

    @property
    def digest(self) -> bytes:
        counts = struct.pack(f"<{len(self.present) + 1}q", self.rows, *self.present)
        books = repr(sorted(self.coded.items())).encode()
        return hashlib.sha256(counts + np.ascontiguousarray(self.quantiles).tobytes() + books).digest()

    def sample(self) -> npt.NDArray[np.float64]:
        """The made-up rows: each feature's quantiles or all of its codes, and rows without a value where somebody lacks one."""
        features, least = self.quantiles.shape
        points = max(least, *self.coded.values(), 1)
        sample = np.full((points + SIGNS, features), np.nan)
        sample[:points] = self.quantiles.T[np.minimum(np.arange(points), least - 1)]
        for feature, entries in self.coded.items():
            sample[:points, feature] = np.arange(points) % entries
        whole = np.array(self.present) == self.rows
        sample[points:, whole] = sample[points - 1, whole]
        return sample

    def dataset(self, X: npt.NDArray[np.float32], max_bin: int, feature_names: Sequence[str]) -> lgb.Dataset:
        """``X`` in these bins, ready for a training with custom gradients."""
        import lightgbm as lgb

        sample = self.sample()
        params: Mapping[str, Any] = {
            "max_bin": max_bin,
            "min_data_in_bin": 1,
            "feature_pre_filter": False,
            "enable_bundle": False,
            "bin_construct_sample_cnt": max(len(sample), 1000),
            "data_random_seed": 1,
            "min_data_in_leaf": 1,
            "num_threads": 1,
            "verbosity": -1,
        }
        both: Mapping[str, Any] = {
            "params": params,
            "feature_name": list(feature_names),
            "categorical_feature": sorted(self.coded),
        }
        reference = lgb.Dataset(sample, np.zeros(len(sample)), free_raw_data=False, **both).construct()
        data = lgb.Dataset(X, np.zeros(len(X)), reference=reference, free_raw_data=True, **both)
        return data.construct()


def agree_bins(
    secure_sum: SecureSum,
    X: npt.NDArray[np.float32],
    max_bin: int,
    coded: Mapping[int, int] | None = None,
    expected: int | None = None,
) -> Bins:
    """The bins over everybody's rows; all participants call it at the same step. ``coded``: feature -> entries of its code
    book, which are its bins. ``expected``: all rows, where all said beforehand how many they have."""
    coded = coded or {}
    known = (~np.isnan(X)).sum(axis=0).astype(np.int64)
    own = np.concatenate([[len(X)], known]).astype(np.int64)
    counts = row_counts(secure_sum("rows", own, 5), own, expected)
    rows, present = int(counts[0]), counts[1:]
    numeric = np.array([feature not in coded for feature in range(X.shape[1])])
    found = feature_quantiles(secure_sum, X[:, numeric], _ranks(present[numeric], max_bin), present[numeric])
    quantiles = np.full((len(numeric), found.shape[1]), np.nan)
    quantiles[numeric] = np.where(present[numeric, None] < MIN_BIN_ROWS, np.nan, found)
    return Bins(rows, tuple(int(count) for count in present), quantiles, coded)


def _ranks(present: Ints, max_bin: int) -> Ints:
    """Features x points: ranks ceil(known * i / (K + 1)), i = 1 .. K; a feature with fewer points has the last one again."""
    points = np.clip(present // MIN_BIN_ROWS, 0, POINTS_PER_BIN * max_bin)[:, None]
    place = np.minimum(np.arange(1, points.max(initial=1) + 1), points)
    return np.asarray(-(-present[:, None] * place // (points + 1)), dtype=np.int64)
