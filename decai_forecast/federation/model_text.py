"""LightGBM model texts (format v4) that come from outside: check, strip, and average them exactly.

A malformed text aborts the interpreter inside ``lightgbm.Booster`` and cannot be caught there, so nothing is loaded before
:func:`validate` has passed it. A text as LightGBM writes it also tells ranges, counts and weights of the rows it was
trained on; :func:`sanitise` takes them out without changing a prediction.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from decai_forecast.errors import ModelTextError

__all__ = [
    "MAX_BYTES", "MAX_LEAF", "MAX_TREES", "MEAN_OBJECTIVE", "OBJECTIVE", "ModelText", "merge", "parse", "sanitise", "shift",
    "validate",
]  # fmt: skip

MAX_BYTES = 64_000_000  # a shared model of 40 partners has about 2 MB
MAX_TREES = 50_000
MAX_LEAVES = 4096
MAX_LEAF = 1e6  # targets are multiples of a recent mean: a leaf beyond this is an attack or a bug

END = "end of trees"
TAIL = f"{END}\n\nfeature_importances:\n\nparameters:\nend of parameters\n\npandas_categorical:null\n"  # nothing of the run
HEADER = (
    "version",
    "num_class",
    "num_tree_per_iteration",
    "label_index",
    "max_feature_idx",
    "objective",
    "feature_names",
    "feature_infos",
    "tree_sizes",
)
SAME = ("version", "num_class", "num_tree_per_iteration", "label_index", "max_feature_idx", "objective", "feature_names")
SPLITS = (
    "split_feature",
    "split_gain",
    "threshold",
    "decision_type",
    "left_child",
    "right_child",
    "internal_value",
    "internal_weight",
    "internal_count",
)
SETS = ("cat_boundaries", "cat_threshold")  # only in a tree that splits by categories: bits, 32 in a word
TREE = ("num_leaves", "num_cat", *SPLITS, "leaf_value", "leaf_weight", "leaf_count", *SETS, "is_linear", "shrinkage")
NEUTRAL = "[0:1]"  # in place of a feature's true range
EXPECTED = {"version": "v4", "num_class": "1", "num_tree_per_iteration": "1", "label_index": "0"}
OBJECTIVE, MEAN_OBJECTIVE = "quantile", "tweedie"
# Python reads 1_0, other scripts' digits and tabs as LightGBM does not: a text must mean the same to both
NUMBERS = re.compile(r"([-+0-9.einf]+( [-+0-9.einf]+)*)?")

Tree = dict[str, str]


@dataclass(frozen=True)
class ModelText:
    """A parsed text: header, trees (field -> value as text) and nothing else; the rest of the file carries no model."""

    header: Mapping[str, str]
    trees: tuple[Tree, ...]

    def text(self) -> str:
        """A complete LightGBM text."""
        blocks = [
            "\n".join((f"Tree={k}", *(f"{key}={tree[key]}" for key in TREE if key in tree), "\n\n"))
            for k, tree in enumerate(self.trees)
        ]
        sizes = " ".join(str(len(block.encode())) for block in blocks)
        head = "".join(f"{key}={sizes if key == 'tree_sizes' else self.header[key]}\n" for key in HEADER)
        return f"tree\n{head}\n{''.join(blocks)}{TAIL}"


def parse(text: str) -> ModelText:
    """Splits a text into header and trees; :class:`ModelTextError` unless it has exactly that shape."""
    if len(text) > MAX_BYTES:
        raise ModelTextError(f"model text of {len(text):,} bytes; at most {MAX_BYTES:,} are taken")
    body, mark, _ = text.partition(f"\n{END}\n")
    head, *blocks = body.split("\nTree=")
    lines = head.strip("\n").split("\n")
    if not mark or lines[0] != "tree":
        raise ModelTextError("not a LightGBM model text: it must begin with 'tree' and have an 'end of trees'")
    header = dict(line.split("=", 1) for line in lines[1:] if "=" in line)
    if set(header) != set(HEADER) or len(lines) - 1 != len(HEADER):
        raise ModelTextError(f"unexpected model header: {', '.join(sorted(set(header) ^ set(HEADER))) or 'repeated keys'}")
    if len(blocks) > MAX_TREES:
        raise ModelTextError(f"{len(blocks):,} trees; at most {MAX_TREES:,} are taken")
    return ModelText(header, tuple(_tree(block, k) for k, block in enumerate(blocks)))


def _tree(block: str, number: int) -> Tree:
    first, *lines = block.rstrip("\n").split("\n")
    tree = dict(line.split("=", 1) for line in lines if "=" in line)
    expected = set(TREE) - (set(SETS) if tree.get("num_cat") == "0" else set())
    if first != str(number) or set(tree) != expected or len(lines) != len(expected):
        raise ModelTextError(f"tree {number}: unexpected fields or order")
    return tree


@lru_cache(maxsize=64)
def validate(
    text: str, feature_names: tuple[str, ...], coded: frozenset[int] = frozenset(), objective: str = OBJECTIVE
) -> ModelText:
    """The parsed text if it is safe to load, sanitised, and belongs to these features; else :class:`ModelTextError`.

    ``coded``: the features that may be split by categories. ``objective``: of a model of a mean ``MEAN_OBJECTIVE``.
    """
    model = parse(text)
    _check_header(model.header, feature_names, objective)
    if not model.trees:
        raise ModelTextError("the model has no tree")
    for number, tree in enumerate(model.trees):
        _check_tree(tree, number, len(feature_names), coded)
    if sanitise(model).text() != text:  # LightGBM aborts on wrong tree sizes; the tail may carry anything
        raise ModelTextError("not as sanitise() writes it: tree sizes, counts, ranges or parameters differ")
    return model


def _check_header(header: Mapping[str, str], feature_names: tuple[str, ...], objective: str) -> None:
    last = str(len(feature_names) - 1)
    for key, value in (EXPECTED | {"max_feature_idx": last, "objective": objective}).items():
        if header[key] != value:
            raise ModelTextError(f"{key} is {header[key][:40]!r}, expected {value!r}")
    if header["feature_names"] != " ".join(feature_names):
        raise ModelTextError("the model was trained on other features")


def _check_tree(tree: Tree, number: int, features: int, coded: frozenset[int]) -> None:
    if not all(NUMBERS.fullmatch(value) for value in tree.values()):
        raise ModelTextError(f"tree {number}: something else than numbers with single spaces between them")
    try:
        leaves = int(tree["num_leaves"])
        if not 1 <= leaves <= MAX_LEAVES or (tree["num_cat"] != "0" and not coded) or tree["is_linear"] != "0":
            most = "" if coded else ", none"
            raise ModelTextError(
                f"tree {number}: {leaves} leaves, {tree['num_cat'][:9]} categorical splits; at most {MAX_LEAVES}{most}"
            )
        _check_splits(tree, number, leaves - 1, features)
        _check_categories(tree, number, coded)
        values = [float(v) for v in (tree["shrinkage"], *tree["leaf_value"].split())]
    except ValueError:
        raise ModelTextError(f"tree {number}: a number cannot be read") from None
    if len(values) != leaves + 1 or not all(math.isfinite(v) and abs(v) <= MAX_LEAF for v in values):
        raise ModelTextError(f"tree {number}: {len(values) - 1} leaf values for {leaves} leaves, or one beyond {MAX_LEAF:g}")


def _check_splits(tree: Tree, number: int, splits: int, features: int) -> None:
    for key in SPLITS:
        if len(tree[key].split()) != splits:
            raise ModelTextError(f"tree {number}: {key} has {len(tree[key].split())} entries for {splits} splits")
    if not all(0 <= int(f) < features for f in tree["split_feature"].split()):
        raise ModelTextError(f"tree {number}: a split on a feature that does not exist")
    if any(math.isnan(float(t)) for t in tree["threshold"].split()):  # infinite ones part known values from missing ones
        raise ModelTextError(f"tree {number}: a threshold is not a number")
    if not all(0 <= int(d) <= 15 for d in tree["decision_type"].split()):
        raise ModelTextError(f"tree {number}: a decision type that is none")
    _check_shape([int(c) for c in tree["left_child"].split()], [int(c) for c in tree["right_child"].split()], number)


def _check_categories(tree: Tree, number: int, coded: frozenset[int]) -> None:
    """Splits by categories: of features that may have them, each with a set of its own that lies within the words."""
    kinds, features, thresholds = (tree[key].split() for key in ("decision_type", "split_feature", "threshold"))
    by = [k for k, kind in enumerate(kinds) if int(kind) % 2]
    if any(int(features[k]) not in coded for k in by):
        raise ModelTextError(f"tree {number}: a decision type that is not a numerical split")
    if sorted(thresholds[k] for k in by) != sorted(map(str, range(len(by)))) or int(tree["num_cat"]) != len(by):
        raise ModelTextError(f"tree {number}: {tree['num_cat'][:9]} sets of categories for {len(by)} splits by them")
    if by:
        bounds, sets = ([int(word) for word in tree[key].split()] for key in SETS)
        if len(bounds) != len(by) + 1 or (bounds[0], bounds[-1]) != (0, len(sets)) or sorted(set(bounds)) != bounds:
            raise ModelTextError(f"tree {number}: sets of categories that do not lie one after the other")
        if not all(0 <= word < 2**32 for word in sets):
            raise ModelTextError(f"tree {number}: a set of categories that is not bits")


def _check_shape(left: Sequence[int], right: Sequence[int], number: int) -> None:
    """Children form one tree: every node but the root, and every leaf (~index), is somebody's child exactly once."""
    children = sorted([*left, *right])
    splits = len(left)
    if children != sorted([*(~leaf for leaf in range(splits + 1)), *range(1, splits)]) and splits:
        raise ModelTextError(f"tree {number}: children do not form one tree")
    if any(0 <= child <= parent for side in (left, right) for parent, child in enumerate(side)):
        raise ModelTextError(f"tree {number}: children form a cycle")


