"""A company's training rows of one cut-off, as its own step ``train`` wrote them."""

from __future__ import annotations

from datetime import date
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np

from decai_forecast.errors import FederationError
from decai_forecast.federation.codes import NO_ROWS
from decai_forecast.federation.evaluate import newest_of
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.preflight import OtherCodeBook, OtherFeatures
from decai_forecast.steps import read_outputs
from decai_forecast.store import Store

if TYPE_CHECKING:
    import lightgbm as lgb
    import numpy.typing as npt

__all__ = ["NoRows", "Rows", "rows_of"]


class NoRows(FederationError):
    """The node has no training rows of a cut-off: its history does not reach back that far."""

    code = NO_ROWS


class Rows:
    """A node's training rows of one cut-off; where it grows trees alone they are binned once."""

    def __init__(self, store_url: str, partner: str, plan: Plan, cutoff: date) -> None:
        store = Store(store_url, partner)
        trained = read_outputs(store, plan.round_id, "train")
        name = f"rows-{cutoff}.parquet"
        if trained is None or name not in trained:
            raise NoRows(f"{partner}: no training rows before {cutoff}")
        frame = trained.frame(name)
        if plan.categories and not set(plan.categories) & set(frame):
            raise OtherCodeBook(f"{partner}: training rows have no {', '.join(plan.categories)}, the codes of that code book")
        if missing := [column for column in plan.columns if column not in frame]:
            raise OtherFeatures(f"{partner}: training rows lack {', '.join(missing)}")
        self.columns = tuple(map(str, frame.columns))
        self.X = frame[list(plan.feature_names)].to_numpy(np.float32).copy()
        self.target: npt.NDArray[np.float64] = frame["target"].to_numpy(float).copy()
        self.weight: npt.NDArray[np.float64] | None = frame["weight"].to_numpy(float).copy() if "weight" in frame else None
        self.newest = newest_of(frame.get("back"), len(frame))
        self._plan = plan

    @cached_property
    def data(self) -> lgb.Dataset:
        import lightgbm as lgb

        fixed = {"max_bin": self._plan.params.get("max_bin", 255), "feature_pre_filter": False, "verbosity": -1}
        return lgb.Dataset(
            self.X,
            self.target,
            weight=self.weight,
            params=fixed,
            feature_name=list(self._plan.feature_names),
            categorical_feature=sorted(self._plan.coded),
            free_raw_data=False,
        )


@lru_cache(maxsize=256)
def rows_of(store_url: str, partner: str, config: tuple[tuple[str, Any], ...], cutoff: date) -> Rows:
    """A cache and no more: without it every message would read and bin the rows again."""
    return Rows(store_url, partner, Plan.from_config(dict(config)), cutoff)
