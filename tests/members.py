"""Members of a shared training on synthetic rows: three features, one of them with gaps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd

from decai_forecast.demand import TREE_PARAMS
from decai_forecast.federation import Member, Plan
from decai_forecast.steps import Step, Writer, run_step
from decai_forecast.store import Store
from decai_forecast.strategies import strategy_of

FEATURES = ("a", "b", "c")
ROUND = "2026-06-22"
OLD, SHIP = date(2025, 6, 23), date(2026, 6, 22)


def rows(seed: int = 0, size: int = 300) -> pd.DataFrame:
    """Targets depend on ``a`` and ``b``; each seed has another noise, as companies have."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(size, 3)).astype(np.float32), columns=list(FEATURES))
    target = 2 + frame["a"] + (frame["b"] > 0) + rng.normal(0, 0.2, size)
    frame.loc[rng.random(size) < 0.1, "c"] = np.nan
    return frame.assign(target=target.clip(lower=0).astype(np.float32))


@dataclass(frozen=True)
class Trained:
    """A step that says nothing of itself."""


def train(store: Store, round_id: str, frames: Mapping[date, pd.DataFrame]) -> None:
    """Writes what the step ``train`` of a company writes for the shared training: its rows before each cut-off."""

    def work(writer: Writer) -> Trained:
        for cutoff, frame in frames.items():
            writer.frame(f"rows-{cutoff}.parquet", frame)
        return Trained()

    run_step(store, round_id, Step("train", Trained), "synthetic", work)


def member(folder: Path, name: str, frames: Mapping[date, pd.DataFrame]) -> Member:
    """A member whose store holds what its own step ``train`` wrote."""
    store = Store(folder / name, name)

    train(store, ROUND, frames)
    return Member(name, store.url)


def members(folder: Path, count: int = 4, cutoffs: Sequence[date] = (SHIP,)) -> list[Member]:
    return [
        member(folder, f"p{k}", {c: rows(seed=10 * k + j, size=100 + 60 * k) for j, c in enumerate(cutoffs)})
        for k in range(count)
    ]


def plan(strategy: str = "bagging", *, rounds: int = 4, turns: int = 12, **changes: Any) -> Plan:
    """A small plan. ``rounds``: of bagging, of three trees each; ``turns``: rounds of strategies that add one tree in each."""
    size = {"rounds": rounds, "trees_per_round": 3} if strategy == "bagging" else {"rounds": turns}
    size = size if strategy_of(strategy).trees_per_round else {}
    basis = {"round_id": ROUND, "cutoffs": (SHIP,), "feature_names": FEATURES, "minimum": 3, "seed": 7, "strategy": strategy}
    return Plan(**basis | size | {"params": dict(TREE_PARAMS)} | changes)


def grown(seed: int = 0, trees: int = 4, quantile: float = 0.5, **params: Any) -> str:
    """A text as LightGBM writes it."""
    frame = rows(seed)
    data = lgb.Dataset(frame[list(FEATURES)], frame["target"], params={"feature_pre_filter": False, "verbosity": -1})
    return str(lgb.train(dict(TREE_PARAMS) | {"alpha": quantile} | params, data, trees).model_to_string())


def predicted(text: str, seed: int = 99, **options: Any) -> np.ndarray:
    return np.asarray(lgb.Booster(model_str=text).predict(rows(seed)[list(FEATURES)], num_threads=1, **options))
