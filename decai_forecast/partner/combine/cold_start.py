"""The first forecast of what has no history: new items from similar items, new sites from similar sites.

Master data also list what was given up long ago. So an item counts as new if no night a horizon ago listed it; where there is
no such night, if those never sold are few beside the range. A site counts as new only if such a night did not list it: a
warehouse never sells, and would otherwise be taken for a shop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING

from decai_forecast.errors import NotEnoughData
from decai_forecast.partner.check import accepted_frame
from decai_forecast.partner.context import PartnerContext
from decai_forecast.round import Round, before
from decai_forecast.steps import Done, read_done

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["First", "Firsts", "first_forecasts"]

MOST_NEW = 0.25  # of the range, on a night that cannot tell new items from dead ones: more are dead ones
FEW = 5  # that may be new whatever the range
TEXTS = ("description", "name", "gtin", "gln")  # say which one it is, not what it is like
ITEM, LOCATION, CATEGORY = "item_id", "location_id", "category"


@dataclass(frozen=True)
class First:
    """A series without a history: mean units per period, and what they were taken from."""

    location_id: str
    item_id: str
    units: float
    reason: str


@dataclass(frozen=True)
class Firsts:
    """``frame``: the forecasts, with ``reason``; ``notes``: what could not be forecast, and why, in sentences."""

    frame: pd.DataFrame | None = None
    notes: Sequence[str] = field(default_factory=tuple)

    def series(self) -> list[First]:
        """One entry per series."""
        if self.frame is None:
            return []
        groups = self.frame.groupby([LOCATION, ITEM], sort=True)
        return [
            First(str(where), str(item), float(rows["mean"].mean()), str(rows["reason"].iloc[0]))
            for (where, item), rows in groups
        ]


def first_forecasts(company: PartnerContext, round: Round, checked: Done, table: pd.DataFrame) -> Firsts:
    """Forecasts of the items and sites of the master data that never sold, over the horizon from the night's cut-off."""
    import pandas as pd

    from decai_forecast.demand import implied_mean, to_levels

    if table.empty:
        return Firsts()
    cutoff, notes = company.calendar.floor(round.as_of), list[str]()
    known = _known_then(company, round, cutoff)
    made = [
        frame
        for key, name in ((ITEM, "items"), (LOCATION, "locations"))
        for frame in _of_kind(company, checked, table, cutoff, (key, name, known.get(name)), notes)
    ]
    if not made:
        return Firsts(notes=notes)
    first = pd.concat(made, ignore_index=True).drop_duplicates([LOCATION, ITEM, "date"], ignore_index=True)
    levels = to_levels(first.assign(mean=implied_mean(first)))
    return Firsts(levels.drop(columns=["actual", "scale"]), notes)


def _known_then(company: PartnerContext, round: Round, cutoff: date) -> dict[str, set[str]]:
    """Ids in the master data of the newest night that is a horizon old; nothing where no night is as old."""
    limit = company.calendar.add(cutoff, -company.calendar.horizon)
    for round_id in reversed(before(company.store.children("rounds"), round.id)):
        pulled, checked = (read_done(company.store, round_id, step) for step in ("pull", "check"))
        if pulled is None or checked is None or date.fromisoformat(pulled.facts["as_of"]) > limit:
            continue
        frames = {name: accepted_frame(company, checked, name) for name in ("items", "locations")}
        keys = {"items": ITEM, "locations": LOCATION}
        return {name: set(frame[keys[name]].astype(str)) for name, frame in frames.items() if frame is not None}
    return {}


def _of_kind(
    company: PartnerContext, checked: Done, table: pd.DataFrame, cutoff: date, kind: tuple[str, str, set[str] | None], notes: list[str]
) -> Iterator[pd.DataFrame]:
    """The forecasts of one kind's new ones; what cannot be forecast is noted."""
    from decai_forecast.demand.newcomers import first_forecast, similar

    key, name, then = kind
    master = accepted_frame(company, checked, name)
    if master is None:
        return
    rows = master.assign(**{key: master[key].astype(str)}).drop_duplicates(key, ignore_index=True)
    sold = set(table[key].astype(str))
    fresh = _new(rows, key, sold, then, notes)
    older = rows[rows[key].isin(sold)]
    attributes, stocked = _attributes(rows, key), _stocked(company, checked) if len(fresh) else None
    for one in [fresh.iloc[k : k + 1] for k in range(len(fresh))] if len(older) else []:
        try:
            weights = similar(one, older, attributes, key=key, partner=company.partner)
            series = _series(stocked, table, str(one[key].iloc[0]), key, list(weights["like"]))
            past = table[table[key].isin(weights["like"])]
            yield first_forecast(series, weights, past, company.calendar, cutoff, partner=company.partner)
        except NotEnoughData as error:
            notes.append(str(error))


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


def _stocked(company: PartnerContext, checked: Done) -> pd.DataFrame | None:
    """location_id, item_id of all that the data set ``stock`` lists; None where no stock of sites was delivered."""
    stock = accepted_frame(company, checked, "stock")
    return None if stock is None or LOCATION not in stock else stock[[LOCATION, ITEM]].drop_duplicates().astype(str)


def _series(stocked: pd.DataFrame | None, table: pd.DataFrame, one: str, key: str, like: Sequence[str]) -> pd.DataFrame:
    """Where a new item is sold, or what a new site sells: as its stock says, else everywhere the most similar one does."""
    if stocked is not None and len(there := stocked[stocked[key] == one]):
        return there
    nearest = table.loc[table[key] == like[0], [LOCATION, ITEM]].drop_duplicates()
    return nearest.assign(**{key: one})
