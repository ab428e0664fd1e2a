"""Training rows and forecast rows of one cut-off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.code_book import CodeBook
from decai_forecast.columns import DATE, KEYS, SERIES
from decai_forecast.demand.features import FEATURES, feature_matrix
from decai_forecast.demand.future_features import Group, Rows, groups_of
from decai_forecast.demand.history import History, history, rhythm
from decai_forecast.demand.lots import lot_sizes
from decai_forecast.demand.panel import Floats, Panel, to_panel
from decai_forecast.demand.plans import published_before
from decai_forecast.demand.prophet_features import prophet_totals
from decai_forecast.demand.slips import clean_slips
from decai_forecast.demand.target import to_target
from decai_forecast.errors import NotEnoughData
from decai_forecast.periods import Calendar

__all__ = ["MAX_TRAINING_ROWS", "MIN_TRAINING_ROWS", "Prepared", "forecast_rows", "prepare"]

MAX_TRAINING_ROWS = 20_000  # beyond it a partner's trees hardly change, and the shared training waits for its slowest member
MIN_TRAINING_ROWS = 50  # two leaves of a tree with the least rows that a leaf may have
INTERMITTENT = 0.5  # share of periods without a sale from which an item is another kind of item
YOUNG = 0.1  # share of further rows that know only the last weeks before them, as a new company does: the shared
# forecaster learns from them to serve companies in their first weeks
CODE = "code"  # the place of a series' name in the code book; NaN without one
BESIDE = (CODE, "target", "back", "weight")  # columns of the training rows beside FEATURES
CHUNK = 4_000  # series whose features are in memory at a time
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Prepared:
    """``train``: FEATURES, ``target`` (see target.py), ``back`` (periods from the target to the cut-off; 1 is the last known)
    and ``weight``, float32, and ``young`` (the row is made as of a company with a short history; for the shared forecaster
    only). ``future``: location_id, item_id, date,
    ``h``, ``scale`` (units), ``sale`` (units, the mean size of a recent sale), ``lot`` (units, see lots.py), ``item_class``,
    ``actual`` (units, NaN if unknown or a slip) and FEATURES, one row per series and period of the horizon. With a code book
    both have its ``feature``, too: the place of the row's name in the book, NaN if it is not in it."""

    train: pd.DataFrame
    future: pd.DataFrame
    prophet: bool


def prepare(
    table: pd.DataFrame,
    calendar: Calendar,
    cutoff: date,
    *,
    seed: int,
    max_rows: int = MAX_TRAINING_ROWS,
    prices: pd.DataFrame | None = None,
    book: CodeBook | None = None,
) -> Prepared:
    """Everything that training and forecasting at ``cutoff`` need; nothing from ``cutoff`` on reaches a feature or a target.

    ``prices``: rows of the partner's data set ``prices``, planned ahead; what was published later is not used.
    ``book``: the network's code book. :class:`NotEnoughData` if fewer than ``MIN_TRAINING_ROWS`` rows can be made.
    """
    known = _known(table, calendar, cutoff, prices, book)
    if known.end <= rhythm(calendar).windows[0]:
        least = rhythm(calendar).windows[0] + 1
        raise NotEnoughData(f"{max(known.end, 0)} periods before {cutoff}; at least {least} are needed")
    views, fitted = prophet_totals(known.panel, known.end)
    groups = groups_of(known.panel, views)
    train = _train(known.panel, known.end, groups, np.random.default_rng([seed, cutoff.toordinal()]), max_rows)
    if (count := int((~train["young"]).sum())) < MIN_TRAINING_ROWS:
        raise NotEnoughData(f"{count} training rows before {cutoff}; at least {MIN_TRAINING_ROWS} are needed")
    future = _future(known.panel, known.end, groups, known.actual)
    return Prepared(_named(train, book), _named(future, book), fitted)


def forecast_rows(
    table: pd.DataFrame,
    calendar: Calendar,
    cutoff: date,
    *,
    prices: pd.DataFrame | None = None,
    book: CodeBook | None = None,
) -> pd.DataFrame:
    """The rows ``future`` of :class:`Prepared` alone: all that a shared forecaster needs of a company too young to train.

    One known sale is enough. :class:`NotEnoughData` without any before ``cutoff``.
    """
    known = _known(table, calendar, cutoff, prices, book)
    if not np.nansum(known.panel.quantity) > 0:
        raise NotEnoughData(f"no sale before {cutoff}")
    views, _ = prophet_totals(known.panel, known.end)
    return _named(_future(known.panel, known.end, groups_of(known.panel, views), known.actual), book)


