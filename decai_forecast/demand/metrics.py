"""How good a forecast was, in the field's measures, over the rows with a known actual.

Medians are judged by WAPE and MASE, means by RMSSE and bias, quantiles by WQL and calibration, everything by money: each is
least at another number, and none of them alone says which forecast to use (Kolassa 2020).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION, SERIES
from decai_forecast.demand.panel import Floats, Panel
from decai_forecast.demand.quantiles import TRAINED, name_of

__all__ = [
    "ITEM_CLASSES", "Scores", "item_classes", "levels_of", "naive_scales", "newsvendor_cost", "order_quantity", "pinball",
    "pit", "score", "summarise", "transformed", "wape", "with_history",
]  # fmt: skip

ITEM_CLASSES = ("smooth", "erratic", "intermittent", "lumpy", "silent")
FREQUENT, STEADY = 1.32, 0.49  # ADI and squared CV of the sizes: the cut-offs of Syntetos, Boylan & Croston (2005)
INSIDE = (0.1, 0.9)  # the interval whose coverage is told


@dataclass(frozen=True)
class Scores:
    """``wape``, ``bias`` of the median; ``wql`` over the trained quantiles; ``coverage`` of q10-q90 (nominal 0.8)."""

    wape: float
    bias: float
    wql: float
    coverage: float
    rows: int


def wape(actual: Floats, forecast: Floats) -> float:
    """Weighted absolute percentage error: sum |actual - forecast| / sum actual."""
    return float(np.abs(actual - forecast).sum() / actual.sum())


def pinball(actual: Floats, forecast: Floats, quantile: float) -> float:
    """Sum of the pinball (quantile) loss, in units."""
    return float(_pinball(actual, forecast, quantile).sum())


def _pinball(actual: Floats, forecast: Floats, quantile: float) -> Floats:
    error = actual - forecast
    return np.asarray(np.maximum(quantile * error, (quantile - 1) * error))


def score(forecast: pd.DataFrame) -> Scores | None:
    """The scores of a frame with ``actual``, q10, q50, q90; None where nothing was sold or nothing is known."""
    known = forecast[np.isfinite(forecast["actual"])]
    actual = known["actual"].to_numpy(float)
    if not actual.sum() > 0:
        return None
    low, median, high = (known[name_of(q)].to_numpy(float) for q in TRAINED)
    wql = 2 * sum(pinball(actual, known[name_of(q)].to_numpy(float), q) for q in TRAINED) / len(TRAINED) / actual.sum()
    inside = float(((actual >= low) & (actual <= high)).mean())
    return Scores(wape(actual, median), float((median - actual).sum() / actual.sum()), float(wql), inside, len(actual))


def levels_of(forecast: pd.DataFrame) -> tuple[float, ...]:
    """The quantile levels of a frame's columns ``q05`` and the like, ascending."""
    return tuple(sorted(int(c[1:]) / 100 for c in map(str, forecast) if re.fullmatch(r"q\d\d", c)))


def naive_scales(panel: Panel, origin: int, m: int) -> tuple[Floats, Floats]:
    """Mean absolute and mean squared error of the in-sample naive of season ``m`` (periods), of each series before ``origin``;
    NaN where no two periods m apart are known, or where the naive never errs: such a series cannot be scaled.

    The denominators of MASE (Hyndman & Koehler 2006) and of the squared RMSSE (M5: Makridakis et al. 2022); m = 1 there.
    """
    known = panel.quantity[:, :origin]
    error = known[:, m:] - known[:, : max(origin - m, 0)]
    there = np.isfinite(error)
    count, error = there.sum(axis=1), np.where(there, error, 0.0)
    return _above_zero(np.abs(error).sum(axis=1), count), _above_zero((error**2).sum(axis=1), count)


def _above_zero(total: Floats, count: npt.NDArray[np.int64]) -> Floats:
    return np.asarray(np.divide(total, count, out=np.full(len(total), np.nan), where=total > 0))


def item_classes(panel: Panel, origin: int) -> npt.NDArray[np.str_]:
    """The demand pattern of each series before ``origin`` (Syntetos, Boylan & Croston 2005): smooth, erratic, intermittent or
    lumpy, by ADI (known periods per sale, 1.32) and the squared coefficient of variation of the sizes (0.49); or silent."""
    quantity = panel.quantity[:, :origin]
    known, sold = np.isfinite(quantity).sum(axis=1), quantity > 0
    sales, sizes = sold.sum(axis=1), np.where(sold, quantity, 0.0)
    there = np.maximum(sales, 1)
    mean = sizes.sum(axis=1) / there
    spread = np.where(sold, (quantity - mean[:, None]) ** 2, 0.0).sum(axis=1) / there
    rare, unsteady = known >= FREQUENT * there, spread >= STEADY * mean**2
    return np.where(sales > 0, np.array(ITEM_CLASSES)[2 * rare + (unsteady & (sales > 1))], "silent")


