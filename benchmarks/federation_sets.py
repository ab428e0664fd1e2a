"""Rows of real companies as the shared forecaster gets them, and a made-up panel with many ties.

Real sets are not part of the project: the folder that holds them is named by ``DECAI_TEST_DATA``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from forecast_sets import SETS, load

from decai_forecast.demand import FEATURES, prepare
from decai_forecast.demand.target import from_target
from decai_forecast.errors import NotEnoughData

__all__ = ["REAL", "Company", "companies", "ties", "write"]

SETS["iowa_small"] = "iowa_orders_small.parquet"
REAL = ("iowa_small", "civ", "stallion")
Array = np.ndarray


@dataclass(frozen=True)
class Company:
    """Training rows of one cut-off, and the rows of its horizon with the quantities that came (units) and their scale."""

    X: Array
    y: Array
    weight: Array
    future: Array
    scale: Array
    actual: Array

    def units(self, target: Array) -> Array:
        return from_target(target, self.scale)


def companies(name: str) -> Mapping[str, Company]:
    """Every partner of one of REAL with enough rows before the set's last cut-off whose horizon is known."""
    given, found = load(name), {}
    for partner, table in sorted(given.tables.items()):
        try:
            ready = prepare(table, given.calendar, given.origins[-1], seed=1)
        except NotEnoughData:
            continue
        future = ready.future[ready.future["actual"].notna()]
        found[partner] = _company(ready.train, future)
    return found


def _company(train: pd.DataFrame, future: pd.DataFrame) -> Company:
    names = list(FEATURES)
    X, y = train[names].to_numpy(np.float32), train["target"].to_numpy(np.float32)
    beyond = (future[names].to_numpy(np.float32), future["scale"].to_numpy(float), future["actual"].to_numpy(float))
    return Company(X, y, train["weight"].to_numpy(float), *beyond)


def write(folder: Path, parts: Mapping[str, Company]) -> None:
    """One file per company, as :mod:`federation_run` reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, part in enumerate(parts.values()):
        np.savez(folder / f"{k}.npz", X=part.X, y=part.y, w=part.weight)


def ties(folder: Path, parties: int = 12, rows: int = 3_000, features: int = 20) -> None:
    """A panel of few distinct values everywhere, doubled features among them: gains and residuals are equal again and again."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(11)
    for k in range(parties):
        size = rows // (1 + k % 4)
        X = rng.integers(0, 4, (size, features)).astype(np.float32)
        X[rng.random((size, features)) < 0.05] = np.nan
        X[:, features // 2 :] = X[:, : features // 2]  # each feature twice, gaps too: both halves have the same gains
        y = np.sqrt(rng.poisson(1 + np.nan_to_num(X[:, 0]) + np.nan_to_num(X[:, 1]) * (np.nan_to_num(X[:, 2]) > 1)))
        np.savez(folder / f"{k}.npz", X=X, y=y.astype(np.float32), w=rng.choice([0.5, 1.0, 2.0], size))
