"""Rules of our own engine that the sample keeps: standards, comparisons, balances, the calendar, units, drift."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from decai_forecast.contracts.draft.names import means
from decai_forecast.contracts.draft.profile import NUMERIC, TEMPORAL, ColumnProfile, Profile
from decai_forecast.contracts.draft.rhythm import Rhythm
from decai_forecast.contracts.draft.sample import Sample
from decai_forecast.contracts.draft.yaml_text import flow
from decai_forecast.contracts.standards import invalid_sql
from decai_forecast.sql import name as quoted
from decai_forecast.sql import text as literal

__all__ = ["DraftRule", "kept_rules"]

KEYS = ("gln", "gtin", "sscc")  # with a check digit; a GLN looks like a GTIN of 13 digits, so it is tried first
LENGTHS = {"gln": (13, 13), "gtin": (8, 14), "sscc": (18, 18), "currency": (3, 3), "country": (2, 2), "unit": (2, 3)}
USUAL = {  # values that say by themselves what they are
    "currency": ["EUR", "USD", "GBP", "CHF", "SEK", "DKK", "NOK", "PLN", "CZK", "HUF", "RON", "JPY", "CNY", "CAD", "AUD"],
    "unit": ["C62", "EA", "H87", "KGM", "GRM", "LTR", "MTR"],
}
BY_CHANCE = 20  # so many different numbers do not all have a right check digit by chance
COMPARISONS = (  # left, operator, right; our names
    ("reserved", "<=", "on_hand"), ("ordered_on", "<=", "received_on"), ("ordered_on", "<=", "expected_on"),
    ("valid_from", "<=", "valid_to"), ("promotional_price", "<=", "price"), ("promotional_price", "<=", "list_price"),
    ("price", "<=", "list_price"),
)  # fmt: skip
FACTORS = (6, 12, 24, 1000)
RECENT_DAYS, HISTORY_DAYS = 28, 84  # the last four weeks are compared with at least eight before
NEAR = 1.25  # a ratio of medians that is a factor, give or take so much, looks like that factor


@dataclass(frozen=True)
class DraftRule:
    """One entry under ``quality``: ``rule`` and its options as they stand in ``implementation``; ``why`` is its comment."""

    id: str
    rule: str
    why: str
    options: Mapping[str, Any] = field(default_factory=dict)
    severity: str = "error"

    @property
    def implementation(self) -> str:
        """As one YAML flow mapping."""
        return flow({"rule": self.rule, **self.options})


def kept_rules(sample: Sample, profile: Profile, ours: Mapping[str, str], rhythm: Rhythm, days: str) -> list[DraftRule]:
    """The rules that no row of the sample breaks. ``ours``: partner's name -> the contract's; ``days``: the date column."""
    tried = [*_standards(profile, ours), *_compared(profile, ours), *_balanced(profile, ours)]
    keeps = sample.keep([broken for _, broken in tried])
    kept = [rule for (rule, _), keep in zip(tried, keeps, strict=True) if keep]
    return [*_once(kept), *_calendar(ours, rhythm, days), *_watched(sample, profile, ours, rhythm, days)]


def _once(rules: Sequence[DraftRule]) -> Iterator[DraftRule]:
    """The first standard of a column counts: a GLN is also a GTIN of 13 digits."""
    seen: set[str] = set()
    for rule in rules:
        place = str(rule.options["column"]) if rule.rule == "standard" else rule.id
        if place not in seen:
            seen.add(place)
            yield rule


def _standards(profile: Profile, ours: Mapping[str, str]) -> Iterator[tuple[DraftRule, str]]:
    for column in profile.columns:
        if column.name not in ours or column.logical != "string" or not column.filled:
            continue
        for standard, (shortest, longest) in LENGTHS.items():
            if shortest <= column.shortest and column.longest <= longest:
                yield from _standard(column, ours[column.name], standard)


def _standard(column: ColumnProfile, name: str, standard: str) -> Iterator[tuple[DraftRule, str]]:
    broken = _doubt(column, name, standard)
    if broken:
        yield DraftRule(f"{name}_is_{standard}", "standard", "by its values", {"column": name, "is": standard}), broken


def _doubt(column: ColumnProfile, name: str, standard: str) -> str:
    """SQL for a value that speaks against ``standard``; empty where neither the name nor the values could decide."""
    value = quoted(column.name)
    if name == standard or standard in name.split("_") or means(column.name, standard):
        return invalid_sql(standard, value)
    if standard in USUAL:
        usual = ", ".join(map(literal, USUAL[standard]))
        return f"({value} IS NOT NULL AND CAST({value} AS VARCHAR) NOT IN ({usual}))"
    beyond_chance = standard in KEYS and column.digits and column.distinct > 1.2 * BY_CHANCE
    return invalid_sql(standard, value) if beyond_chance and (standard != "gln" or name.startswith("location")) else ""


def _compared(profile: Profile, ours: Mapping[str, str]) -> Iterator[tuple[DraftRule, str]]:
    theirs = {name: source for source, name in ours.items()}
    for left, sign, right in COMPARISONS:
        if left in theirs and right in theirs and _comparable(profile, theirs[left], theirs[right]):
            rule = DraftRule(f"{left}_{right}", "compare", "", {"left": left, "operator": sign, "right": right})
            yield rule, f"NOT ({quoted(theirs[left])} {sign} {quoted(theirs[right])})"


def _comparable(profile: Profile, left: str, right: str) -> bool:
    kinds = {profile.column(left).logical, profile.column(right).logical}
    return kinds <= set(NUMERIC) or (len(kinds) == 1 and kinds <= set(TEMPORAL))


def _balanced(profile: Profile, ours: Mapping[str, str]) -> Iterator[tuple[DraftRule, str]]:
    """Available is what is on hand and not reserved."""
    theirs = {name: source for source, name in ours.items()}
    names = ("on_hand", "reserved", "available")
    if all(name in theirs and profile.column(theirs[name]).logical in NUMERIC for name in names):
        options = {"opening": "on_hand", "plus": [], "minus": ["reserved"], "closing": "available", "tolerance": 0}
        on_hand, reserved, available = (quoted(theirs[name]) for name in names)
        broken = f"abs({on_hand} - {reserved} - {available}) > 0"
        yield DraftRule("available_balance", "balance", "", options), broken


def _calendar(ours: Mapping[str, str], rhythm: Rhythm, days: str) -> Iterator[DraftRule]:
    if rhythm.whole and days in ours:
        options: dict[str, Any] = {"column": ours[days], "every": rhythm.every}
        by = [ours[name] for name in rhythm.by]
        why = "the sample has no gap" + ("" if by else " over all rows together; single items have some")
        yield DraftRule("calendar", "calendar", why, options | ({"by": by} if by else {}), "warning")


def _watched(sample: Sample, profile: Profile, ours: Mapping[str, str], rhythm: Rhythm, days: str) -> Iterator[DraftRule]:
    """Warnings about the main quantity: sent in another unit, or distributed otherwise than the last time."""
    theirs = {name: source for source, name in ours.items()}
    main = next((name for name in ("quantity", "on_hand") if name in theirs), "")
    if not main or profile.column(theirs[main]).logical not in NUMERIC or days not in ours:
        return
    if (
        ours[days] == "date"
        and "item_id" in theirs
        and _has_history(rhythm)
        and not _slipped(sample, theirs["item_id"], theirs[main], days)
    ):
        options = {"column": main, "by": ["item_id"], "factors": list(FACTORS)}
        yield DraftRule("unit_slip", "unit_slip", "cases sent as pieces, grams as kilograms", options, "warning")
    why = "population stability index against the last accepted delivery"
    yield DraftRule("drift", "drift", why, {"column": main, "maximum": 0.25}, "warning")


def _has_history(rhythm: Rhythm) -> bool:
    return bool(rhythm.first and rhythm.last and (rhythm.last - rhythm.first).days >= HISTORY_DAYS)


def _slipped(sample: Sample, item: str, quantity: str, days: str) -> bool:
    """Whether the median of the last weeks of some item is a factor off the median before."""
    day, amount = f"CAST({quoted(days)} AS DATE)", quoted(quantity)
    recent = f"{day} > (SELECT max({day}) FROM sample) - {RECENT_DAYS}"
    medians = (
        f"SELECT median({amount}) FILTER (WHERE {recent}) AS new, median({amount}) FILTER (WHERE NOT {recent}) AS old "
        f"FROM sample WHERE {amount} <> 0 GROUP BY {quoted(item)}"
    )
    near = " OR ".join(f"new / old BETWEEN {f / NEAR!r} AND {f * NEAR!r}" for factor in FACTORS for f in (factor, 1 / factor))
    return bool(sample.rows(f"SELECT count(*) FROM ({medians}) WHERE {near}")[0][0])