def with_history(forecast: pd.DataFrame, panel: Panel, origin: int, m: int) -> pd.DataFrame:
    """``forecast`` with what its series' past says: ``naive_abs``, ``naive_square`` (see naive_scales) and ``item_class``."""
    facts = panel.series[SERIES].copy()
    facts["naive_abs"], facts["naive_square"] = naive_scales(panel, origin, m)
    facts["item_class"] = item_classes(panel, origin)
    return forecast.merge(facts, on=SERIES, how="left", validate="many_to_one")


def pit(actual: Floats, quantiles: Floats, levels: Sequence[float], rng: np.random.Generator) -> Floats:
    """The probability integral transform of each actual, randomised: uniform in 0..1 if the forecast is calibrated.

    ``quantiles``: rows x levels, not crossing. Uniform between the lowest and the highest level whose quantile equals the
    actual (Czado, Gneiting & Held 2009, for demand with many zeros); where none does, between the levels around it. The levels
    given are all it knows: what lies between two of them is not seen, so that many zeros need many levels to be judged by.
    """
    edges = np.concatenate([[0.0], np.asarray(levels, float), [1.0]])
    below, upto = (compared.sum(axis=1) for compared in (quantiles < actual[:, None], quantiles <= actual[:, None]))
    tie = upto > below
    low, high = edges[np.where(tie, below + 1, below)], edges[np.where(tie, upto, below + 1)]
    return np.asarray(low + (high - low) * rng.random(len(actual)))


def transformed(known: pd.DataFrame, rng: np.random.Generator) -> Floats:
    """The PIT of each row with an ``actual``: from the whole distribution where the frame tells it (``level_low`` and
    ``level_high``), else from the levels it has."""
    if "level_low" in known:
        low, high = known["level_low"].to_numpy(float), known["level_high"].to_numpy(float)
        return np.asarray(low + (high - low) * rng.random(len(known)))
    levels = levels_of(known)
    return pit(known["actual"].to_numpy(float), known[[name_of(level) for level in levels]].to_numpy(float), levels, rng)


def order_quantity(forecast: pd.DataFrame, ratio: float) -> Floats:
    """The quantile at ``ratio`` of each row, linear between the levels given; the outermost level beyond them."""
    levels = levels_of(forecast)
    values, given = forecast[[name_of(level) for level in levels]].to_numpy(float), np.array(levels)
    at = float(np.interp(ratio, given, np.arange(len(given))))
    low = min(int(at), len(given) - 1)
    return np.asarray(values[:, low] + (at - low) * (values[:, min(low + 1, len(given) - 1)] - values[:, low]))


def newsvendor_cost(forecast: pd.DataFrame, *, holding: float = 1.0, shortage: float = 9.0) -> Floats:
    """What ordering the critical quantile, shortage / (shortage + holding), would have cost in each row: ``holding`` per unit
    left over, ``shortage`` per unit short (Arrow, Harris & Marschak 1951). Times the unit's value it is money."""
    order, actual = order_quantity(forecast, shortage / (shortage + holding)), forecast["actual"].to_numpy(float)
    return np.asarray(holding * np.maximum(order - actual, 0) + shortage * np.maximum(actual - order, 0))


def summarise(
    forecasts: pd.DataFrame, by: Sequence[str] = (), *, holding: float = 1.0, shortage: float = 9.0, seed: int = 1
) -> pd.DataFrame:
    """One row per group of ``by`` (``partner``, ``item_class``, ``h`` ..., columns of ``forecasts``); one in all without.

    ``forecasts``: location_id, item_id, date, actual, quantiles with q10, q50, q90; further ``partner``, ``origin`` where there
    are several, ``mean``, ``level_low`` and ``level_high`` (levels_at_actual), ``naive_abs`` and ``naive_square``
    (with_history), ``unit_cost`` or ``price``. Rows without an actual count for nothing. Columns, NaN where
    something they need was not given:

    ``rows``, ``series``, ``actual`` (units); of the median ``wape``, ``bias_median``, ``mase``; of the mean (the median where
    there is none) ``bias``, ``rmsse``; ``wql``, ``scaled_pinball`` over q10, q50, q90; ``coverage`` and ``width`` of q10..q90
    (width in multiples of the mean actual), ``pit_coverage``; ``below_q10`` share(y < q10), ``upto_q10`` share(y <= q10) and so
    for q50 and q90; ``cost`` per unit sold, ``money``. MASE, RMSSE and scaled pinball are means over series and origins.
    ValueError without a column that is needed, or where a row with an actual has no forecast.
    """
    _require(forecasts, by)
    keys = list(by) or ["_all"]
    known = forecasts[np.isfinite(forecasts["actual"])].assign(_all=0)
    known = known.sort_values([*_series(known), DATE], kind="stable", ignore_index=True)
    rows = pd.concat([known[keys], _row_losses(known, holding, shortage, seed)], axis=1)
    groups = rows.groupby(keys, sort=True, observed=True)
    total, mean = groups.sum(min_count=1), groups.mean()
    with np.errstate(divide="ignore", invalid="ignore"):
        out = pd.DataFrame({"rows": groups.size(), "actual": total["_y"], "wape": total["_abs"] / total["_y"]})
        out["bias"], out["bias_median"] = total["_error"] / total["_y"], total["_error_median"] / total["_y"]
        out["wql"], out["width"] = 2 * total["_pinball"] / total["_y"], total["_width"] / total["_y"]
        out["cost"], out["money"] = total["_cost"] / total["_y"], total["_money"]
    shares = [c for c in rows if c == "coverage" or c.startswith(("pit_", "below_", "upto_"))]
    out = out.join(mean[shares]).join(_scaled(known, rows, keys)).replace([np.inf, -np.inf], np.nan)
    return out.reset_index()[[*by, *COLUMNS]]


