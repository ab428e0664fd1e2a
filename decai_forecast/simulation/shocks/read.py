"""Scenarios from a YAML file, or from the fields of a form.

::

    name: Port strike
    probability: 0.05          # optional
    shocks:
      - {kind: supplier-down, node: Acme, start: 2026-12-07, length_days: 21}
      - {kind: demand, factor: 1.3, items: [4711]}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Where
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.spelling import near
from decai_forecast.errors import ConfigError, DocumentError
from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["read_scenario", "scenario_of"]

SCENARIO = Kind("a scenario", "expected a scenario (a mapping with name and shocks)")
KEYS = ("name", "probability", "shocks")
SHOCK_KEYS = ("kind", "node", "start", "length_days", "factor", "items")
Fault = tuple[Where, str, bool]  # where, what, and whether it is the key


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file; :class:`ConfigError` with file, line and column of every fault."""
    try:
        document = Document(path, SCENARIO)
        problems = [document.problem(where, text, key=key) for where, text, key in _faults(document.value)]
        if problems := [*document.repeated(), *problems]:
            raise document.error(problems)
    except DocumentError as error:
        raise ConfigError(str(error)) from None
    lines = [document.place(("shocks", number))[0] for number in range(len(document.value["shocks"]))]
    return _scenario(document.value, [f"{path}:{line}" for line in lines])


def scenario_of(value: Mapping[str, Any]) -> Scenario:
    """The scenario in a mapping of the same form, such as what was typed into a form; :class:`ConfigError` names the key."""
    faults = [f"{'.'.join(map(str, where)) or 'scenario'}: {text}" for where, text, _ in _faults(value)]
    if faults:
        raise ConfigError("\n".join(faults))
    return _scenario(value, [f"shocks.{number}" for number in range(len(value["shocks"]))])


def _scenario(value: Mapping[str, Any], places: list[str]) -> Scenario:
    shocks = tuple(_shock(row, where) for row, where in zip(value["shocks"], places, strict=True))
    return Scenario(str(value["name"]), shocks, value.get("probability"))


def _shock(row: Mapping[str, Any], where: str) -> Shock:
    start = row.get("start", 0)
    return Shock(
        kind=ShockKind(row["kind"]),
        node=str(row.get("node", "")),
        start=start if isinstance(start, int) else _date(start) or 0,
        length=row.get("length_days"),
        factor=float(row.get("factor", 1.0)),
        items=tuple(map(str, row.get("items") or ())),
        where=where,
    )


def _faults(value: Mapping[str, Any]) -> Iterator[Fault]:
    yield from _unknown(value, KEYS, ())
    if not isinstance(value.get("name"), str) or not value["name"].strip():
        yield ("name",), "a scenario needs a name", False
    chance = value.get("probability")
    if chance is not None and (not _number(chance) or not 0 <= chance <= 1):
        yield ("probability",), f"probability is {chance!r}; expected a number from 0 to 1", False
    shocks = value.get("shocks")
    if not isinstance(shocks, list) or not shocks:
        yield ("shocks",), "a scenario needs a list of shocks, at least one", False
        return
    for number, row in enumerate(shocks):
        at: Where = ("shocks", number)
        if isinstance(row, dict):
            yield from _unknown(row, SHOCK_KEYS, at)
            yield from _shock_faults(row, at)
        else:
            yield at, f"a shock must be a mapping such as {{kind: supplier-down, node: ...}}, not {row!r}", False


def _unknown(value: Mapping[str, Any], known: tuple[str, ...], at: Where) -> Iterator[Fault]:
    for key in value:
        if key not in known:
            yield (*at, key), f"unknown key {key!r}{near(key, set(known))}; there are {', '.join(known)}", True


def _shock_faults(row: Mapping[str, Any], at: Where) -> Iterator[Fault]:
    kind = row.get("kind")
    if not isinstance(kind, str) or kind not in KINDS:
        yield (
            (*at, "kind"),
            f"kind {kind!r} is not known{near(str(kind), set(map(str, KINDS)))}; there are {', '.join(KINDS)}",
            False,
        )
        return
    if row.get("node") in (None, "") and kind != "demand":
        yield (*at, "node"), f"a shock of kind {kind} needs node, the name of a site or supplier", False
    yield from _factor(row, kind, at)
    yield from _time(row, at)
    items = row.get("items")
    if items is not None and not isinstance(items, list):
        yield (*at, "items"), f"items must be a list of item numbers, not {items!r}", False


def _factor(row: Mapping[str, Any], kind: str, at: Where) -> Iterator[Fault]:
    wanted, factor = KINDS[kind].factor, row.get("factor")
    if wanted is None:
        if factor is not None:
            yield (*at, "factor"), f"a shock of kind {kind} has no factor; delete it, or use capacity", False
    elif not isinstance(factor, int | float) or isinstance(factor, bool) or not wanted[0] <= factor <= wanted[1]:
        low, high = wanted
        yield (*at, "factor"), f"factor is {factor!r}; a shock of kind {kind} needs a number from {low:g} to {high:g}", False


def _time(row: Mapping[str, Any], at: Where) -> Iterator[Fault]:
    start, length = row.get("start", 0), row.get("length_days")
    whole = isinstance(start, int) and not isinstance(start, bool) and start >= 0
    if not whole and _date(start) is None:
        said = f"start is {start!r}; expected a date such as 2026-12-07, or days after the forecast's first day"
        yield (*at, "start"), said, False
    if length is not None and (isinstance(length, bool) or not isinstance(length, int) or length < 1):
        yield (*at, "length_days"), f"length_days is {length!r}; expected whole days of at least 1", False


def _date(value: Any) -> date | None:
    try:
        return date.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
