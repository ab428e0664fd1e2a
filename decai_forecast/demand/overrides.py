"""A planner's overrides of the forecast: kept for good, applied, and scored when the sales are known.

Each is a file of one JSON line under ``overrides/``, named by its time and digest: nothing that was said is ever rewritten, two
planners at once lose nothing, and the same override recorded twice is one. One that is withdrawn stays, with who withdrew it
and why beside it: the nights that it changed are still scored.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.columns import DATE, ITEM, LOCATION
from decai_forecast.demand.metrics import levels_of
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.errors import ConfigError
from decai_forecast.store import Store, digest_json

__all__ = [
    "FOLDER", "OVERRIDE", "Override", "Withdrawal", "apply_overrides", "read_overrides", "record_override", "score_overrides",
    "withdraw", "withdrawals",
]  # fmt: skip

FOLDER = "overrides"
WITHDRAWN = f"{FOLDER}/withdrawn"
OVERRIDE = "override"  # column of a forecast: the id of the override in force in the row, empty without one


@dataclass(frozen=True)
class Override:
    """What a planner expects of an item, for the periods that start from ``first`` to ``last`` (both included): ``value`` units
    a period as the median, or the forecast times ``factor``; ``when`` it was said, an ISO time with its zone."""

    location_id: str
    item_id: str
    first: date
    last: date
    reason: str
    who: str
    when: str
    value: float | None = None
    factor: float | None = None

    def __post_init__(self) -> None:
        """:class:`ConfigError` says what is wrong, in which override, and what to give."""
        fault = self._fault()
        if fault:
            raise ConfigError(f"override of item {self.item_id!r} at {self.location_id!r} from {self.first}: {fault}")

    def _fault(self) -> str:
        if not self.reason.strip() or not self.who.strip():
            missing = "reason" if not self.reason.strip() else "name of who made it"
            return f"there is no {missing}; give one, it is shown beside the forecast and scored later"
        if (self.value is None) == (self.factor is None):
            return "give either a value (units a period) or a factor, and not both"
        name, number = ("factor", self.factor) if self.factor is not None else ("value", self.value)
        if number is None or not math.isfinite(number) or number < 0:
            return f"the {name} is {number}; demand cannot be negative, give 0 or more"
        if self.last < self.first:
            return f"it ends on {self.last}, before it begins; give a last day on or after {self.first}"
        return (
            ""
            if _has_zone(self.when)
            else f"its time is {self.when!r}; give an ISO time with a zone, as 2026-06-22T09:30:00+00:00"
        )

    @property
    def id(self) -> str:
        """A digest of all it says."""
        return digest_json(self.as_json())[:16]

    def as_json(self) -> dict[str, object]:
        return asdict(self) | {"first": self.first.isoformat(), "last": self.last.isoformat()}

    @classmethod
    def from_json(cls, row: Mapping[str, Any]) -> Override:
        """The override of :meth:`as_json`; KeyError, TypeError, ValueError or :class:`ConfigError` for anything else."""
        return cls(**dict(row) | {"first": date.fromisoformat(row["first"]), "last": date.fromisoformat(row["last"])})


@dataclass(frozen=True)
class Withdrawal:
    """Who took the override ``override`` (its id) back, when (an ISO time with its zone) and why."""

    override: str
    who: str
    when: str
    reason: str


def _has_zone(when: str) -> bool:
    try:
        return datetime.fromisoformat(when).tzinfo is not None
    except ValueError:
        return False


def _instant(override: Override) -> tuple[float, str]:
    """Later ones count; at the same instant the order is that of the digests, the same everywhere."""
    return datetime.fromisoformat(override.when).timestamp(), override.id


def record_override(store: Store, override: Override, known: pd.DataFrame) -> bool:
    """Keeps ``override`` in the participant's ``store``; False if it was kept before.

    ``known``: a frame with the location_id and item_id that have a forecast. :class:`ConfigError` for one not among them.
    """
    here = known[known[LOCATION].astype(str) == override.location_id]
    items = sorted(here[ITEM].astype(str).unique())
    if not items:
        places = sorted(known[LOCATION].astype(str).unique())
        raise ConfigError(f"override: there is no location {override.location_id!r}{_hint(override.location_id, places)}")
    if override.item_id not in items:
        hint = _hint(override.item_id, items)
        raise ConfigError(f"override: there is no forecast of item {override.item_id!r} at {override.location_id!r}{hint}")
    line = json.dumps(override.as_json(), sort_keys=True, ensure_ascii=False) + "\n"
    return store.create_bytes(f"{FOLDER}/{_stamp(override)}-{override.id}.jsonl", line.encode())


def _hint(wrong: str, known: Sequence[str]) -> str:
    near = get_close_matches(wrong, known, n=1)
    return (
        f"; did you mean {near[0]!r}?" if near else f"; it is one of {', '.join(known[:5])}{' ...' if len(known) > 5 else ''}"
    )


def _stamp(override: Override) -> str:
    return override.when[:19].replace(":", "-")


def read_overrides(store: Store) -> list[Override]:
    """All overrides kept in ``store``, the oldest first. :class:`ConfigError` names a file that holds none."""
    return sorted((_read(store, key) for key in store.keys(FOLDER) if key.endswith(".jsonl")), key=_instant)


def _read(store: Store, key: str) -> Override:
    try:
        return Override.from_json(json.loads(store.read_bytes(key)))
    except (ConfigError, ValueError, TypeError, KeyError):
        raise ConfigError(
            f"{store.owner}: {key} is not an override as this program writes it; restore it or remove it"
        ) from None


def withdraw(store: Store, override: str, *, who: str, when: str, reason: str) -> bool:
    """Takes the override of that id back, from the next night on; False if it was withdrawn before.

    What it covered goes back to the override before it, if there is one, else to the model. :class:`ConfigError` for an unknown
    id, or without a name, a reason or a time with a zone.
    """
    known = [o.id for o in read_overrides(store)]
    if override not in known:
        raise ConfigError(f"there is no override {override!r}{_hint(override, known) if known else '; none was made yet'}")
    if not who.strip() or not reason.strip() or not _has_zone(when):
        raise ConfigError(f"withdrawal of override {override}: give a reason, a name and a time with a zone")
    line = json.dumps(asdict(Withdrawal(override, who, when, reason)), sort_keys=True, ensure_ascii=False)
    return store.create_bytes(f"{WITHDRAWN}/{override}.json", f"{line}\n".encode())


def withdrawals(store: Store) -> dict[str, Withdrawal]:
    """Id of each override that was withdrawn -> by whom, when and why."""
    found = [Withdrawal(**store.read_json(key)) for key in store.keys(WITHDRAWN)]
    return {one.override: one for one in found}


def apply_overrides(forecast: pd.DataFrame, overrides: Sequence[Override]) -> pd.DataFrame:
    """``forecast`` as the planners see it, with ``override``: the id of the one in force in each row, empty without one.

    Of several that cover a row the latest counts, alone. Quantiles and ``mean`` are scaled together, so that the shape stays:
    by the factor, or so that the median becomes the value. Where the median is zero all are raised by the value.
    """
    number, factor, value = _in_force(forecast, overrides)
    columns = [name_of(level) for level in levels_of(forecast)] + (["mean"] if "mean" in forecast else [])
    given, median = forecast[columns].to_numpy(float), forecast[name_of(0.5)].to_numpy(float)
    scale = np.where(np.isfinite(value) & (median > 0), value / np.where(median > 0, median, 1.0), factor)
    lift = np.where(np.isfinite(value) & (median <= 0), value, 0.0)
    out = forecast.copy()
    out[columns] = np.where((number >= 0)[:, None], np.maximum(given * scale[:, None] + lift[:, None], 0.0), given)
    ids = np.array([*(o.id for o in overrides), ""], dtype=object)
    return out.assign(**{OVERRIDE: ids[number]})


def _in_force(forecast: pd.DataFrame, overrides: Sequence[Override]) -> tuple[npt.NDArray[np.int64], Floats, Floats]:
    """Of each row: the number of the override (-1: none), its factor (1 where it is a value) and its value (NaN: a factor)."""
    number, factor, value = np.full(len(forecast), -1), np.ones(len(forecast)), np.full(len(forecast), np.nan)
    place, item, day = forecast[LOCATION].astype(str), forecast[ITEM].astype(str), pd.to_datetime(forecast[DATE])
    for k in sorted(range(len(overrides)), key=lambda k: _instant(overrides[k])):
        o = overrides[k]
        between = (day >= pd.Timestamp(o.first)) & (day <= pd.Timestamp(o.last))
        rows = ((place == o.location_id) & (item == o.item_id) & between).to_numpy()
        number[rows], factor[rows] = k, 1.0 if o.factor is None else o.factor
        value[rows] = np.nan if o.value is None else o.value
    return number, factor, value


SCORED = (
    OVERRIDE, LOCATION, ITEM, "first", "last", "who", "reason", "rows", "loss_untouched", "loss_override", "fva",
    "pinball_gain",
)  # fmt: skip


def score_overrides(untouched: pd.DataFrame, overrides: Sequence[Override]) -> pd.DataFrame:
    """What each override added against the forecast it changed, once sales are known; the most harmful first.

    ``untouched``: past forecasts before any override, with ``actual``, as they stood when the overrides were in force; with a
    column ``override`` that column says which was in force in a row, otherwise the latest that covers it was.

    Columns: ``override``, location_id, item_id, ``first``, ``last``, ``who``, ``reason``; ``rows`` with a known actual in which
    it was in force; the absolute error of the median (units), ``loss_untouched`` and ``loss_override``, and what the override
    took off it, ``fva``, negative where it did harm; ``pinball_gain``, the same of the pinball loss of q10, q50, q90. An
    override that cannot be judged yet has 0 rows and NaN.
    """
    applied = _as_said(untouched, overrides)
    known = np.isfinite(untouched["actual"].to_numpy(float))
    before, after = _losses(untouched), _losses(applied)
    rows = []
    for o in overrides:
        mine = known & (applied[OVERRIDE] == o.id).to_numpy()
        row = {OVERRIDE: o.id, LOCATION: o.location_id, ITEM: o.item_id, "first": o.first, "last": o.last}
        row |= {"who": o.who, "reason": o.reason, "rows": int(mine.sum())}
        old, new = (loss[mine].sum(axis=0) if mine.any() else np.full(2, np.nan) for loss in (before, after))
        row |= {"loss_untouched": old[0], "loss_override": new[0], "fva": old[0] - new[0], "pinball_gain": old[1] - new[1]}
        rows.append(row)
    return pd.DataFrame(rows, columns=list(SCORED)).sort_values("fva", kind="stable", ignore_index=True)


def _as_said(untouched: pd.DataFrame, overrides: Sequence[Override]) -> pd.DataFrame:
    if OVERRIDE not in untouched:
        return apply_overrides(untouched, overrides)
    by_id, out = {o.id: o for o in overrides}, untouched.copy()
    for name in by_id.keys() & set(untouched[OVERRIDE]):
        rows = (untouched[OVERRIDE] == name).to_numpy()
        out.loc[rows] = apply_overrides(untouched[rows], [by_id[name]])
    return out


def _losses(forecast: pd.DataFrame) -> Floats:
    """Rows x (absolute error of the median, twice the mean pinball loss), units."""
    errors = [(q, forecast["actual"].to_numpy(float) - forecast[name_of(q)].to_numpy(float)) for q in TRAINED]
    pinball = 2 * np.mean([np.maximum(q * e, (q - 1) * e) for q, e in errors], axis=0)
    return np.column_stack([np.abs(errors[1][1]), pinball])
