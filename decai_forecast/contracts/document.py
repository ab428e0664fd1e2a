"""A YAML file with the place (line and column) of every key and value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from decai_forecast.errors import ContractError, Problem

__all__ = ["Document", "Where"]

Where = Sequence[str | int]
LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Document:
    """The text, its plain value, and where each part of the value stands.

    :class:`~decai_forecast.errors.ContractError` if the file is not UTF-8, not YAML, or not a mapping.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.text = path, _read(path)
        self._tree: yaml.Node | None = None
        try:
            value = yaml.load(self.text, Loader=LOADER)
        except yaml.MarkedYAMLError as error:
            raise ContractError.of(path, [_syntax(error)], self.text) from None
        except (yaml.YAMLError, ValueError) as error:  # a control character; a date such as 2026-02-30
            raise ContractError.of(path, [Problem(1, 1, f"not valid YAML: {error}")], self.text) from None
        if not isinstance(value, dict):
            said = "expected an ODCS data contract (a mapping with apiVersion, kind, id, ...)"
            raise ContractError.of(path, [Problem(1, 1, said)], self.text or " ")
        self.value = cast("Mapping[str, Any]", _plain(value))

    def problem(self, where: Where, text: str, *, key: bool = False) -> Problem:
        """A problem at ``where``, or at the deepest part of it that exists; ``key``: at the key, not at its value."""
        line, column = self.place(where, key=key)
        return Problem(line, column, text)

    def place(self, where: Where, *, key: bool = False) -> tuple[int, int]:
        """Line and column, both from 1."""
        node, mark = self.tree, (1, 1)
        for part in where:
            found = _child(node, part)
            if found is None:
                break
            node, marked = found[0], found[1] if key or not isinstance(found[0], yaml.ScalarNode) else found[0].start_mark
            mark = (marked.line + 1, marked.column + 1)
        return mark

    @property
    def tree(self) -> yaml.Node | None:
        if self._tree is None:
            self._tree = yaml.compose(self.text, Loader=LOADER)
        return self._tree

    def repeated(self) -> Iterator[Problem]:
        """Keys that stand twice in one mapping: YAML readers silently keep the last."""
        stack = [self.tree]
        while stack:
            node = stack.pop()
            if isinstance(node, yaml.MappingNode):
                yield from _twice(node)
                stack += [value for _, value in node.value]
            elif isinstance(node, yaml.SequenceNode):
                stack += node.value


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        line = path.read_bytes()[: error.start].count(b"\n") + 1
        raise ContractError(path, line, f"not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from None
    except OSError as error:
        raise ContractError(path, 1, f"cannot be read ({type(error).__name__})") from None


def _syntax(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    opened = f" ({error.context}, opened at line {error.context_mark.line + 1})" if error.context_mark else ""
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    return Problem(line, column, f"not valid YAML: {error.problem}{opened}")


def _plain(value: Any) -> Any:
    """YAML dates become ISO 8601 text, as the standard's schema wants them."""
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return value.isoformat() if hasattr(value, "isoformat") else value


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, yaml.Mark] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in reversed(node.value):  # the last one counts
            if key.value == str(part):
                return value, key.start_mark
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        return node.value[part], node.value[part].start_mark
    return None


def _twice(node: yaml.MappingNode) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for key, _ in node.value:
        name, mark = str(key.value), key.start_mark
        if name in seen:
            yield Problem(mark.line + 1, mark.column + 1, f"key {name!r} is there twice (first in line {seen[name]})")
        seen.setdefault(name, mark.line + 1)
