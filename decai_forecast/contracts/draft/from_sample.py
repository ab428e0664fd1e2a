"""A contract from a sample delivery: every promise in it holds in the sample, and every guess is told."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from pathlib import Path

from decai_forecast.contracts.draft.doubts import doubts, held_instead
from decai_forecast.contracts.draft.key import find_key
from decai_forecast.contracts.draft.names import about, guess_data_set, map_columns, missing_columns, normal
from decai_forecast.contracts.draft.notes import notes_of
from decai_forecast.contracts.draft.profile import NUMERIC, TEMPORAL, ColumnProfile, Profile, profile_of
from decai_forecast.contracts.draft.promises import enum_of, options_of
from decai_forecast.contracts.draft.rhythm import LATENCY_DAYS, Rhythm, rhythm_of
from decai_forecast.contracts.draft.rules import DraftRule, kept_rules
from decai_forecast.contracts.draft.sample import Sample, opened
from decai_forecast.contracts.draft.text import DraftColumn, DraftFacts, contact_of, render
from decai_forecast.contracts.vocabulary import DATA_SETS
from decai_forecast.errors import ConfigError
from decai_forecast.network import valid_id
from decai_forecast.sql import name as quoted

__all__ = ["Draft", "draft_from_sample"]

NEEDED_TYPES = {  # what a data set's required columns must be to be of any use
    **dict.fromkeys(("date", "received_on", "expected_on", "valid_from"), (TEMPORAL, "a date such as 2026-01-31")),
    **dict.fromkeys(("quantity", "on_hand", "price"), (NUMERIC, "a number such as 12.5")),
}
DATED = {"demand": "date", "stock": "date", "receipts": "received_on"}  # the column whose newest value says how fresh it is
REFERENCES = {"item_id": "items.item_id", "location_id": "locations.location_id"}
UNITS = {"D": "d", "W": "w"}
RESERVED = ("date",)  # names that mean something wherever they stand


@dataclass(frozen=True)
class Draft:
    """``text`` is the contract file; ``notes`` say in plain words what was guessed and what a person should look at.

    ``as_of`` is the day after the newest in the sample: the data cut-off with which it can be checked; None without a date.
    """

    text: str
    data_set: str
    notes: tuple[str, ...]
    as_of: date | None = None


def draft_from_sample(
    sample: Path,
    *,
    partner: str,
    data_set: str | None = None,
    source: str | None = None,
    schedule: str = "0 1 * * *",
    time_zone: str = "UTC",
    contact: str | None = None,
    encoding: str = "",
) -> Draft:
    """A contract for deliveries like the Parquet or CSV file ``sample``, which keeps it.

    ``data_set`` is guessed from the columns if it is None; ``source`` is where deliveries will lie (the sample's own path if
    None), ``schedule`` a cron expression in ``time_zone`` (IANA), ``contact`` who is told of a refused delivery, ``encoding``
    that of a text file, UTF-8 if it is empty.
    :class:`~decai_forecast.errors.ConfigError` if the file cannot be read or has no rows, if columns that the data set needs
    are missing or of no use, if nothing tells the rows apart, or if ``partner`` cannot be a participant's id.
    """
    valid_id(partner)
    with opened(sample, encoding) as opened_sample:
        profile = profile_of(opened_sample)
        usable = [column.name for column in profile.columns if column.logical]
        chosen, rivals = _data_set(data_set, usable, sample)
        mapped = map_columns(chosen, usable, named=data_set is not None)
        _require_columns(opened_sample, profile, chosen, usable, mapped)
        key = find_key(opened_sample, profile, chosen, mapped)
        ours = our_names(usable, mapped, chosen)
        days = mapped.get(DATED.get(chosen, ""), "")
        rhythm = rhythm_of(opened_sample, days, [name for name in key if name != days]) if days else Rhythm("")
        columns = tuple(_column(opened_sample, profile, name, ours, key) for name in usable)
        rules = _fitting(kept_rules(opened_sample, profile, ours, rhythm, days), columns)
        missing = _missing_periods(opened_sample, chosen, mapped, rhythm)
        seen = (*opened_sample.notes, *doubts(opened_sample, [profile.column(name) for name in usable]))
        as_of = _day_after(profile.column(days).maximum) if days else None
    facts = DraftFacts(
        partner, chosen, str(source or sample), profile.format, _without_doubles(columns, rules), schedule, time_zone,
        contact or contact_of(partner), dated=f"{chosen}.{ours[days]}" if days else "",
        latency=LATENCY_DAYS[rhythm.every or "M"], frequency=UNITS.get(rhythm.every, ""), missing_periods=missing, rules=rules,
        encoding=encoding, given=contact is not None,
    )  # fmt: skip
    notes = notes_of(profile, facts, rivals if data_set is None else (), rhythm, guessed=data_set is None, source=source)
    return Draft(render(facts), chosen, (*seen, *notes), as_of)


def _day_after(newest: date | datetime | None) -> date | None:
    day = newest.date() if isinstance(newest, datetime) else newest
    return day + timedelta(days=1) if day is not None and day < date.max else None


def _data_set(named: str | None, names: Sequence[str], sample: Path) -> tuple[str, tuple[str, ...]]:
    if named is not None and named not in DATA_SETS:
        raise ConfigError(f"data set {named!r} is not known; use one of {', '.join(DATA_SETS)}")
    if named is not None:
        return named, ()
    try:
        return guess_data_set(names)
    except ConfigError as error:
        raise ConfigError(f"{sample}: {error}") from None


def _require_columns(sample: Sample, profile: Profile, data_set: str, names: Sequence[str], mapped: Mapping[str, str]) -> None:
    """Refuses a sample whose required columns are missing, or hold texts where numbers or dates are needed."""
    problems = [missing_columns(data_set, names, mapped)]
    for column in DATA_SETS[data_set]:
        kinds, expected = NEEDED_TYPES.get(column, ((), ""))
        if column in mapped and kinds and (found := profile.column(mapped[column])).logical not in kinds:
            problems.append(f"{held_instead(sample, found, kinds)}; {column} must be {expected}")
    if any(problems):
        raise ConfigError(f"{profile.path}: " + "; ".join(filter(None, problems)))


def our_names(names: Sequence[str], mapped: Mapping[str, str], data_set: str) -> dict[str, str]:
    """Partner's name -> the contract's: ours where it is one of ours, else their own as far as it is a plain word."""
    theirs = {source: name for name, source in mapped.items()}
    taken = {name.lower() for name in theirs.values()}
    found: dict[str, str] = {}
    for name in names:
        found[name] = theirs.get(name) or _free(_plain(name, data_set), taken)
        taken.add(found[name].lower())
    return found


def _plain(name: str, data_set: str) -> str:
    plain = name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else normal(name)
    plain = plain if re.match(r"[A-Za-z_]", plain) else f"column_{plain}".rstrip("_")
    return f"other_{plain}" if plain.lower() in RESERVED or plain.lower() in DATA_SETS[data_set] else plain


def _free(name: str, taken: set[str]) -> str:
    """``name``, or the first of ``name_2``, ``name_3``, ... that is not taken; SQL does not know small from capital letters."""
    number = 2
    found = name
    while found.lower() in taken:
        found, number = f"{name}_{number}", number + 1
    return found


def _column(sample: Sample, profile: Profile, name: str, ours: Mapping[str, str], key: Sequence[str]) -> DraftColumn:
    column, our = profile.column(name), ours[name]
    return DraftColumn(
        our, _logical(our, column), key.index(name) + 1 if name in key else 0, column.filled == profile.rows,
        physical=name if name != our else "", about=about(our), options=options_of(our, column, profile.rows),
        enum=tuple(enum_of(sample, our, column, profile.rows)), reference=_reference(our, column, key, name),
    )  # fmt: skip


def _logical(our: str, column: ColumnProfile) -> str:
    """Prices may be whole in a sample and broken tomorrow."""
    money = our.endswith(("price", "cost"))
    return "number" if money and column.logical == "integer" else column.logical


def _reference(our: str, column: ColumnProfile, key: Sequence[str], name: str) -> str:
    """Where else the column's values stand; not in the data set it is the whole key of."""
    return "" if tuple(key) == (name,) or column.logical != "string" else REFERENCES.get(our, "")


