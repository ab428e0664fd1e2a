"""Which columns together tell the rows apart."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import combinations
from math import prod

from decai_forecast.contracts.draft.names import AMOUNTS, identifies, usual_key
from decai_forecast.contracts.draft.profile import TEMPORAL, Profile
from decai_forecast.contracts.draft.sample import Sample
from decai_forecast.errors import ConfigError
from decai_forecast.sql import name as quoted

__all__ = ["find_key"]

PROBE = 50_000  # rows that rule a column set out
CANDIDATES, WIDEST = 12, 4  # columns tried, and how many of them together beyond the usual key
SLACK = 0.8  # approximate distinct counts may be this low
MEASURES = AMOUNTS | {"promotion", "currency", "unit", "description"}  # never part of a key


def find_key(sample: Sample, profile: Profile, data_set: str, mapped: Mapping[str, str]) -> tuple[str, ...]:
    """The usual key of ``data_set`` if it is unique in the sample, else the smallest unique set that holds most of it.

    Returns the partner's names. :class:`~decai_forecast.errors.ConfigError` if rows repeat whatever columns are taken.
    """
    usual = tuple(mapped[name] for name in usual_key(data_set) if name in mapped and profile.is_filled(mapped[name]))
    sample.con.execute(f"CREATE OR REPLACE TEMP TABLE probe AS FROM sample LIMIT {PROBE}")
    for columns in _proposed(usual, _others(profile, usual, mapped)):
        if _is_key(sample, profile, columns):
            return columns
    raise ConfigError(_no_key(sample, profile, usual))


def _others(profile: Profile, usual: Sequence[str], mapped: Mapping[str, str]) -> list[str]:
    """Filled columns that could belong to a key: dates and identifiers first, never a quantity, a price or a count."""
    measures = {name for ours, name in mapped.items() if ours in MEASURES}
    possible = [
        column
        for column in profile.columns
        if (column.logical in ("string", *TEMPORAL) or (column.logical == "integer" and identifies(column.name)))
        and column.filled == profile.rows
        and column.name not in (*usual, *measures)
    ]
    return [c.name for c in sorted(possible, key=lambda c: not (c.logical in TEMPORAL or identifies(c.name)))][:CANDIDATES]


def _proposed(usual: tuple[str, ...], others: Sequence[str]) -> Iterator[tuple[str, ...]]:
    """The usual key, the usual key with more columns, then any set: the smallest first."""
    yield usual
    for size in range(1, WIDEST):
        yield from ((*usual, *more) for more in combinations(others, size) if usual)
    every = (*usual, *others)
    for size in range(1, WIDEST + 1):
        yield from combinations(every, size)


def _is_key(sample: Sample, profile: Profile, columns: Sequence[str]) -> bool:
    if not columns or prod(profile.column(name).distinct for name in columns) < SLACK * profile.rows:
        return False
    return not _repeats(sample, columns, "probe") and not _repeats(sample, columns, "sample")


def _repeats(sample: Sample, columns: Sequence[str], table: str) -> int:
    """Rows beyond the first of their key. Hashes may only collide towards more of them: a key that is found is one."""
    keys = ", ".join(map(quoted, columns))
    return int(sample.rows(f"SELECT count(*) - count(DISTINCT hash({keys})) FROM {table}")[0][0])


def _no_key(sample: Sample, profile: Profile, usual: Sequence[str]) -> str:
    if not usual:
        return f"{profile.path}: no column without empty values tells the rows apart; a contract needs a primary key"
    number, shown = _repeats(sample, usual, "sample"), ", ".join(usual)
    return (
        f"{profile.path}: ({shown}) repeats in {number:,} of {profile.rows:,} rows, and no other column tells them apart; "
        "add up the repeated rows, or add the column that tells them apart (an order number, a location)"
    )
