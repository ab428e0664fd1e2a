"""An additive model as an ordinary LightGBM text, one tree per term: whatever takes the shared trees takes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from decai_forecast.federation.model_text import EXPECTED, HEADER, OBJECTIVE, ModelText, Tree, sanitise

__all__ = ["Branch", "Splits", "additive_text"]

NUMERICAL, INFINITE = 8, 1e300  # LightGBM's: NaN is missing and goes right; what it writes for an infinite threshold


@dataclass(frozen=True)
class Branch:
    """A numerical split: rows whose ``column`` is at most ``threshold`` go to ``low``; others, and missing, to ``high``."""

    column: int
    threshold: float
    low: Splits
    high: Splits

    @classmethod
    def known(cls, column: int, there: Splits, missing: int) -> Branch:
        """Parts rows with a value from those without one."""
        return cls(column, INFINITE, there, missing)


Splits = Branch | int
"""Splits, or the number of a leaf"""


def additive_text(feature_names: Sequence[str], constant: float, terms: Sequence[tuple[Splits, npt.NDArray[Any]]]) -> ModelText:
    """The sum of ``constant`` and the ``terms`` (splits, values of the leaves), sanitised; the first tree is the constant."""
    last, names = str(len(feature_names) - 1), " ".join(feature_names)
    header = dict.fromkeys(HEADER, "") | EXPECTED | {"objective": OBJECTIVE, "max_feature_idx": last, "feature_names": names}
    trees = [_tree(splits, [float(value) for value in values]) for splits, values in terms]
    return sanitise(ModelText(header, (_tree(0, [constant]), *trees)))


def _tree(splits: Splits, values: Sequence[float]) -> Tree:
    """A tree block without what sanitising writes."""
    nodes = list[tuple[Branch, int, int]]()
    _number(splits, nodes)
    columns: dict[str, Sequence[object]] = {
        "split_feature": [node.column for node, _, _ in nodes],
        "threshold": [repr(node.threshold) for node, _, _ in nodes],
        "decision_type": [NUMERICAL] * len(nodes),
        "left_child": [low for _, low, _ in nodes],
        "right_child": [high for _, _, high in nodes],
        "leaf_value": [repr(value) for value in values],
    }
    facts = {"num_leaves": str(len(values)), "num_cat": "0", "is_linear": "0", "shrinkage": "1"}
    return facts | {name: " ".join(map(str, column)) for name, column in columns.items()}


def _number(splits: Splits, nodes: list[tuple[Branch, int, int]]) -> int:
    """Adds the branches below, parents before children; the number of this one, or that of a leaf, as LightGBM has it."""
    if isinstance(splits, int):
        return ~splits
    mine = len(nodes)
    nodes.append((splits, 0, 0))
    nodes[mine] = (splits, _number(splits.low, nodes), _number(splits.high, nodes))
    return mine
