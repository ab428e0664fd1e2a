"""What an exact training is to do: agreed by all before the first sum, and refused where it would not be exact or safe."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from decai_forecast.federation.exact.code_book import check_book
from decai_forecast.federation.exact.collectives import LIGHTGBM
from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.objectives import Objective, Quantile, SquaredError, Tweedie
from decai_forecast.federation.exact.privacy import Private

__all__ = ["MIN_LEAF_ROWS", "ExactPlan", "from_demand", "private_plan"]

PROTOCOL = 1
MIN_LEAF_ROWS = 10  # rows of all participants in a tree's bag below which a leaf learns nothing from them
TREE: Mapping[str, Any] = {  # what a tree may be told, and what it is told where the plan says nothing
    "num_leaves": 31,
    "max_depth": -1,
    "learning_rate": 0.05,
    "lambda_l2": 1.0,
    "feature_fraction": 1.0,
    "max_bin": 63,
}
FIXED: Mapping[str, Any] = {  # part of what makes the trees exact, or of the size of a message
    "objective": "none",
    "tree_learner": "data",
    "pre_partition": True,
    "boost_from_average": False,
    "min_data_in_leaf": 1,  # by count would be by an estimate; weights count instead
    "max_cat_threshold": 32,
    "feature_pre_filter": False,
    "enable_bundle": False,
    "use_quantized_grad": False,
    "force_col_wise": True,
    "deterministic": True,
    "num_threads": 1,
    "metric": "None",
    "verbosity": -1,
}
IRRELEVANT = frozenset(  # of LightGBM's parameters, those that a plan may carry and that change no tree here
    {"objective", "alpha", "metric", "deterministic", "force_row_wise", "force_col_wise", "num_threads", "verbosity"}
    | {"feature_pre_filter", "seed"}
)


@dataclass(frozen=True)
class ExactPlan:
    """One model to train together.

    ``subject``: which rows it learns from (a cut-off's), never used twice with another roster. ``alpha``: the quantile, or
    None for the mean. ``weighted``: whether rows have weights. ``least_weight``: weight of a leaf at least, in mean rows.
    ``bag``: share of its rows that each participant draws, in private, for every tree. ``private``: under differential privacy
    (private.py), which is not exact. ``patience``: trees without a smaller loss over the held-out rows after which all stop
    (stopping.py); 0: no rows are held out. ``categories``: feature -> its code book; LightGBM then parts its codes into sets.
    ``tweedie``: the variance power of a mean of the labels' squares; 0: the mean is that of the labels, by squared error.
    """

    subject: str
    feature_names: tuple[str, ...]
    trees: int
    seed: int
    alpha: float | None = None
    weighted: bool = False
    least_weight: float = 20.0
    bag: float = 1.0
    tree: Mapping[str, Any] = field(default_factory=dict)
    private: Private | None = None
    patience: int = 0
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    tweedie: float = 0.0

    def __post_init__(self) -> None:
        if unknown := sorted(set(self.tree) - set(TREE)):
            raise Refused(f"{', '.join(unknown)}: not known to be exact; a tree can be told {', '.join(TREE)}")
        for feature, book in self.categories.items():
            if feature not in self.feature_names or self.private:
                raise Refused(f"{feature}: a code book needs a feature of the plan, and a training without noise")
            check_book(feature, book, self.max_bin)
        if not 0 < self.bag <= 1 or self.trees < 1 or self.least_weight < 16:
            raise Refused(
                f"{self.trees} trees, a bag of {self.bag}, leaves of weight {self.least_weight}: expected at least one tree, "
                "a share of the rows, and at least 16 mean rows (what one row may weigh)"
            )

    @property
    def objective(self) -> Objective:
        if self.alpha is not None:
            return Quantile(self.alpha)
        return Tweedie(self.tweedie) if self.tweedie else SquaredError()

    @property
    def coded(self) -> dict[int, int]:
        """Number of each feature that has a code book -> entries of the book."""
        return {self.feature_names.index(feature): len(book) for feature, book in self.categories.items()}

    @property
    def coded_subject(self) -> str:
        """The subject together with its code books: the same rows may be trained with another book, by the same companies."""
        books = {feature: list(book) for feature, book in self.categories.items()}
        return f"{self.subject}, with the code book {hashlib.sha256(json.dumps(books, sort_keys=True).encode()).hexdigest()}"

    @property
    def max_bin(self) -> int:
        return int(self._told["max_bin"])

    @property
    def learning_rate(self) -> float:
        return float(self._told["learning_rate"])

    @property
    def _told(self) -> dict[str, Any]:
        return dict(TREE) | dict(self.tree)

    def params(self, number: int) -> dict[str, Any]:
        """LightGBM's parameters of tree ``number``: every tree has its own seed, so any tree can be grown again alone."""
        own = {"seed": self.seed + number, "min_sum_hessian_in_leaf": self.least_weight}
        return self._told | dict(FIXED) | own

    @property
    def digest(self) -> bytes:
        whole = asdict(self) | {"tree": self._told, "protocol": PROTOCOL, "lightgbm": LIGHTGBM, "leaf_rows": MIN_LEAF_ROWS}
        return hashlib.sha256(json.dumps(whole, sort_keys=True).encode()).digest()


PRIVATE_TREES = 20  # each looks at every row again, and is paid for
PRIVATE_LEAST = 200.0  # mean rows in a leaf: fewer drown in the noise
PRIVATE_TREE: Mapping[str, Any] = {"num_leaves": 8, "max_depth": 3, "learning_rate": 0.2, "feature_fraction": 0.1}


def private_plan(
    subject: str, feature_names: tuple[str, ...], seed: int, alpha: float, weighted: bool, private: Private
) -> ExactPlan:
    """The plan of a model under differential privacy: few shallow trees of few features each, whatever the local ones have."""
    return ExactPlan(subject, feature_names, PRIVATE_TREES, seed, alpha, weighted, PRIVATE_LEAST, 1.0, PRIVATE_TREE, private)


def from_demand(
    params: Mapping[str, Any],
    subject: str,
    feature_names: tuple[str, ...],
    trees: int,
    seed: int,
    alpha: float | None,
    weighted: bool,
) -> ExactPlan:
    """The plan for LightGBM parameters as the local models have them; :class:`Refused` names what cannot be exact.

    ``min_data_in_leaf`` becomes the least weight of a leaf in mean rows (the same where all rows weigh alike), and bagging
    is drawn by each participant.
    """
    rest = {key: value for key, value in params.items() if key not in IRRELEVANT}
    least = float(rest.pop("min_data_in_leaf", 20))
    freq, bag = rest.pop("bagging_freq", 0), float(rest.pop("bagging_fraction", 1.0))
    if freq not in (0, 1):
        raise Refused(f"bagging_freq {freq}: each tree draws its own bag (1), or none does (0)")
    return ExactPlan(subject, feature_names, trees, seed, alpha, weighted, least, bag if freq else 1.0, rest)
