"""The first forecast of what has no history: new items from similar items, new sites from similar sites.

Master data also list what was given up long ago. So an item counts as new if no night a horizon ago listed it; where there is
no such night, if those never sold are few beside the range. A site counts as new only if such a night did not list it: a
warehouse never sells, and would otherwise be taken for a shop. Of a newcomer every listed item counts as new.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.columns import ITEM, LOCATION
from decai_forecast.errors import NotEnoughData
from decai_forecast.partner.facts import CHECK, PULL, CheckFacts, First
from decai_forecast.partner.finished import accepted_frame
from decai_forecast.periods import Calendar
from decai_forecast.round import Round, before
from decai_forecast.steps import Done, read_done
from decai_forecast.store import Store

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["ColdStart", "cold_start"]

MOST_NEW = 0.25  # of the range, on a night that cannot tell new items from dead ones: more are dead ones
FEW = 5  # that may be new whatever the range
TEXTS = ("description", "name", "gtin", "gln")  # say which one it is, not what it is like
CATEGORY = "category"


@dataclass(frozen=True)
class ColdStart:
    """``frame``: the forecasts, with ``reason``; ``notes``: what could not be forecast, and why, in sentences."""

    frame: pd.DataFrame | None = None
    notes: tuple[str, ...] = ()

    def series(self) -> tuple[First, ...]:
        """One entry per series."""
        if self.frame is None:
            return ()
        groups = self.frame.groupby([LOCATION, ITEM], sort=True)
        return tuple(
            First(str(where), str(item), float(rows["mean"].mean()), str(rows["reason"].iloc[0]))
            for (where, item), rows in groups
        )


def cold_start(
    store: Store,
    calendar: Calendar,
    round: Round,
    checked: Done[CheckFacts],
    table: pd.DataFrame,
    *,
    partner: str,
    newcomer: bool = False,
) -> ColdStart:
    """Forecasts of the items and sites of the master data that never sold, over the horizon from the round's cut-off.

    ``store``: the company's own, for what earlier rounds listed; ``table``: the demand table. ``newcomer``: it has begun to
    record a few weeks ago, so that what it lists and has not sold yet is not dead, however much of it there is.
    """
    import pandas as pd

    from decai_forecast.demand import implied_mean, to_levels

    if table.empty:
        return ColdStart()
    cutoff, notes = calendar.floor(round.as_of), list[str]()
    listed = _listed_then(store, calendar, round, cutoff)
    kinds = (_Kind(ITEM, "items", listed.get("items"), newcomer), _Kind(LOCATION, "locations", listed.get("locations")))
    made = [frame for kind in kinds for frame in _of_kind(checked, table, calendar, cutoff, kind, notes, partner)]
    if not made:
        return ColdStart(notes=tuple(notes))
    first = pd.concat(made, ignore_index=True).drop_duplicates([LOCATION, ITEM, "date"], ignore_index=True)
    levels = to_levels(first.assign(mean=implied_mean(first)))
    return ColdStart(levels.drop(columns=["actual", "scale"]), tuple(notes))


@dataclass(frozen=True)
class _Kind:
    """What is new: its key column, the data set that lists it, and the ids that were listed a horizon ago (None: not known).
    ``all``: whatever never sold is new."""

    key: str
    data_set: str
    listed: set[str] | None
    all: bool = False


def _listed_then(store: Store, calendar: Calendar, round: Round, cutoff: date) -> dict[str, set[str]]:
    """Ids in the master data of the newest round that is a horizon old, by data set; nothing where no round is as old."""
    limit = calendar.add(cutoff, -calendar.horizon)
    for round_id in reversed(before(store.children("rounds"), round.id)):
        pulled, checked = read_done(store, round_id, PULL), read_done(store, round_id, CHECK)
        if pulled is None or checked is None or pulled.facts.as_of > limit:
            continue
        frames = {name: accepted_frame(checked, name) for name in ("items", "locations")}
        keys = {"items": ITEM, "locations": LOCATION}
        return {name: set(frame[keys[name]].astype(str)) for name, frame in frames.items() if frame is not None}
    return {}


def _of_kind(
    checked: Done[CheckFacts],
    table: pd.DataFrame,
    calendar: Calendar,
    cutoff: date,
    kind: _Kind,
    notes: list[str],
    partner: str,
) -> Iterator[pd.DataFrame]:
    """The forecasts of one kind's new ones; what cannot be forecast is noted."""
    from decai_forecast.demand.newcomers import first_forecast

    key, master = kind.key, accepted_frame(checked, kind.data_set)
    if master is None:
        return
    rows = master.assign(**{key: master[key].astype(str)}).drop_duplicates(key, ignore_index=True)
    sold = set(table[key].astype(str))
    fresh = rows[~rows[key].isin(sold)] if kind.all else _new(rows, key, sold, kind.listed, notes)
    older = rows[rows[key].isin(sold)]
    attributes, stocked = _attributes(rows, key), _stocked(checked) if len(fresh) else None
    for one in [fresh.iloc[k : k + 1] for k in range(len(fresh))] if len(older) else []:
        try:
            weights = _weights(one, older, attributes, table, calendar, cutoff, kind, partner)
            series = _series(stocked, table, str(one[key].iloc[0]), key, list(weights["like"]))
            past = table[table[key].isin(weights["like"])]
            yield first_forecast(series, weights, past, calendar, cutoff, partner=partner)
        except NotEnoughData as error:
            notes.append(str(error))


