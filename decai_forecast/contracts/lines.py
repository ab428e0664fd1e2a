"""The line of a place in a YAML file; only needed once something is wrong there."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import yaml

__all__ = ["line_of"]


@lru_cache(maxsize=8)
def _tree(text: str) -> yaml.Node | None:
    return yaml.compose(text, Loader=yaml.SafeLoader)


def line_of(text: str, path: Sequence[str | int]) -> int:
    """The line (from 1) of ``path``, or of the deepest part of it that exists."""
    node, line = _tree(text), 1
    for part in path:
        found = _child(node, part)
        if found is None:
            break
        node, line = found
    return line


def _child(node: yaml.Node | None, part: str | int) -> tuple[yaml.Node, int] | None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(part):
                return value, key.start_mark.line + 1
    if isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
        child = node.value[part]
        return child, child.start_mark.line + 1
    return None
