"""A YAML or JSON file with the place (line and column) of every key and value."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import yaml

from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.kind import Kind
from decai_forecast.documents.safe_json import JsonFault, read_json
from decai_forecast.documents.safe_yaml import LARGEST, YamlFault, printable, read_yaml, scalars
from decai_forecast.documents.secrets import masked
from decai_forecast.errors import DocumentError, Problem

__all__ = ["Document", "JsonDocument"]

MISREAD = re.compile(r"[-+]?0[\d_]+|[-+]?[\d_]+(:\d+)+(\.\d*)?")
NUMBERS = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float")


class Document:
    """The text, its plain value, and where each part of the value stands.

    The error of its kind (:class:`~decai_forecast.errors.DocumentError`) if the file is not UTF-8, not YAML, or no mapping.
    """

    def __init__(self, path: Path, kind: Kind) -> None:
        self.path, self.kind = path, kind
        self.text = _read(path, kind)
        value = self._parsed()
        if not isinstance(value, dict):
            raise self.error([Problem(1, 1, kind.expected)])
        self.value = cast("Mapping[str, Any]", value)

    def _parsed(self) -> Any:
        try:
            self.tree, value = read_yaml(self.text, self.kind.name)
        except YamlFault as error:
            raise self.error([error.problem]) from None
        return _plain(value)

    def error(self, problems: Sequence[Problem]) -> DocumentError:
        """All ``problems`` with their lines; whatever looks like a secret is masked in both."""
        shown = [Problem(problem.line, problem.column, masked(problem.text)) for problem in problems]
        return self.kind.error.of(self.path, shown, printable(masked(self.text)) or " ")

    def problems(self, faults: Iterable[Fault]) -> list[Problem]:
        """The faults with their lines and columns."""
        return [self.problem(fault.where, fault.text, key=fault.key) for fault in faults]

    def problem(self, where: Where, text: str, *, key: bool = False) -> Problem:
        """A problem at ``where``, or at the deepest part of it that exists; ``key``: at the key, not at its value."""
        line, column = self.place(where, key=key)
        return Problem(line, column, text)

    def place(self, where: Where, *, key: bool = False) -> tuple[int, int]:
        """Line and column, both from 1."""
        node, mark = self.tree, (1, 1)
        for part in where:
            child = _child(node, part)
            if child is None:
                break
            node, marked = child[0], child[1] if key or not isinstance(child[0], yaml.ScalarNode) else child[0].start_mark
            mark = (marked.line + 1, marked.column + 1)
        return mark

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

    def misread(self) -> Iterator[Problem]:
        """Numbers that YAML 1.1 reads in other ways than people: 0715 to the base of 8, 12:30 to the base of 60."""
        for node in scalars(self.tree):
            if node.tag in NUMBERS and node.style in (None, "") and MISREAD.fullmatch(node.value):
                said = f"{node.value} is read as another number; put it into quotes, or write the number that is meant"
                yield Problem(node.start_mark.line + 1, node.start_mark.column + 1, said)


class JsonDocument(Document):
    """A JSON file in the same way."""

    def _parsed(self) -> Any:
        try:
            value, self.values, self.keys = read_json(self.text)
        except JsonFault as fault:
            raise self.error([Problem(*self._line(fault.offset), fault.text)]) from None
        return value

    def place(self, where: Where, *, key: bool = False) -> tuple[int, int]:
        while where and where not in self.values:
            where = where[:-1]
        return self._line(self.keys.get(where, self.values[where]) if key else self.values[where])

    def repeated(self) -> Iterator[Problem]:
        """None: the reader of JSON refuses them."""
        return iter(())

    def misread(self) -> Iterator[Problem]:
        """None: JSON has one way to write a number."""
        return iter(())

    def _line(self, offset: int) -> tuple[int, int]:
        return self.text.count("\n", 0, offset) + 1, offset - self.text.rfind("\n", 0, offset)


def _read(path: Path, kind: Kind) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(4 * LARGEST)  # bytes; what is longer in characters is told by the reader of YAML
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise kind.error(path, line, f"not UTF-8 text: byte {error.start} is {error.object[error.start]:#04x}") from None
    except OSError as error:
        raise kind.error(path, 1, f"cannot be read ({type(error).__name__})") from None


def _plain(value: Any) -> Any:
    """Dates that are tagged as such become ISO 8601 text too, and numbers as keys become text."""
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
            yield Problem(
                mark.line + 1, mark.column + 1, f"key {name!r} is there twice (first in line {seen[name]}); keep one of them"
            )
        seen.setdefault(name, mark.line + 1)
