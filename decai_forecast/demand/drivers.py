"""Why a forecast is what it is: exact Shapley values of the trees, added up to what a planner has a word for, in units.

TreeSHAP (Lundberg et al. 2020) splits a tree model's score r into a base b (the mean over its training rows) and one
contribution c of each feature, r = b + sum c. The score is the root of demand over the series' scale (target.py), so the
forecast is scale max(r, 0)^2, and a planner wants units. Along the straight way from b to r every feature moves in proportion
to its c; integrated along it (Aumann & Shapley 1974), the units of a feature are

    scale c (max(r, 0)^2 - max(b, 0)^2) / (r - b)        = scale c (r + b) where both are positive,

which add up to forecast minus base, keep the sign of c, and stay bounded as r approaches b. (Shared trees do not tell how many
rows a leaf had: there every leaf counts the same, and the base is the plain mean of the leaves.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from decai_forecast.columns import ITEM, LOCATION
from decai_forecast.demand.panel import Floats

__all__ = ["DRIVERS", "driver_of", "drivers", "in_words", "total"]

DRIVERS: Mapping[str, tuple[str, ...]] = {  # names of features, or their beginnings (with a star)
    "recent level": ("lag*", "mean1", "mean2", "mean3", "mean4", "mean_long", "ewm_*", "recent_q*", "year_q*", "std"),
    "season": ("season_*", "year_ago", "years_ago", "week", "sin_year", "cos_year"),
    "trend": ("trend", "year_growth"),
    "price and promotion": ("price_*", "promotion*", "mean_promoted", "mean_unpromoted"),
    "intermittency": ("zeros*", "size", "since_sale", "age"),
    "calendar": ("h", "weekday", "month_part", "holidays"),
    "company and category": ("partner_*", "category_*", "code_*"),  # what sells how: by company, kind, and the code book
}
OTHER = "other"
SUM = ("base", *DRIVERS, OTHER)


def driver_of(feature: str) -> str:
    """The word for a feature; ``other`` for one that has none."""
    for word, names in DRIVERS.items():
        if any(feature == name or (name.endswith("*") and feature.startswith(name[:-1])) for name in names):
            return word
    return OTHER


def drivers(models: Sequence[str | Sequence[str]], future: pd.DataFrame) -> pd.DataFrame:
    """What drives the forecast of each row of ``future`` (prepare.py): location_id, item_id, date, ``h`` where there,
    ``base``, one column per driver (units, ``DRIVERS`` and ``other``), and ``forecast``, their sum.

    ``models``: validated LightGBM texts of one quantile whose forecasts are averaged, in units; one that is a list of texts is
    grown on top of each other: their scores add up. The forecast is that of the trees, before calibration and rounding to lots.
    ValueError if ``models`` is empty or ``future`` lacks a feature.
    """
    if not models:
        raise ValueError("there is no model to explain; give at least one model text")
    parts = [_units(_contributions([model] if isinstance(model, str) else model, future), future) for model in models]
    keys = future[[c for c in (LOCATION, ITEM, "date", "h") if c in future]].reset_index(drop=True)
    units = pd.DataFrame(np.mean(parts, axis=0), columns=list(SUM))
    return pd.concat([keys, units.assign(forecast=units.sum(axis=1))], axis=1)


def _contributions(texts: Sequence[str], future: pd.DataFrame) -> Floats:
    """Rows x SUM, on the scale of the scores."""
    import lightgbm as lgb

    out = np.zeros((len(future), len(SUM)))
    for text in texts:
        booster = lgb.Booster(model_str=text)
        names = booster.feature_name()
        missing = [name for name in names if name not in future]
        if missing:
            raise ValueError(f"the rows have no feature {', '.join(missing)}; they were made for another model")
        found = booster.predict(future[names].to_numpy(np.float32), pred_contrib=True, num_threads=1)
        for k, name in enumerate([*names, "base"]):  # the base comes last
            out[:, SUM.index(driver_of(name) if name != "base" else name)] += found[:, k]
    return out


def _units(scores: Floats, future: pd.DataFrame) -> Floats:
    base, moved = scores[:, 0], scores[:, 1:].sum(axis=1)
    score = base + moved
    squares = np.maximum(score, 0) ** 2 - np.maximum(base, 0) ** 2
    slope = np.where(np.abs(moved) > 1e-9, squares / np.where(moved == 0, 1, moved), 2 * np.maximum(base, 0))
    units = scores * slope[:, None]
    units[:, 0] = np.maximum(base, 0) ** 2
    return np.asarray(units * future["scale"].to_numpy(float)[:, None])


def total(rows: pd.DataFrame, by: Sequence[str] = (LOCATION, ITEM)) -> pd.DataFrame:
    """The drivers of each group of ``by``, summed over its rows: per item over the horizon, or of a whole partner
    with ``by=()``."""
    columns = [*SUM, "forecast"]
    if not by:
        return rows[columns].sum().to_frame().T
    return rows.groupby(list(by), sort=True, observed=True)[columns].sum().reset_index()


def in_words(row: pd.Series, *, most: int = 3) -> str:
    """One sentence on a row of :func:`total`: the forecast, the base, and the ``most`` drivers that move it most.

    The base is what the model would say knowing only the series' scale. Drivers below 1 % of the forecast are not worth a word.
    """
    who = f"item {row[ITEM]!r} at {row[LOCATION]!r}" if ITEM in row else "all items"
    moves = sorted(((float(row[name]), name) for name in SUM[1:]), key=lambda move: (-abs(move[0]), move[1]))
    named = [f"{name} {value:+,.4g}" for value, name in moves[:most] if abs(value) >= 0.01 * max(float(row["forecast"]), 1e-9)]
    rest = float(row["forecast"]) - float(row["base"]) - sum(value for value, _ in moves[: len(named)])
    moved = ", ".join([*named, f"the rest {rest:+,.4g}"]) if named else "nothing moves it by 1 %"
    return f"{who}: {row['forecast']:,.4g} units, starting from {row['base']:,.4g}: {moved}"