def _weights(
    one: pd.DataFrame,
    older: pd.DataFrame,
    attributes: Sequence[str],
    table: pd.DataFrame,
    calendar: Calendar,
    cutoff: date,
    kind: _Kind,
    partner: str,
) -> pd.DataFrame:
    """What ``one`` is like. Of a newcomer it may not be new: it counts what sells as seldom, and every item gets a forecast."""
    from decai_forecast.demand.newcomers import all_alike, similar, unsold

    try:
        weights = similar(one, older, attributes, key=kind.key, partner=partner)
    except NotEnoughData:
        if not kind.all:
            raise
        weights = all_alike(one, older, key=kind.key)
    return unsold(weights, table, calendar, cutoff) if kind.all else weights


def _new(rows: pd.DataFrame, key: str, sold: set[str], then: set[str] | None, notes: list[str]) -> pd.DataFrame:
    never = rows[~rows[key].isin(sold)]
    if then is not None:
        return never[~never[key].isin(then)]
    if key == LOCATION:
        return never.iloc[:0]
    if len(never) > max(FEW, MOST_NEW * len(sold)):
        notes.append(
            f"{len(never):,} items of the master data never sold, too many to be new: none of them is forecast; items that are "
            "listed from now on will be"
        )
        return never.iloc[:0]
    return never


def _attributes(rows: pd.DataFrame, key: str) -> list[str]:
    """Numbers, and texts that several share: a text of its own says nothing about likeness."""
    from pandas.api.types import is_bool_dtype, is_datetime64_any_dtype, is_numeric_dtype

    names = [str(name) for name in rows if name != key and name not in TEXTS and not is_datetime64_any_dtype(rows[name])]
    shared = [n for n in names if rows[n].nunique() < rows[n].notna().sum()]
    numbers = [n for n in names if is_numeric_dtype(rows[n]) and not is_bool_dtype(rows[n])]
    return [name for name in names if name in shared or name in numbers]


def _stocked(checked: Done[CheckFacts]) -> pd.DataFrame | None:
    """location_id, item_id of all that the data set ``stock`` lists; None where no stock of sites was delivered."""
    stock = accepted_frame(checked, "stock")
    return None if stock is None or LOCATION not in stock else stock[[LOCATION, ITEM]].drop_duplicates().astype(str)


def _series(stocked: pd.DataFrame | None, table: pd.DataFrame, one: str, key: str, like: Sequence[str]) -> pd.DataFrame:
    """Where a new item is sold, or what a new site sells: as its stock says, else everywhere the most similar one does."""
    if stocked is not None and len(there := stocked[stocked[key] == one]):
        return there
    nearest = table.loc[table[key] == like[0], [LOCATION, ITEM]].drop_duplicates()
    return nearest.assign(**{key: one})
