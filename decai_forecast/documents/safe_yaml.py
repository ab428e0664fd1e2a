"""Somebody else's YAML: bounded in size and depth, without aliases, every fault with its place.

A few lines of aliases can stand for gigabytes, and a few thousand brackets for a broken stack. Both are found while the text
is read as a stream of events, before anything is built from it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from decai_forecast.errors import Problem

__all__ = ["LARGEST", "YamlFault", "printable", "read_yaml", "scalars"]

LARGEST = 2_000_000  # characters; the largest template has 7,000
DEEPEST = 50  # mappings and lists inside each other; a contract, the deepest kind of file, has at most 12
UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FAST: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
TIME = "tag:yaml.org,2002:timestamp"


class YamlFault(ValueError):
    """The text is no YAML that may be read; ``problem`` says where and why."""

    def __init__(self, line: int, column: int, text: str) -> None:
        self.problem = Problem(line, column, text)
        super().__init__(text)


class _Loader(FAST):  # type: ignore[misc]  # the C loader where there is one: chosen at run time
    """Dates stay text: the standard wants them as text, and 2026-02-30 is then told by whoever needs a date there."""

    yaml_implicit_resolvers = {  # noqa: RUF012  PyYAML reads a class attribute
        first: [(tag, form) for tag, form in found if tag != TIME] for first, found in FAST.yaml_implicit_resolvers.items()
    }


def read_yaml(text: str, kind: str) -> tuple[yaml.Node | None, Any]:
    """The tree with its places, and the plain value; :class:`YamlFault` otherwise. ``kind``: such as "a contract"."""
    if len(text) > LARGEST:
        raise YamlFault(1, 1, f"the file has {len(text):,} characters; {kind} has at most {LARGEST:,}")
    if found := UNPRINTABLE.search(text):
        line, column = text.count("\n", 0, found.start()) + 1, found.start() - text.rfind("\n", 0, found.start())
        raise YamlFault(line, column, f"not valid YAML: the character U+{ord(found[0]):04X} is not allowed")
    try:
        _harmless(text, kind)
        return _built(text)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        opened = f" ({error.context}, opened at line {error.context_mark.line + 1})" if error.context_mark else ""
        raise _at(mark, f"not valid YAML: {error.problem}{opened}") from None


def printable(text: str) -> str:
    """A question mark for what YAML forbids: it could also move a terminal's cursor."""
    return UNPRINTABLE.sub("?", text)


def _at(mark: Any, text: str) -> YamlFault:
    return YamlFault(mark.line + 1 if mark else 1, mark.column + 1 if mark else 1, text)


def _harmless(text: str, kind: str) -> None:
    depth = 0
    for event in yaml.parse(text, Loader=FAST):
        if isinstance(event, yaml.AliasEvent):
            raise _at(event.start_mark, f"an alias (*{event.anchor}) is not allowed in {kind}; write the value out")
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > DEEPEST:
            raise _at(event.start_mark, f"more than {DEEPEST} lists and mappings inside each other; {kind} has fewer")


def _built(text: str) -> tuple[yaml.Node | None, Any]:
    loader = _Loader(text)
    try:
        tree = loader.get_single_node()
        for scalar in scalars(tree):
            try:
                loader.construct_object(scalar)
            except (ValueError, OverflowError) as error:  # such as !!timestamp 2026-02-30
                raise _at(scalar.start_mark, f"not valid YAML: {error}") from None
        return tree, loader.construct_document(tree) if tree is not None else None
    finally:
        loader.dispose()


def scalars(tree: yaml.Node | None) -> Iterator[yaml.ScalarNode]:
    """Every scalar of the tree, keys too."""
    stack = [tree]
    while stack:
        node = stack.pop()
        if isinstance(node, yaml.ScalarNode):
            yield node
        elif isinstance(node, yaml.SequenceNode):
            stack += node.value
        elif isinstance(node, yaml.MappingNode):
            stack += [part for pair in node.value for part in pair]