def _named(frame: pd.DataFrame, book: CodeBook | None) -> pd.DataFrame:
    """With the codes under the book's own name, last among the features; without a book there are none."""
    return frame.drop(columns=CODE) if book is None else frame.rename(columns={CODE: book.feature})


@dataclass(frozen=True)
class _Known:
    """``panel``: what is known before the period ``end``; ``actual``: the quantities that forecasts are judged by, series x
    periods; NaN where one looks like a slip."""

    panel: Panel
    end: int
    actual: Floats


def _known(table: pd.DataFrame, calendar: Calendar, cutoff: date, prices: pd.DataFrame | None, book: CodeBook | None) -> _Known:
    if table.empty:
        raise NotEnoughData("the accepted rows hold no sale")
    full = to_panel(table, calendar, plans=None if prices is None else published_before(prices, cutoff))
    code = np.nan if book is None else book.codes(full.series[book.column])
    full, end = replace(full, series=full.series.assign(**{CODE: code})), full.index(cutoff)
    if end <= 0:
        return _Known(full.before(0), end, full.quantity)
    begun = np.asarray(np.isfinite(full.quantity[:, :end]).any(axis=1), dtype=np.bool_)
    full = full.part(begun) if begun.any() else full  # who begins later must not be seen, not even by the draw of the rows
    return _Known(clean_slips(full.before(end)), end, _judged(full, end + calendar.horizon))


def _judged(full: Panel, end: int) -> Floats:
    """The quantities as delivered, without what looks like a slip to who knows the periods before ``end``."""
    return np.where(clean_slips(full.before(end)).slips, np.nan, full.quantity)


def _chunks(panel: Panel, groups: list[Group]) -> Iterator[tuple[slice, Panel, list[Group]]]:
    for start in range(0, len(panel.series), CHUNK):
        rows = slice(start, start + CHUNK)
        yield rows, panel.part(rows), [Group(g.name, g.total, g.member[rows], g.prophet) for g in groups]


def _train(panel: Panel, end: int, groups: list[Group], rng: np.random.Generator, max_rows: int) -> pd.DataFrame:
    """``max_rows`` rows of the company as it is, and some as it would know them had it begun to record a short time ago."""
    beat = rhythm(panel.calendar)
    origins = np.arange(max(beat.windows[1], end - 1 - beat.past), end - 1, beat.stride)
    share = min(1.0, max_rows / max(1, _possible(panel, end, origins)))
    draws = rng.spawn(2)  # each of its own, so that the size of the chunks changes nothing
    blocks = [_block(part, end, origins, own, draws, share) for _, part, own in _chunks(panel, groups)] if len(origins) else []
    known = _drawn_from(blocks, rng, max_rows)
    young = _drawn_from(_young(panel, end, rng, int(YOUNG * len(known))), rng, int(YOUNG * len(known)))
    every = np.concatenate([known, young])
    frame = pd.DataFrame(every, columns=[*FEATURES, *BESIDE])
    return frame.assign(young=np.arange(len(every)) >= len(known))


def _drawn_from(blocks: list[npt.NDArray[np.float32]], rng: np.random.Generator, most: int) -> npt.NDArray[np.float32]:
    """At most ``most`` rows, with weights normed to a mean of 1."""
    every = np.concatenate(blocks) if blocks else np.empty((0, len(FEATURES) + len(BESIDE)), dtype=np.float32)
    if len(every) > most:
        every = every[np.sort(rng.choice(len(every), most, replace=False))]
    if len(every):
        every[:, -1] /= every[:, -1].mean()
    return every


def _young(panel: Panel, end: int, rng: np.random.Generator, wanted: int) -> list[npt.NDArray[np.float32]]:
    """Rows of the last years with only the last 4, 13 or 26 weeks (and so on) before each origin known."""
    beat, draws, blocks = rhythm(panel.calendar), rng.spawn(2), []
    begins = range(end - 1 - beat.ages[0], max(0, end - 1 - beat.past), -beat.ages[-1])
    possible = len(panel.series) * len(beat.ages) * min(beat.per_origin, panel.calendar.horizon) * max(1, len(begins))
    for begin in begins:
        origins = np.array([begin + age - 1 for age in beat.ages if begin + age < end])
        begun = panel.since(begin)
        groups = groups_of(begun, {"partner:all": np.ones(len(panel.dates))})  # too short for Prophet
        blocks += [
            _block(part, end, origins, own, draws, min(1.0, wanted / possible)) for _, part, own in _chunks(begun, groups)
        ]
    return blocks


