"""Chronos: foundation.py WEIGHTS IN OUT HORIZON FREQUENCY SEED, files as decai_forecast/demand/models/process.py says.

Run by the Python of an environment with chronos-forecasting; knows nothing of decai_forecast. Nothing is fetched: weights
that are not in the folder are an error.
"""

from __future__ import annotations

import os
import sys
from typing import Any

import numpy as np
import pandas as pd

QUANTILES = [0.1, 0.5, 0.9]
BATCH = 256  # series at a time


def main(weights: str, given: str, answer: str, horizon: int, seed: int) -> None:
    os.environ["HF_HUB_OFFLINE"] = "1"  # before the library reads it
    import torch
    from chronos import BaseChronosPipeline

    torch.manual_seed(seed)
    pipeline = BaseChronosPipeline.from_pretrained(weights, device_map="cpu")
    rows = pd.read_parquet(given)
    series = [(key, torch.tensor(own["quantity"].to_numpy(np.float32))) for key, own in rows.groupby("series")]
    parts = [_some(pipeline, series[k : k + BATCH], horizon) for k in range(0, len(series), BATCH)]
    pd.concat(parts, ignore_index=True).to_parquet(answer, index=False)


def _some(pipeline: Any, series: list[tuple[Any, Any]], horizon: int) -> pd.DataFrame:
    told, _ = pipeline.predict_quantiles([one for _, one in series], prediction_length=horizon, quantile_levels=QUANTILES)
    frames = [_frame(key, np.asarray(told[k])) for k, (key, _) in enumerate(series)]
    return pd.concat(frames, ignore_index=True)


def _frame(key: Any, told: Any) -> pd.DataFrame:
    """``told``: horizon x quantiles, of some pipelines with an axis of variates before it. Their mean is the median."""
    levels = told.reshape(-1, len(QUANTILES)).astype(float)
    columns = dict(zip(["q10", "q50", "q90"], levels.T, strict=True))
    return pd.DataFrame({"series": key, "h": range(1, len(levels) + 1), **columns})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[6]))
