"""``docs/reference/python.md``: the public names of every room, with signature and docstring."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Callable, Iterable, Iterator
from enum import Enum
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from doc_pages.rooms import PACKAGE, rooms, says

__all__ = ["public_names_page"]

HEAD = """# Public names

<!-- made by `make docs` from the docstrings of decai_forecast; change them there -->

What a room offers to the others: the names in `__all__` of its `__init__.py`, or of its file where the room is one file. Every
other name may change without a word. Rooms that offer no name (`partner`, `coordinator`, `one_machine`, `commands`,
`orchestration`) are called by their modules. What each room is for: [the architecture](../explanation/architecture.md).
"""


def public_names_page() -> str:
    """The whole page."""
    modules = {room: importlib.import_module(f"decai_forecast.{room}") for room in rooms()}
    return "\n".join([HEAD, *(_room(room, module) for room, module in modules.items() if getattr(module, "__all__", []))])


def _room(room: str, module: ModuleType) -> str:
    parts = [f"## `decai_forecast.{room}`", _prose(says(room)), *(_name(module, name) for name in _sorted(module.__all__))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _sorted(names: Iterable[str]) -> list[str]:
    return sorted(names, key=lambda name: (name.lower(), name))


def _name(module: ModuleType, name: str) -> str:
    value = getattr(module, name)
    if inspect.isclass(value) and issubclass(value, Enum):
        return "\n\n".join([f"### `{name}`", _prose(inspect.getdoc(value) or ""), _values(module, value), *_members(value)])
    if inspect.isclass(value):
        return "\n\n".join([f"### `{name}`", _signature(name, value), _prose(inspect.getdoc(value) or ""), *_members(value)])
    if inspect.isfunction(inspect.unwrap(value)):
        return "\n\n".join([f"### `{name}`", _signature(name, value), _prose(inspect.getdoc(value) or "")])
    return f"### `{name}`\n\n{_constant(module, name, value)}"


def _signature(name: str, value: Callable[..., Any]) -> str:
    """As it is written in the code; a protocol has none."""
    text = "" if getattr(value, "_is_protocol", False) else str(inspect.signature(value))
    text = text.replace(f"PosixPath('{PACKAGE.parent}/", "Path('")  # a default below the repository: the same on every machine
    text = re.sub(r"<factory>", "...", re.sub(r"<(?:class|function) '?(?:\w+\.)*(\w+)[^>]*>", r"\1", text))
    text = re.sub(r"(: |-> )'([^']*)'", r"\1\2", text).removesuffix(" -> None")
    return f"    {name}{text}" if len(text) < 110 else f"    {name}({_wrapped(text)}"


def _wrapped(text: str) -> str:
    """One parameter a line."""
    depth, lines, line = 0, list[str](), ""
    for letter in text[1:]:
        depth += (letter in "([{") - (letter in ")]}")
        if depth < 0:
            break
        line += letter
        if letter == "," and depth == 0:
            lines, line = [*lines, line.strip()], ""
    rest = text[text.rindex(")") :]
    return "\n" + "".join(f"        {one}\n" for one in [*lines, line.strip()] if one) + f"    {rest}"


def _members(kind: type) -> Iterator[str]:
    """Public methods and properties that the class itself defines, with the first sentence of each."""
    rows = [
        f"| `{name}{'' if isinstance(one, property) else '()'}` | {_cell(_doc(one))} |"
        for name, one in vars(kind).items()
        if not name.startswith("_") and isinstance(one, property | classmethod | staticmethod) | inspect.isfunction(one)
    ]
    if rows:
        yield "| has | |\n|---|---|\n" + "\n".join(rows)


def _values(module: ModuleType, kind: type[Enum]) -> str:
    """The members of an enum, each with the comment behind it in the code."""
    comments = _comments(Path(_home(module, kind.__name__)))
    return "\n".join(f"- `{one.value}`" + (f": {comments[one.name]}" if one.name in comments else "") for one in kind)


def _doc(member: Any) -> str:
    return inspect.getdoc(member.__func__ if isinstance(member, classmethod | staticmethod) else member) or ""


def _cell(text: str) -> str:
    return _prose(text).split("\n\n")[0].replace("\n", " ").replace("|", "\\|")


def _constant(module: ModuleType, name: str, value: Any) -> str:
    """Its value where that is short, and the comment that stands behind it in the code."""
    comments = _comments(Path(_home(module, name)))
    shown = repr(sorted(value)) if isinstance(value, set | frozenset) else repr(value)
    text = f"`{shown}`" if len(shown) < 100 and " at 0x" not in shown else f"`{type(value).__name__}`"
    return text + (f": {comments[name]}" if name in comments else "")


def _home(module: ModuleType, name: str) -> str:
    """The file that assigns the name: the module's own, or the one that it imports it from."""
    tree = ast.parse(Path(str(module.__file__)).read_text(encoding="utf-8"))
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and node.module and any((one.asname or one.name) == name for one in node.names):
            return _home(importlib.import_module(node.module), name)
    return str(module.__file__)


@cache
def _comments(file: Path) -> dict[str, str]:
    """Name -> the comment behind its assignment."""
    lines = file.read_text(encoding="utf-8").splitlines()
    found = (re.match(r"\s*([A-Z][A-Z0-9_]*)\b.* = .*?  # (.+)", line) for line in lines)
    return {match[1]: match[2] for match in found if match}


def _prose(text: str) -> str:
    """Markdown of a docstring: roles and double backticks as code, doctests in blocks of their own."""
    text = re.sub(r":\w+:`~?(?:[\w.]*\.)?(\w+)`", r"`\1`", text).replace("``", "`")
    parts = [_block(part) if part.startswith(">>>") else part for part in text.split("\n\n")]
    return "\n\n".join(parts)


def _block(text: str) -> str:
    return "\n".join(f"    {line}" for line in text.splitlines())
