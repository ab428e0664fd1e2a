"""A model in a process and an environment of its own: Parquet in, Parquet out.

What needs libraries that do not resolve beside the product, or a graphics card, runs there. No row leaves the machine. Once a
cut-off ``COMMAND IN OUT HORIZON FREQUENCY SEED`` is started.

- ``IN``: ``series`` (whole numbers from 0), ``date`` (start of the period), ``quantity`` (units; null: unknown), all periods
  before the cut-off, by series and date.
- ``OUT``, which the command writes: ``series``, ``h`` (1 .. HORIZON), ``q10``, ``q50``, ``q90`` and, if it has one, ``mean``,
  in units. A series without rows, or with a number missing, has no forecast.

The answer is checked before anything reads it. Quantiles that cross are sorted, as those of trees are; negative ones are zero.
"""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pandas as pd

from decai_forecast.demand.models.base import Forecast
from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.demand.quantiles import MEAN, TRAINED, implied_mean, name_of
from decai_forecast.errors import ModelFailed

__all__ = ["Process"]

SEED = 7
LINES = 5  # of what a failed process wrote last
ROWS, HORIZON = "series", "h"
QUANTILES = [name_of(level) for level in TRAINED]


@dataclass(frozen=True)
class Process:
    """The ``method`` of a model ``name``. ``command``: gives the program and its first arguments when it is called, so that a
    setting that is missing is told by whoever uses the model; ``seconds``: how long it may take for a cut-off."""

    name: str
    command: Callable[[], list[str]]
    seconds: float = 1800.0

    def __call__(self, panel: Panel, origin: int) -> Forecast:
        """:class:`ModelFailed` if the process fails, takes too long or answers what is no forecast."""
        with TemporaryDirectory(prefix="decai-model-") as folder:
            given, answer = Path(folder) / "in.parquet", Path(folder) / "out.parquet"
            _history(panel, origin).to_parquet(given, index=False)
            calendar = panel.calendar
            self._run([str(given), str(answer), str(calendar.horizon), calendar.frequency, str(SEED)])
            return self._forecast(answer, len(panel.quantity), calendar.horizon)

    def _run(self, arguments: list[str]) -> None:
        command = self.command()
        try:
            done = subprocess.run(
                [*command, *arguments], capture_output=True, text=True, errors="replace", timeout=self.seconds, check=False
            )
        except subprocess.TimeoutExpired:
            raise ModelFailed(f"model {self.name}: no answer within {self.seconds:g} seconds; it was ended") from None
        except OSError as error:
            raise ModelFailed(f"model {self.name}: {command[0]} cannot be started: {error.strerror}") from error
        if done.returncode:
            last = " | ".join(done.stderr.strip().splitlines()[-LINES:]) or "it wrote nothing"
            raise ModelFailed(f"model {self.name}: its process ended with {done.returncode}: {last}")

    def _forecast(self, answer: Path, series: int, horizon: int) -> Forecast:
        try:
            rows = pd.read_parquet(answer)
        except (OSError, ValueError) as error:
            raise ModelFailed(f"model {self.name}: its process wrote no Parquet file: {error}") from error
        if fault := _fault(rows, series, horizon):
            raise ModelFailed(f"model {self.name}: its answer {fault}")
        return _as_forecast(rows, series, horizon)


def _history(panel: Panel, origin: int) -> pd.DataFrame:
    """All periods before ``origin``, from the first known one of each series on."""
    quantity = panel.quantity[:, :origin]
    begun = np.logical_or.accumulate(np.isfinite(quantity), axis=1)
    row, period = np.nonzero(begun)
    return pd.DataFrame({ROWS: row, "date": panel.dates[period], "quantity": quantity[row, period]})


def _fault(rows: pd.DataFrame, series: int, horizon: int) -> str:
    """What is wrong with an answer, in words; empty where nothing is."""
    wanted = [ROWS, HORIZON, *QUANTILES]
    if missing := [name for name in wanted if name not in rows]:
        return f"has no column {', '.join(missing)}"
    numbers = [name for name in (*wanted, MEAN) if name in rows]
    if wrong := [name for name in numbers if not pd.api.types.is_numeric_dtype(rows[name])]:
        return f"has no numbers in column {', '.join(wrong)}"
    if not (_whole(rows[ROWS], 0, series - 1) and _whole(rows[HORIZON], 1, horizon)):
        return f"has series outside 0 to {series - 1}, or h outside 1 to {horizon}"
    if rows.duplicated([ROWS, HORIZON]).any():
        return "has a series and h twice"
    return "has a number that is infinite" if np.isinf(rows[numbers].to_numpy(float)).any() else ""


def _whole(values: pd.Series, least: int, most: int) -> bool:
    numbers = values.to_numpy(float)
    return bool(((numbers == np.floor(numbers)) & (numbers >= least) & (numbers <= most)).all())


def _as_forecast(rows: pd.DataFrame, series: int, horizon: int) -> Forecast:
    rows = rows.assign(**dict(zip(QUANTILES, np.sort(rows[QUANTILES].to_numpy(float), axis=1).clip(0).T, strict=True)))
    mean = rows[MEAN].to_numpy(float) if MEAN in rows else implied_mean(rows)
    values = np.column_stack([rows[QUANTILES].to_numpy(float), np.maximum(mean, 0.0)])
    out = np.full((series, horizon, values.shape[1]), np.nan)
    out[rows[ROWS].to_numpy(int), rows[HORIZON].to_numpy(int) - 1] = values
    out[~np.isfinite(out).all(axis=(1, 2))] = np.nan  # a series has a whole forecast or none
    return _parts(out)


def _parts(values: Floats) -> Forecast:
    return Forecast(values[:, :, : len(QUANTILES)], values[:, :, -1])