def _possible(panel: Panel, end: int, origins: Ints) -> int:
    """About how many rows could be drawn: known periods after the first origin, times the horizons of an origin."""
    if not len(origins):
        return 0
    beat = rhythm(panel.calendar)
    known = int(np.isfinite(panel.quantity[:, origins[0] : end]).sum())
    return known * min(beat.per_origin, panel.calendar.horizon) // beat.stride


def _block(
    panel: Panel, end: int, origins: Ints, groups: list[Group], draws: list[np.random.Generator], share: float
) -> npt.NDArray[np.float32]:
    """FEATURES and BESIDE (the weight in units, not yet normed) of one chunk's rows, about ``share`` of those that could be."""
    known = history(panel, origins)
    rows = _drawn(panel, known, end, draws, share)
    scale, quantity = known.scale[rows.series, rows.origin], panel.quantity[rows.series, rows.target(known)]
    usable = np.isfinite(scale) & np.isfinite(quantity)
    rows = Rows(rows.series[usable], rows.origin[usable], rows.h[usable])
    scale, quantity = scale[usable], quantity[usable]
    out = np.empty((len(rows.h), len(FEATURES) + len(BESIDE)), dtype=np.float32)
    out[:, : len(FEATURES)] = feature_matrix(panel, known, groups, rows)
    out[:, len(FEATURES)] = panel.series[CODE].to_numpy()[rows.series]
    out[:, -3], out[:, -2], out[:, -1] = to_target(quantity, scale), end - rows.target(known), scale
    return out


def _drawn(panel: Panel, known: History, end: int, draws: list[np.random.Generator], share: float) -> Rows:
    """At each origin every series gets a few horizons, evenly spread from a random start; then ``share`` of all rows."""
    size, wanted = len(panel.series), min(rhythm(panel.calendar).per_origin, panel.calendar.horizon)
    reach = np.minimum(panel.calendar.horizon, end - 1 - known.origins)  # horizons with a known target
    count = np.minimum(wanted, reach)
    origin = np.repeat(np.arange(len(reach)), count)
    step = np.concatenate([np.arange(c) for c in count]) * reach[origin] / count[origin]
    h = ((draws[0].random((size, len(origin))) * reach[origin] + step) % reach[origin]).astype(np.int64) + 1
    kept = np.flatnonzero(draws[1].random(h.size) < share * 1.05) if share < 1 else np.arange(h.size)
    return Rows(kept // len(origin), origin[kept % len(origin)], h.ravel()[kept])


def _future(panel: Panel, end: int, groups: list[Group], actual: Floats) -> pd.DataFrame:
    """Rows of every series that ever sold; the others have nothing to scale by and stay out."""
    horizon = panel.calendar.horizon
    frames = []
    for chunk, part, own in _chunks(panel, groups):
        known = history(part, np.array([end - 1]))
        series = np.flatnonzero(np.isfinite(known.scale[:, 0]))
        first = np.zeros(len(series) * horizon, dtype=np.int64)
        rows = Rows(np.repeat(series, horizon), first, np.tile(np.arange(1, horizon + 1), len(series)))
        frames.append(_future_rows(part, end, known, own, rows, actual[chunk]))
    future = pd.concat(frames, ignore_index=True)
    return future.sort_values(KEYS, ignore_index=True)


def _future_rows(panel: Panel, end: int, known: History, groups: list[Group], rows: Rows, actual: Floats) -> pd.DataFrame:
    keys = panel.series[SERIES].iloc[rows.series].reset_index(drop=True)
    keys[DATE] = panel.dates[rows.h + end - 1]
    features = pd.DataFrame(feature_matrix(panel, known, groups, rows), columns=list(FEATURES))
    features[CODE] = panel.series[CODE].to_numpy(np.float32)[rows.series]
    return pd.concat([keys, features], axis=1).assign(
        scale=known.scale[rows.series, 0],
        sale=features["size"].to_numpy(float) * known.scale[rows.series, 0],
        lot=lot_sizes(panel.quantity)[rows.series],
        item_class=np.where(features["zeros"] > INTERMITTENT, "intermittent", "regular"),
        actual=actual[rows.series, rows.h + end - 1],
    )
