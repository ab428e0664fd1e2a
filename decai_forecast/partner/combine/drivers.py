"""Why the forecast that ships is what it is: the drivers of its median, per period, in units."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from decai_forecast.columns import KEYS, SERIES

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand import Choice

__all__ = ["explained"]

ROW_TREES = 60_000  # rows times trees that are explained: half a second of one core
LARGEST = 10  # items that are explained one by one
MEDIAN = 0.5


def explained(
    own: str | None, shared: str | None, choice: Choice, future: pd.DataFrame, forecast: pd.DataFrame, horizon: int
) -> dict[str, Any]:
    """What moves the forecast: of all series together and of the largest, in units per period (JSON).

    ``own``, ``shared``: texts of the medians, at least one of them; ``future``: the rows that they forecast; ``forecast``: what
    came of it, with ``model_q50``. Each entry has ``recent`` (mean of the last quarter, or 28 days), ``base`` (what the trees
    say knowing only the level of a series), ``drivers``, ``finish`` (calibration, whole lots, own trees on top of the shared
    ones) and ``forecast``; base, drivers and finish add up to it. Of a long horizon evenly spread periods are looked at:
    ``periods``.
    """
    from decai_forecast.demand.drivers import total

    rows = _sample(future, horizon, (own or "").count("Tree=") + (shared or "").count("Tree="))
    found = _blended(own, shared, choice, rows)
    found["recent"] = (rows["mean3"] * rows["scale"]).to_numpy(float)
    found = found.merge(forecast[[*KEYS, "model_q50"]], on=KEYS)
    periods = sorted(int(h) for h in rows["h"].unique())
    each = total(found).merge(found.groupby(SERIES, as_index=False)[["recent", "model_q50"]].sum(), on=SERIES)
    largest = each.sort_values(["model_q50", *SERIES], ascending=[False, True, True]).head(LARGEST)
    share = len(each) / max(1, len(future[SERIES].drop_duplicates()))
    whole = each.drop(columns=SERIES).sum()
    return {
        "periods": periods,
        "share": share,
        "total": _entry(whole.to_dict(), len(periods)),
        "items": [_entry(row, len(periods)) | {name: str(row[name]) for name in SERIES} for row in largest.to_dict("records")],
    }


def _sample(future: pd.DataFrame, horizon: int, trees: int) -> pd.DataFrame:
    """Evenly spread periods of all series; of very many series only the largest, in one period."""
    import numpy as np

    series = len(future[SERIES].drop_duplicates())
    most = max(1, ROW_TREES // max(1, trees))
    count = int(np.clip(most // max(1, series), 1, horizon))
    periods = np.unique(np.round((np.arange(count) + 0.5) * horizon / count + 0.5).astype(int).clip(1, horizon))
    rows = future[future["h"].isin(periods)]
    if series > most:
        rows = rows.nlargest(most, "scale", keep="first").sort_index()
    return rows.reset_index(drop=True)


def _blended(own: str | None, shared: str | None, choice: Choice, rows: pd.DataFrame) -> pd.DataFrame:
    """The drivers of both medians, weighed as the choice does (per item class where it says so)."""
    from decai_forecast.demand.drivers import drivers

    mine = drivers([own or shared or ""], rows)
    if shared is None or own is None:
        return mine
    weight = _weights(choice, rows["item_class"].tolist())
    theirs, columns = drivers([shared], rows), [str(c) for c in mine if c not in (*SERIES, "date", "h")]
    blend = mine[columns].mul(1 - weight, axis=0) + theirs[columns].mul(weight, axis=0)
    mine[columns] = blend
    return mine


def _weights(choice: Choice, classes: Sequence[str]) -> pd.Series:
    """How much of each row's forecast is the shared one; trees of one's own on top of it, and what
    a local model says otherwise than the own trees, count as the finish."""
    import pandas as pd

    from decai_forecast.demand import all_candidates

    known = all_candidates()
    return pd.Series([known[choice.groups.get(name, choice.name)].shared for name in classes], dtype=float)


def _entry(row: Mapping[Hashable, Any], periods: int) -> dict[str, Any]:
    from decai_forecast.demand.drivers import DRIVERS, OTHER

    moves = {name: float(row[name]) / periods for name in (*DRIVERS, OTHER)}
    told = {name: float(row[name]) / periods for name in ("recent", "base")}
    shipped = float(row["model_q50"]) / periods
    return told | {"drivers": moves, "finish": shipped - float(row["forecast"]) / periods, "forecast": shipped}
