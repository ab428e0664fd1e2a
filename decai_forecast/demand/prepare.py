"""Training rows and forecast rows of one cut-off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import pandas as pd

from decai_forecast.demand.features import FEATURES, origin_features, rhythm, scale_at
from decai_forecast.demand.panel import Floats, Panel, to_panel
from decai_forecast.demand.prophet_total import prophet_total
from decai_forecast.demand.table import DATE, ITEM, LOCATION
from decai_forecast.errors import NotEnoughData
from decai_forecast.periods import Calendar

__all__ = ["MAX_TRAINING_ROWS", "MIN_TRAINING_ROWS", "Prepared", "prepare"]

MAX_TRAINING_ROWS = 20_000  # beyond it a partner's trees hardly change, and the shared training waits for its slowest member
MIN_TRAINING_ROWS = 50  # two leaves of a tree with the least rows that a leaf may have
LARGEST_TARGET = 20.0  # times the own recent mean; a single bulk order must not decide a leaf


@dataclass(frozen=True)
class Prepared:
    """``train``: FEATURES and ``target`` (quantity / scale), float32. ``future``: location_id, item_id, date, ``h``,
    ``scale`` (units), ``actual`` (units, NaN if unknown) and FEATURES, one row per series and period of the horizon."""

    train: pd.DataFrame
    future: pd.DataFrame
    prophet: bool


def prepare(table: pd.DataFrame, calendar: Calendar, cutoff: date, *, seed: int, max_rows: int = MAX_TRAINING_ROWS) -> Prepared:
    """Everything that training and forecasting at ``cutoff`` need; nothing from ``cutoff`` on reaches a feature or a target.

    :class:`NotEnoughData` if fewer than ``MIN_TRAINING_ROWS`` rows can be made.
    """
    if table.empty:
        raise NotEnoughData("the accepted rows hold no sale")
    panel = to_panel(table, calendar)
    end = panel.index(cutoff)
    if end <= rhythm(calendar).windows[0]:
        raise NotEnoughData(f"{max(end, 0)} periods before {cutoff}; at least {rhythm(calendar).windows[0] + 1} are needed")
    actual = panel.quantity.copy()
    for known in (panel.quantity, panel.price, panel.promotion):
        known[:, end:] = np.nan  # from here on nobody can look ahead
    total, fitted = prophet_total(panel, end)
    train = _train(panel, end, total, np.random.default_rng([seed, cutoff.toordinal()]), max_rows)
    if len(train) < MIN_TRAINING_ROWS:
        raise NotEnoughData(f"{len(train)} training rows before {cutoff}; at least {MIN_TRAINING_ROWS} are needed")
    return Prepared(train, _future(panel, end, total, actual), fitted)


def _train(panel: Panel, end: int, total: Floats, rng: np.random.Generator, max_rows: int) -> pd.DataFrame:
    beat = rhythm(panel.calendar)
    blocks: list[Floats] = []
    for origin in range(beat.windows[1], end - 1, beat.stride):
        open_horizons = np.arange(1, min(panel.calendar.horizon, end - 1 - origin) + 1)
        drawn = sorted(int(h) for h in rng.choice(open_horizons, min(beat.per_origin, len(open_horizons)), replace=False))
        target = np.concatenate([panel.quantity[:, origin + h] for h in drawn]) / np.tile(scale_at(panel, origin), len(drawn))
        rows = np.column_stack([origin_features(panel, origin, drawn, total), target])
        blocks.append(rows[np.isfinite(target)])
    every = np.concatenate(blocks) if blocks else np.empty((0, len(FEATURES) + 1))
    if len(every) > max_rows:
        every = every[np.sort(rng.choice(len(every), max_rows, replace=False))]
    every[:, -1] = np.minimum(every[:, -1], LARGEST_TARGET)
    return pd.DataFrame(every.astype(np.float32), columns=[*FEATURES, "target"])


def _future(panel: Panel, end: int, total: Floats, actual: Floats) -> pd.DataFrame:
    """Rows of every series that has sold within the scale's window; the others have nothing to scale by and stay out."""
    horizons = list(range(1, panel.calendar.horizon + 1))
    scale = scale_at(panel, end - 1)
    keys = pd.concat([panel.series] * len(horizons), ignore_index=True)
    keys["h"] = np.repeat(horizons, len(panel.series))
    keys[DATE] = panel.dates[keys["h"].to_numpy() + end - 1]
    known = np.full((len(actual), len(horizons)), np.nan)
    there = actual[:, end : end + len(horizons)]
    known[:, : there.shape[1]] = there
    features = pd.DataFrame(origin_features(panel, end - 1, horizons, total), columns=list(FEATURES)).drop(columns="h")
    future = pd.concat([keys, features], axis=1).assign(scale=np.tile(scale, len(horizons)), actual=known.T.ravel())
    known_scale: pd.DataFrame = future[np.isfinite(future["scale"])]
    return known_scale.sort_values([LOCATION, ITEM, DATE], ignore_index=True)
