"""Simulated disruptions as training rows, in the form in which the forecasters know their rows.

Beside the forecasters' own features a row says what the firm knew of its own deliveries when it forecast: the share it had
shipped in each of the last periods, and what it owed. A row is *disrupted now* if one of the last periods was short.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from decai_forecast.demand.features import FEATURES, feature_matrix
from decai_forecast.demand.future_features import Rows, groups_of
from decai_forecast.demand.history import LAGS, history, rhythm
from decai_forecast.demand.panel import Panel
from decai_forecast.demand.target import to_target
from decai_forecast.simulation.agents.world import Customers, Firm, Outage, World, live
from decai_forecast.simulation.network.graph import Bools, Floats, Ints

__all__ = ["EXPERIENCE", "SHORT", "FirmFacts", "Span", "disrupted_now", "draw_world", "rows_of"]

SHORT = 0.95  # a period with a lower share shipped was short
EXPERIENCE = (*(f"fill{k}" for k in range(LAGS)), "fill_least", "owed")
PER_ORIGIN = 4  # horizons drawn at each origin
CALM = 0.05  # of the mean order: by so much an order may differ from that of a world without the outage


@dataclass(frozen=True)
class FirmFacts:
    """What is known of the firm's network; all times in periods of its calendar."""

    vendor: Mapping[str, str]  # of each item; an item without one is hit only when the firm itself is down
    recovery: float  # time to recover of a supplier or of the firm itself
    lead: int = 1  # from the firm to its customers
    cover: float = 1.0  # of demand in the firm's stock
    alpha: float = 1.0  # share of the gap to its level that the firm orders per period, as fitted
    gamma: float | None = None  # inflation of its customers' orders as fitted; None: their records do not show it


@dataclass(frozen=True)
class Span:
    """Periods ``first`` to before ``end`` in which a world may be disrupted and rows lie."""

    first: int
    end: int


def draw_world(panel: Panel, facts: FirmFacts, span: Span, gamma: float, rng: np.random.Generator) -> tuple[World, Outage]:
    """A world with one outage of the sweep: a supplier or the firm itself, from half to one and a half times its recovery."""
    vendors = panel.series["item_id"].map(lambda item: facts.vendor.get(str(item), "")).to_numpy()
    names = ["", *sorted(set(vendors) - {""})]
    name = names[int(rng.integers(len(names)))]
    hit = np.ones(len(vendors), dtype=bool) if not name else vendors == name
    length = max(2, round(facts.recovery * rng.uniform(0.5, 1.5)))
    last = max(span.first, span.end - length - rhythm(panel.calendar).windows[0] - 1)
    start = max(int(rng.integers(span.first, last + 1)), facts.lead)
    known = np.isfinite(panel.quantity[:, max(0, start - 26) : start]).any(axis=1)
    outage = Outage(start, length, float(rng.uniform(0, 0.6)), hit & known)
    customers = Customers(facts.lead, float(rng.uniform(0.5, 2.0)), gamma, float(rng.uniform(0.3, 0.7)))
    firm = Firm(min(facts.cover, length / 2) * float(rng.uniform(0.5, 1.0)), facts.alpha)
    item = pd.factorize(panel.series["item_id"])[0].astype(np.int64)
    return live(panel.quantity[:, : span.end], item, customers, firm, outage), outage


def disrupted_now(fill: Floats, origins: Ints, window: int) -> Bools:
    """[series, origin]: whether one of the last ``window`` periods was short, as the firm knows at the origin."""
    return np.stack([fill[:, max(0, t + 1 - window) : t + 1].min(axis=1) < SHORT for t in origins], axis=1)


def rows_of(
    panel: Panel, views: dict[str, Floats], world: World, outage: Outage, span: Span, rng: np.random.Generator, share: float
) -> pd.DataFrame:
    """Rows of a world, about ``share`` of those that could be: FEATURES, EXPERIENCE, ``target`` and more.

    ``weight``; ``scale`` and ``actual`` (units); ``now`` (disrupted now, as the firm knows it); ``disrupted`` (as the world
    knows it: from the first short period until orders are again what they would have been). What is
    forecast before a disruption for a period in it is left out: nobody could know.
    """
    beat, quantity = rhythm(panel.calendar), np.full(panel.quantity.shape, np.nan)
    quantity[:, : span.end] = world.orders[:, : span.end]
    lived = replace(panel, quantity=quantity)
    origins = np.arange(max(span.first, outage.start - beat.windows[1]), span.end - 1)
    known = history(lived, origins)
    rows = _drawn(lived, origins, span.end, rng, share)
    scale, actual = known.scale[rows.series, rows.origin], quantity[rows.series, rows.target(known)]
    kept = np.isfinite(scale) & np.isfinite(actual)
    rows = Rows(rows.series[kept], rows.origin[kept], rows.h[kept])
    scale, actual = scale[kept], actual[kept]
    frame = pd.DataFrame(feature_matrix(lived, known, groups_of(lived, views), rows), columns=list(FEATURES))
    at = origins[rows.origin]
    for name, values in _told(world, rows.series, at, scale, beat.windows[1]).items():
        frame[name] = values.astype(np.float32)
    frame["target"], frame["weight"] = to_target(actual, scale), scale
    now = disrupted_now(world.fill, origins, beat.windows[1])[rows.series, rows.origin]
    lasting = _lasting(world, panel.quantity[:, : world.orders.shape[1]])
    frame = frame.assign(scale=scale, actual=actual, now=now, disrupted=lasting[rows.series, at])
    return frame[frame["disrupted"] | ~lasting[rows.series, rows.target(known)]]


def _drawn(panel: Panel, origins: Ints, end: int, rng: np.random.Generator, share: float) -> Rows:
    series, origin = np.divmod(np.arange(len(panel.series) * len(origins)).repeat(PER_ORIGIN), len(origins))
    kept = rng.random(len(series)) < share
    series, origin = series[kept], origin[kept]
    reach = np.minimum(panel.calendar.horizon, end - 1 - origins[origin])
    return Rows(series, origin, (rng.random(len(series)) * reach).astype(np.int64) + 1)


def _told(world: World, series: Ints, at: Ints, scale: Floats, window: int) -> dict[str, Floats]:
    """EXPERIENCE of each row."""
    found = {f"fill{k}": world.fill[series, np.maximum(at - k, 0)] for k in range(LAGS)}
    found["fill_least"] = np.min([world.fill[series, np.maximum(at - k, 0)] for k in range(window)], axis=0)
    found["owed"] = world.owed[series, at] / scale
    return found


def _lasting(world: World, demand: Floats) -> Bools:
    """[series, period]: from the first to the last one that is short, or whose orders are not what they would have been."""
    mean = np.nan_to_num(demand).mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):
        other = (world.fill < SHORT) | (np.abs(world.orders - demand) > CALM * mean)
    return np.asarray(np.logical_or.accumulate(other, axis=1) & np.logical_or.accumulate(other[:, ::-1], axis=1)[:, ::-1])