COLUMNS = (
    "rows", "series", "actual", "wape", "bias", "bias_median", "mase", "rmsse", "wql", "scaled_pinball", "coverage",
    "pit_coverage", "width", *(f"{side}_{name_of(q)}" for q in TRAINED for side in ("below", "upto")), "cost", "money",
)  # fmt: skip


def _require(forecasts: pd.DataFrame, by: Sequence[str]) -> None:
    wanted = [LOCATION, ITEM, DATE, "actual", *map(name_of, TRAINED), *by]
    missing = [c for c in dict.fromkeys(wanted) if c not in forecasts]
    if missing:
        raise ValueError(f"the forecasts have no column {', '.join(missing)}; they have {', '.join(map(str, forecasts))}")
    empty = forecasts[np.isfinite(forecasts["actual"]) & forecasts[list(map(name_of, TRAINED))].isna().any(axis=1)]
    if len(empty):
        first = empty.iloc[0]
        raise ValueError(
            f"{len(empty)} rows have an actual and no forecast, the first is item {first[ITEM]!r} at {first[LOCATION]!r} on "
            f"{first[DATE]:%Y-%m-%d}; leave these rows out of every forecast that is compared, or fill them in"
        )


def _series(frame: pd.DataFrame) -> list[str]:
    return [c for c in ("partner", "origin", LOCATION, ITEM) if c in frame]


def _row_losses(known: pd.DataFrame, holding: float, shortage: float, seed: int) -> pd.DataFrame:
    """The losses of each row, named with a leading underscore where they are to be summed."""
    y, median = known["actual"].to_numpy(float), known[name_of(0.5)].to_numpy(float)
    mean = known["mean"].to_numpy(float) if "mean" in known else median
    low, high = (known[name_of(level)].to_numpy(float) for level in INSIDE)
    cost = newsvendor_cost(known, holding=holding, shortage=shortage)
    found = {"_y": y, "_abs": np.abs(y - median), "_error": mean - y, "_error_median": median - y, "_square": (mean - y) ** 2}
    found["_pinball"] = np.mean([_pinball(y, known[name_of(q)].to_numpy(float), q) for q in TRAINED], axis=0)
    found |= {"_width": high - low, "coverage": ((y >= low) & (y <= high)).astype(float), "_cost": cost}
    found["_money"] = cost * next(
        (known[c].to_numpy(float) for c in ("unit_cost", "price") if c in known), np.full(len(y), np.nan)
    )
    u = transformed(known, np.random.default_rng(seed))
    found["pit_coverage"] = ((u >= INSIDE[0]) & (u <= INSIDE[1])).astype(float)
    for q in TRAINED:
        value = known[name_of(q)].to_numpy(float)
        found |= {f"below_{name_of(q)}": (y < value).astype(float), f"upto_{name_of(q)}": (y <= value).astype(float)}
    return pd.DataFrame(found, index=known.index)


def _scaled(known: pd.DataFrame, rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The means over the series of each group: MASE, RMSSE and the scaled pinball loss; and how many series there are."""
    own = [c for c in _series(known) if c not in keys]
    columns = {c: known.get(c, np.nan) for c in ("naive_abs", "naive_square")}
    frame = pd.concat([rows[[*keys, "_abs", "_square", "_pinball"]], known[own]], axis=1).assign(**columns)
    each = frame.groupby(keys + own, sort=True, observed=True).mean()
    scaled = pd.DataFrame(
        {
            "mase": each["_abs"] / each["naive_abs"],
            "rmsse": np.sqrt(each["_square"] / each["naive_square"]),
            "scaled_pinball": each["_pinball"] / each["naive_abs"],
        }
    )
    groups = scaled.groupby(level=keys, sort=True, observed=True)
    names = [c for c in (LOCATION, ITEM, "partner") if c in known]  # a series is one, whatever the number of origins
    count = known[[*dict.fromkeys([*keys, *names])]].drop_duplicates().groupby(keys, sort=True, observed=True).size()
    return groups.mean().assign(series=count)
