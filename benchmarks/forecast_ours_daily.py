"""Features, training and forecast of a large daily set with our code, as in the night. Usage: FILE TREES LEAVES BINS.

The demand table stands in memory before the clock starts, as the peer's long frame does; the rest is counted.
"""

from __future__ import annotations

import sys
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from forecast_daily import BEGIN, DAYS, HORIZON
from harness import cpu_seconds, said

from decai_forecast.demand import FEATURES, TREE_PARAMS, fit, prepare
from decai_forecast.demand.target import from_target
from decai_forecast.periods import Calendar


def table_of(rows: pd.DataFrame) -> pd.DataFrame:
    """The plain rows as a demand table: one location, no price, no promotion, nothing censored."""
    nothing = {name: np.float32(np.nan) for name in ("price", "promotion", "planned_price", "planned_promotion")}
    item = pd.Categorical.from_codes(rows["unique_id"], [f"item-{k:06d}" for k in range(rows["unique_id"].max() + 1)])
    place = pd.Categorical.from_codes(np.zeros(len(rows), np.int8), ["all"])
    given = {"location_id": place, "item_id": item, "date": rows["ds"], "quantity": rows["y"], "censored": False}
    return pd.DataFrame(given).assign(category="", country="", **nothing)


def main(path: str, trees: int, leaves: int, bins: int) -> dict[str, Any]:
    table, imports = table_of(pd.read_parquet(path)), cpu_seconds()
    prepared = prepare(table, Calendar("D", HORIZON), (BEGIN + pd.Timedelta(days=DAYS)).date(), seed=7)
    marks = [cpu_seconds()]
    shape = {"num_leaves": leaves, "max_bin": bins, "learning_rate": 0.08}
    model = fit(prepared.train, (0.5,), shape, trees, seed=7)[0.5]
    marks.append(cpu_seconds())
    raw = lgb.Booster(model_str=model).predict(prepared.future[list(FEATURES)].to_numpy(np.float32), num_threads=1)
    median = from_target(np.asarray(raw), prepared.future["scale"].to_numpy())
    marks.append(cpu_seconds())
    actual = prepared.future["actual"].to_numpy()
    features, training, predicting = np.diff([imports, *marks]).round(2).tolist()
    return {
        "cpu": round(marks[-1] - imports, 2), "features": features, "training": training, "predicting": predicting,
        "rows": len(prepared.train), "columns": len(FEATURES), "series": table["item_id"].nunique(), "scored": len(actual),
        "wape": round(float(np.abs(actual - median).sum() / actual.sum()), 4), "min_leaf": TREE_PARAMS["min_data_in_leaf"],
    }  # fmt: skip


if __name__ == "__main__":
    said(**main(sys.argv[1], *map(int, sys.argv[2:5])))
