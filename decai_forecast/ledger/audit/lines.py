"""What an audit says: a line a check, its colour, and every fault by its place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

__all__ = ["Colour", "Fault", "Line", "exit_code", "line_of", "shown"]

MOST_FAULTS = 20  # that a line shows; all are counted


class Colour(StrEnum):
    """What a check came to."""

    GREEN = "green"
    RED = "red"
    NONE = "none"  # there was nothing to check


@dataclass(frozen=True)
class Fault:
    """What does not hold. ``place``: an entry (``entry 17``) or a file; ``code``: what kind of fault."""

    place: str
    code: str
    text: str


@dataclass(frozen=True)
class Line:
    """``check``: its name; ``text``: what was checked, in words; ``count``: of all faults, of which some are shown."""

    check: str
    colour: Colour
    text: str
    faults: tuple[Fault, ...] = ()
    count: int = 0

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"colour": self.colour.value}


def line_of(check: str, text: str, faults: Sequence[Fault]) -> Line:
    """Green without faults."""
    return Line(check, Colour.RED if faults else Colour.GREEN, text, tuple(faults[:MOST_FAULTS]), len(faults))


def exit_code(lines: Iterable[Line]) -> int:
    """0: nothing is red; 1: something is."""
    return int(any(line.colour is Colour.RED for line in lines))


def shown(line: Line) -> str:
    """For people; each fault in a line of its own below."""
    more = [f"         {fault.place}: {fault.text} ({fault.code})" for fault in line.faults]
    if line.count > len(line.faults):
        more.append(f"         and {line.count - len(line.faults):,} more")
    return "\n".join([f"{line.colour.value:<5}  {line.check:<12} {line.text}", *more])
