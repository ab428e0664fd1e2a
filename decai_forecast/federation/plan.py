"""What a shared training is to do, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from decai_forecast.code_book import PREFIX, CodeBook
from decai_forecast.errors import ConfigError
from decai_forecast.network import Privacy
from decai_forecast.strategies import Strategy, strategy_of

__all__ = ["Alpha", "Member", "Plan", "Shared", "alpha_of", "name_of"]

Alpha = float | None
"""What a model forecasts: the quantile of this level, or the mean (None)."""
MEAN = "mean"


def name_of(alpha: Alpha) -> str:
    """``q0.5`` for 0.5, ``mean`` for the mean: in messages and file names."""
    return MEAN if alpha is None else f"q{alpha}"


def alpha_of(name: str) -> Alpha:
    """The inverse of :func:`name_of`; ValueError for anything else."""
    return None if name == MEAN else float(name.removeprefix("q"))


@dataclass(frozen=True)
class Member:
    """A participant of the training: its id and the address of its own store, which only its own node opens."""

    partner: str
    store: str


@dataclass(frozen=True)
class Plan:
    """One training: which cut-offs, how many trees, and how many members at least.

    ``params`` are LightGBM's; by default those of the local models. ``strategy``: the name of a record of ``strategies``, which
    says how many ``rounds`` and ``trees_per_round`` there are where these are not given. :class:`ConfigError` for what it does
    not take.
    """

    round_id: str
    cutoffs: tuple[date, ...]
    feature_names: tuple[str, ...]
    minimum: int
    seed: int
    strategy: str
    rounds: int = 0  # of boosting; 0: the strategy's
    trees_per_round: int = 0  # of each quantile, that a company grows in a round; 0: the strategy's
    quantiles: tuple[float, ...] = (0.1, 0.5, 0.9)
    mean: bool = False  # whether the mean is trained, too, beside the quantiles
    params: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 600.0  # seconds for all members' answers to one message
    grace: float = 60.0  # seconds for the others once ``minimum`` members have said that they are there
    patience: float = 60.0  # seconds without a message in an exact training after which a member counts as silent
    agreed: str = ""  # digest of the network's agreement (preflight.py); empty: not compared
    certificates: Mapping[date, Mapping[float, str]] = field(default_factory=dict)
    epsilon: float = 0.0  # differential privacy of all models of a cut-off together (exact/privacy.py); 0: none
    delta: float = 1e-6
    budget: float = 0.0  # epsilon of all private trainings of a company, by its own accountant; 0: no limit
    early_stopping_rounds: int = 0  # trees without a smaller loss on everybody's newest rows; 0: never
    code_book: CodeBook | None = None  # whose ``feature`` is one of ``feature_names``

    def __post_init__(self) -> None:
        record = self.record
        for _, complaint in record.complaints(
            privacy=bool(self.epsilon), early_stopping=bool(self.early_stopping_rounds), code_book=self.code_book is not None
        ):
            raise ConfigError(complaint)
        if self.mean and (self.epsilon or not record.trains_the_mean):
            raise ConfigError(f"the mean is not trained by {self.strategy}, nor under differential privacy; quantiles imply it")
        object.__setattr__(self, "rounds", self.rounds or record.rounds)
        object.__setattr__(self, "trees_per_round", self.trees_per_round or record.trees_per_round)
        if [name for name in self.feature_names if name.startswith(PREFIX)] != list(self.categories):
            raise ConfigError("a code book has one feature, by its own name, and no other feature is called so")

    @property
    def record(self) -> Strategy:
        """What the strategy needs, discloses and takes; :class:`ConfigError` if there is none of this name."""
        return strategy_of(self.strategy)

    @property
    def alphas(self) -> tuple[Alpha, ...]:
        """The models of a cut-off, in the order in which they are trained: the mean last."""
        return (*self.quantiles, None) if self.mean else self.quantiles

    @property
    def categories(self) -> dict[str, tuple[str, ...]]:
        """Feature -> its code book; empty without one."""
        return {self.code_book.feature: self.code_book.names} if self.code_book else {}

    @property
    def coded(self) -> frozenset[int]:
        """Numbers of the features that may be split by categories."""
        return frozenset(self.feature_names.index(feature) for feature in self.categories)

    @property
    def privacy(self) -> str:
        """The terms of differential privacy, as ``network.yaml`` of a company has them; empty: none."""
        return Privacy(self.epsilon, self.budget, self.delta).terms if self.epsilon and self.budget else ""

    @property
    def columns(self) -> tuple[str, ...]:
        """What training rows have; some have weights too."""
        return (*self.feature_names, "target")

    def to_config(self) -> dict[str, str | int | float]:
        """As Flower's run configuration: flat, text and numbers only."""
        return {
            "round-id": self.round_id,
            "cutoffs": ",".join(c.isoformat() for c in self.cutoffs),
            "features": ",".join(self.feature_names),
            "minimum": self.minimum,
            "seed": self.seed,
            "strategy": self.strategy,
            "rounds": self.rounds,
            "trees-per-round": self.trees_per_round,
            "quantiles": ",".join(str(q) for q in self.quantiles),
            "mean": int(self.mean),
            "params": json.dumps(dict(self.params), sort_keys=True),
            "timeout": float(self.timeout),
            "grace": float(self.grace),
            "patience": float(self.patience),
            "agreed": self.agreed,
            "epsilon": float(self.epsilon),
            "delta": float(self.delta),
            "budget": float(self.budget),
            "early-stopping-rounds": self.early_stopping_rounds,
            "code-book": json.dumps(self.code_book and self.code_book.to_json()),
        }

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Plan:
        return cls(
            round_id=str(config["round-id"]),
            cutoffs=tuple(date.fromisoformat(c) for c in str(config["cutoffs"]).split(",") if c),
            feature_names=tuple(str(config["features"]).split(",")),
            minimum=int(config["minimum"]),
            seed=int(config["seed"]),
            strategy=str(config["strategy"]),
            rounds=int(config["rounds"]),
            trees_per_round=int(config["trees-per-round"]),
            quantiles=tuple(float(q) for q in str(config["quantiles"]).split(",")),
            mean=bool(config["mean"]),
            params=json.loads(str(config["params"])),
            timeout=float(config["timeout"]),
            grace=float(config["grace"]),
            patience=float(config["patience"]),
            agreed=str(config["agreed"]),
            epsilon=float(config["epsilon"]),
            delta=float(config["delta"]),
            budget=float(config["budget"]),
            early_stopping_rounds=int(config["early-stopping-rounds"]),
            code_book=CodeBook.of(json.loads(str(config["code-book"]))),
        )


@dataclass(frozen=True)
class Shared:
    """``models``: cut-off -> quantile -> LightGBM text; ``means``: cut-off -> text of the mean's, where it is trained.

    ``rows``: member -> rows of the last cut-off, which ships. ``dropped``: member -> code of what put it out. ``certificates``:
    cut-off -> quantile (None: the mean) -> JSON text of what those who grew the model signed, of strategies that have it."""

    models: Mapping[date, Mapping[float, str]]
    rows: Mapping[str, int]
    dropped: Mapping[str, str]
    seconds: float
    traffic: int  # bytes that crossed the wire, both ways
    verdict: Mapping[str, Any] | None = None  # champion against challenger (evaluate.py); None: not compared
    certificates: Mapping[date, Mapping[Alpha, str]] = field(default_factory=dict)
    means: Mapping[date, str] = field(default_factory=dict)
