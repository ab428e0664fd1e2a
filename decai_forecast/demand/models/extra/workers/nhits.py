"""N-HiTS by neuralforecast: nhits.py IN OUT HORIZON FREQUENCY SEED, files as decai_forecast/demand/models/process.py says.

Run by the Python of an environment with neuralforecast; knows nothing of decai_forecast.
"""

from __future__ import annotations

import os
import sys

import pandas as pd

FREQUENCIES = {"D": "D", "W": "W-MON", "M": "MS"}
QUANTILES = [0.1, 0.5, 0.9]
STEPS = int(os.environ.get("DECAI_NHITS_STEPS", "500"))
HORIZONS_BACK = 2  # how much history an input has


def main(given: str, answer: str, horizon: int, frequency: str, seed: int) -> None:
    from neuralforecast import NeuralForecast
    from neuralforecast.losses.pytorch import MQLoss
    from neuralforecast.models import NHITS

    network = NHITS(
        h=horizon, input_size=HORIZONS_BACK * horizon, loss=MQLoss(quantiles=QUANTILES), max_steps=STEPS, random_seed=seed,
        scaler_type="robust", start_padding_enabled=True, accelerator="cpu", enable_progress_bar=False, logger=False,
        enable_checkpointing=False, enable_model_summary=False, mlp_units=3 * [[64, 64]],
    )  # fmt: skip
    rows = _long(pd.read_parquet(given))
    forecaster = NeuralForecast(models=[network], freq=FREQUENCIES[frequency])
    forecaster.fit(rows)
    _answer(forecaster.predict()).to_parquet(answer, index=False)


def _long(rows: pd.DataFrame) -> pd.DataFrame:
    """Unknown periods are masked: the network neither learns from them nor is judged by them."""
    long = rows.rename(columns={"series": "unique_id", "date": "ds", "quantity": "y"})
    return long.assign(available_mask=long["y"].notna().astype(float), y=long["y"].fillna(0.0))


def _answer(made: pd.DataFrame) -> pd.DataFrame:
    columns = [name for name in made if name not in ("unique_id", "ds")]
    made = made.sort_values(["unique_id", "ds"], ignore_index=True)
    told = dict(zip(["q10", "q50", "q90"], (made[name].astype(float) for name in columns), strict=True))
    return pd.DataFrame({"series": made["unique_id"].astype(int), "h": made.groupby("unique_id").cumcount() + 1, **told})


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4], int(sys.argv[5]))
