"""What was guessed in a draft, in plain words, for the person who has to sharpen it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from decai_forecast.contracts.draft.profile import NUMERIC, TEMPORAL, Profile
from decai_forecast.contracts.draft.rhythm import Rhythm
from decai_forecast.contracts.draft.sample import is_zoneless
from decai_forecast.contracts.draft.text import DraftColumn, DraftFacts, contact_of

__all__ = ["notes_of"]

PLACEHOLDER_YEARS = (1900, 1901, 1970, 9999)  # what systems write for "no date"
EVERY = {"D": "day", "W": "week", "M": "month"}


def notes_of(
    profile: Profile, facts: DraftFacts, rivals: Sequence[str], rhythm: Rhythm, *, guessed: bool, source: str | None
) -> tuple[str, ...]:
    """One sentence for every guess; the riskiest first."""
    found = [*_about_data_set(facts, rivals, guessed), *_about_columns(profile, facts), *_about_values(profile, facts)]
    return (*found, *_about_time(facts, rhythm), *_about_terms(facts, source))


def _about_data_set(facts: DraftFacts, rivals: Sequence[str], guessed: bool) -> Iterator[str]:
    if guessed:
        also = f"; it could also be {' or '.join(rivals)} (--data-set decides)" if rivals else ""
        yield f"The columns look like {facts.data_set}{also}."
    key = sorted((c for c in facts.columns if c.key), key=lambda c: c.key)
    yield f"The key is ({', '.join(c.name for c in key)}): no two rows of the sample agree in it."


def _about_columns(profile: Profile, facts: DraftFacts) -> Iterator[str]:
    for column in facts.columns:
        if column.physical and column.about:
            yield f"Column {column.physical!r} is taken as {column.name}: {column.about[0].lower()}{column.about[1:]}"
    for left in profile.columns:
        if not left.logical:
            yield f"Column {left.name!r} is left out: a contract cannot promise values of type {left.type}."


def _about_values(profile: Profile, facts: DraftFacts) -> Iterator[str]:
    for column in facts.columns:
        found = profile.column(column.physical or column.name)
        yield from _about_column(column, found.minimum, found.maximum, profile.rows - found.filled)
        if is_zoneless(found.type):
            yield f"{column.name} is stored as a time without a time zone; only its day is used."


def _about_column(column: DraftColumn, low: object, high: object, empty: int) -> Iterator[str]:
    if empty and column.about:
        yield f"{column.name} is empty in {empty:,} rows, so it is not promised to be filled."
    if column.type in NUMERIC and column.about and isinstance(low, int | float) and low < 0:
        yield f"{column.name} is negative in places (smallest {low:g}): are these returns or corrections?"
    years = {value.year for value in (low, high) if isinstance(value, date)} & set(PLACEHOLDER_YEARS)
    if column.type in TEMPORAL and years:
        yield f"{column.name} holds a date in {', '.join(map(str, sorted(years)))}: does it stand for no date at all?"
    if column.enum:
        yield f"{column.name} has {len(column.enum)} values, and no others are allowed; delete enum if more may come."
    if "maximum" in column.options and column.name != "promotion":
        basis = "a guess: ten times the largest value of the sample, rounded up"
        yield f"{column.name} may be at most {column.options['maximum']:,}: {basis}."


def _about_time(facts: DraftFacts, rhythm: Rhythm) -> Iterator[str]:
    if facts.dated and rhythm.every:
        yield f"There is one period every {EVERY[rhythm.every]}; the newest may be {facts.latency} days old at the cut-off."
    elif facts.dated:
        yield f"The dates have no rhythm; the newest may be {facts.latency} days old at the cut-off. Look at latency."
    if facts.missing_periods:
        words = {"zero": "nothing was sold", "unknown": "nothing is known"}[facts.missing_periods]
        yield f"A period without a row means that {words} (missingPeriods: {facts.missing_periods}). Is that so?"


def _about_terms(facts: DraftFacts, source: str | None) -> Iterator[str]:
    if source is None:
        yield f"Deliveries are looked for where the sample is ({facts.source}); servers says where they really arrive."
    if facts.contact == contact_of(facts.partner) and not facts.given:
        yield f"{facts.contact} is a placeholder; who shall be told of a refused delivery?"
    yield "Price, usage and limitations are suggestions: read them before you offer the data."
