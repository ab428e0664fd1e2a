"""The rooms of ``decai_forecast`` as the code has them: what each says of itself, and which one imports which."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import grimp

import decai_forecast

__all__ = ["PACKAGE", "files_of", "imports", "needed", "rooms", "says"]

PACKAGE = Path(decai_forecast.__file__).parent
BESIDE = {"strategies": frozenset({"federation"})}  # functions that stand beside a record, as `.importlinter` allows
FOLDED = {"cli": "commands", "__main__": "commands"}  # they only start what `commands` offers


def rooms() -> list[str]:
    """Names of all rooms, a folder or a file of ``decai_forecast`` each, sorted."""
    return sorted({_room(path.relative_to(PACKAGE).parts[0].removesuffix(".py")) for path in PACKAGE.rglob("*.py")} - {""})


def files_of(room: str) -> list[Path]:
    """The Python files of a room."""
    folder = PACKAGE / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [folder.with_suffix(".py")]


def says(room: str) -> str:
    """The docstring of a room, as one text."""
    folder = PACKAGE / room
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    return ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""


@cache
def imports() -> Mapping[str, frozenset[str]]:
    """Room -> the rooms that its files import, also inside functions; imports for types only count, too."""
    graph = grimp.build_graph("decai_forecast", cache_dir=None)
    found: dict[str, set[str]] = {room: set() for room in rooms()}
    for module in graph.modules - {"decai_forecast"}:
        here = _room(module.split(".")[1])
        found[here] |= {_room(other.split(".")[1]) for other in graph.find_modules_directly_imported_by(module) if "." in other}
    return {room: frozenset(others - {room} - BESIDE.get(room, frozenset())) for room, others in found.items()}


def needed(room: str) -> frozenset[str]:
    """All rooms that a room imports itself or through others."""
    seen, open_ones = set[str](), [room]
    while open_ones:
        fresh = imports()[open_ones.pop()] - seen
        seen |= fresh
        open_ones += fresh
    return frozenset(seen)


def _room(name: str) -> str:
    return "" if name == "__init__" else FOLDED.get(name, name)