def sanitise(model: ModelText) -> ModelText:
    """The same predictions without what the text tells of the rows: ranges, gains, counts, weights."""
    header = dict(model.header) | {"feature_infos": " ".join([NEUTRAL] * (int(model.header["max_feature_idx"]) + 1))}
    return ModelText(header, tuple(_strip(tree) for tree in model.trees))


def _strip(tree: Tree) -> Tree:
    leaves = int(tree["num_leaves"])
    ones, splits = " ".join(["1"] * leaves), " ".join(["1"] * (leaves - 1))
    zeros = " ".join(["0"] * (leaves - 1))
    below = " ".join(map(str, _leaves_below(tree)))  # LightGBM's SHAP needs internal counts that add up
    return tree | {
        "split_gain": zeros,
        "internal_value": zeros,
        "internal_weight": splits,
        "internal_count": below,
        "leaf_weight": ones,
        "leaf_count": ones,
    }


def _leaves_below(tree: Tree) -> list[int]:
    left, right = ([int(c) for c in tree[key].split()] for key in ("left_child", "right_child"))
    below = [0] * len(left)
    for node in range(len(left) - 1, -1, -1):  # children have higher numbers than their parent
        below[node] = sum(1 if child < 0 else below[child] for child in (left[node], right[node]))
    return below


def _scaled(tree: Tree, factor: float, offset: float = 0.0) -> Tree:
    values = " ".join(repr(float(v) * factor + offset) for v in tree["leaf_value"].split())
    return tree | {"leaf_value": values, "shrinkage": repr(float(tree["shrinkage"]) * factor)}


def shift(model: ModelText, offset: float) -> ModelText:
    """The model plus a constant, put into the leaves of its first tree."""
    first, *others = model.trees
    return ModelText(model.header, (_scaled(first, 1.0, offset), *others))


def merge(parts: Sequence[tuple[ModelText, float]], base: ModelText | None = None) -> ModelText:
    """``base`` plus the weighted sum of ``parts``, exactly: a text whose prediction is that sum (to rounding)."""
    models = ([base] if base else []) + [model for model, _ in parts]
    for model in models[1:]:
        for key in SAME:
            if model.header[key] != models[0].header[key]:
                raise ModelTextError(f"models cannot be averaged: {key} differs")
    trees = [*(base.trees if base else ()), *(_scaled(tree, weight) for model, weight in parts for tree in model.trees)]
    return ModelText(models[0].header, tuple(trees))