def _fitting(rules: Sequence[DraftRule], columns: Sequence[DraftColumn]) -> tuple[DraftRule, ...]:
    """Without standards of columns whose few values are listed anyway, unless the name asks for it."""
    listed = {column.name for column in columns if column.enum}
    return tuple(rule for rule in rules if rule.rule != "standard" or rule.options["column"] not in listed or _strict(rule))


def _strict(rule: DraftRule) -> bool:
    return rule.options["is"] in ("currency", "country", "unit")


def _without_doubles(columns: Sequence[DraftColumn], rules: Sequence[DraftRule]) -> tuple[DraftColumn, ...]:
    """A column that follows a standard needs neither a shape nor a list of values."""
    standard = {rule.options["column"] for rule in rules if rule.rule == "standard"}
    return tuple(replace(c, options={}, enum=()) if c.name in standard else c for c in columns)


def _missing_periods(sample: Sample, data_set: str, mapped: Mapping[str, str], rhythm: Rhythm) -> str:
    """Who writes zeros down and leaves no gap would not leave one for a zero."""
    if data_set != "demand":
        return ""
    zeros = sample.rows(f"SELECT count(*) FROM sample WHERE {quoted(mapped['quantity'])} = 0")[0][0]
    return "unknown" if zeros and rhythm.by else "zero"
