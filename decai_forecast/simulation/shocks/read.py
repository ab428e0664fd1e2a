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
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, Field, PlainValidator

from decai_forecast.documents.constraints import Name
from decai_forecast.documents.document import Document
from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.files import read_as
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.typed import typed
from decai_forecast.errors import ConfigError
from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.shocks.scenario import Scenario, Shock

__all__ = ["ScenarioForm", "ShockForm", "read_scenario", "scenario_of"]

SCENARIO = Kind("a scenario", "expected a scenario (a mapping with name and shocks)")
LONGEST_DAYS = 36_500


def _start(value: Any) -> date | int:
    """A date, or days; :class:`ValueError` otherwise."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LONGEST_DAYS:
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError from None


def _filled(value: str) -> str:
    if not value.strip():
        raise ValueError
    return value


Start = Annotated[
    date | int,
    PlainValidator(_start),
    Field(description="a date such as 2026-12-07, or days after the forecast's first day"),
]


@dataclass(frozen=True)
class ShockForm:
    """One entry of ``shocks``; see :class:`~decai_forecast.simulation.shocks.Shock`."""

    kind: ShockKind
    node: Name | None = None
    start: Start = 0
    length_days: Annotated[int, Field(ge=1, le=LONGEST_DAYS)] | None = None
    factor: float | None = None
    items: tuple[Name, ...] | None = None

    def faults(self) -> Iterator[Fault]:
        """What a shock of this kind needs and cannot have."""
        if not self.node and self.kind is not ShockKind.DEMAND:
            yield Fault((), f"a shock of kind {self.kind} needs node, the name of a site or supplier")
        limits, said = KINDS[self.kind].factor, "nothing" if self.factor is None else f"{self.factor:g}"
        if limits is None and self.factor is not None:
            yield Fault(("factor",), f"a shock of kind {self.kind} has no factor; delete it, or use capacity")
        elif limits is not None and not (self.factor is not None and limits[0] <= self.factor <= limits[1]):
            low, high = limits
            yield Fault(("factor",), f"factor is {said}; a shock of kind {self.kind} needs a number from {low:g} to {high:g}")

    def shock(self, where: str) -> Shock:
        """``where``: its place in the file, for messages."""
        factor = 1.0 if self.factor is None else self.factor
        return Shock(self.kind, self.node or "", self.start, self.length_days, factor, self.items or (), where)


@dataclass(frozen=True)
class ScenarioForm:
    """A scenario as a file has it."""

    name: Annotated[str, AfterValidator(_filled), Field(max_length=200, description="a text that is not empty")]
    shocks: Annotated[tuple[ShockForm, ...], Field(min_length=1)]
    probability: Annotated[float, Field(ge=0, le=1)] | None = None

    def faults(self) -> Iterator[Fault]:
        """Those of its shocks."""
        for number, shock in enumerate(self.shocks):
            yield from (Fault(("shocks", number, *fault.where), fault.text) for fault in shock.faults())


def read_scenario(path: Path) -> Scenario:
    """The scenario in a YAML file; :class:`ConfigError` with file, line and column of every fault."""
    document = Document(path, SCENARIO)
    form = read_as(document, ScenarioForm)
    return _scenario(form, [f"{path}:{document.place(('shocks', number))[0]}" for number in range(len(form.shocks))])


def scenario_of(value: Mapping[str, Any]) -> Scenario:
    """The scenario in a mapping of the same form, such as what was typed into a form; :class:`ConfigError` names the key."""
    form, faults = typed(dict(value), ScenarioForm, SCENARIO.name)
    if form is None:
        raise ConfigError("\n".join(f"{_dotted(fault.where)}: {fault.text}" for fault in faults))
    return _scenario(form, [f"shocks.{number}" for number in range(len(form.shocks))])


def _scenario(form: ScenarioForm, places: list[str]) -> Scenario:
    shocks = tuple(shock.shock(where) for shock, where in zip(form.shocks, places, strict=True))
    return Scenario(form.name, shocks, form.probability)


def _dotted(where: Where) -> str:
    return ".".join(map(str, where)) or "scenario"
