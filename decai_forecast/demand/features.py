"""Direct multi-horizon features: one row per (series, origin, horizon), everything divided by the series' own scale.

Nothing says who a series belongs to or how large it is: a split threshold must not tell a partner's magnitudes, and one
model must serve all horizons and all partners. Of the period to forecast only its date and the partner's own plans are
used: a price or a promotion *realised* there is not known ahead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.future_features import Group, Rows, future_features, group_features
from decai_forecast.demand.history import LAGS, RECENT_LEVELS, YEAR_LEVELS, History
from decai_forecast.demand.panel import Panel

__all__ = ["FEATURES", "feature_matrix"]

FEATURES: tuple[str, ...] = (
    "h",
    *(f"lag{k}" for k in range(LAGS)),
    "mean1", "mean2", "mean3", "mean4", "mean_long", "std", "trend", "zeros", "zeros_recent", "size", "age",
    "ewm_fast", "ewm_slow", "since_sale",
    *(f"recent_q{round(100 * level):02d}" for level in RECENT_LEVELS),
    *(f"year_q{round(100 * level):02d}" for level in YEAR_LEVELS),
    "price_ratio", "promotion", "mean_promoted", "mean_unpromoted",
    "weekday", "month_part", "week", "sin_year", "cos_year", "holidays",
    "season_lag", "season_mean", "year_ago", "years_ago", "year_growth",
    "price_ahead", "promotion_ahead",
    *(f"{group}_{name}" for group in ("partner", "category") for name in ("trend_short", "trend_long", "season", "prophet")),
)  # fmt: skip


def feature_matrix(panel: Panel, known: History, groups: list[Group], rows: Rows) -> npt.NDArray[np.float32]:
    """len(rows.h) x len(FEATURES); NaN where a feature is not known."""
    found = future_features(panel, known, rows)
    for group in groups:
        found |= group_features(group, panel, known, rows)
    out = np.empty((len(rows.h), len(FEATURES)), dtype=np.float32)
    for k, name in enumerate(FEATURES):
        base = known.features.get(name)
        out[:, k] = found[name] if base is None else base[rows.series, rows.origin]
    out[~np.isfinite(out)] = np.nan
    return out
