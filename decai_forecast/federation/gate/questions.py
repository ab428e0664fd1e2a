"""A coordinator's question, compared with the company's own files before it meets the company's rows.

A company never takes from a question how trees are grown, which quantiles and features there are, or with how few it trains:
with parameters of its own choosing a coordinator would read labels off leaves, and with two companies of its own the third's
sums. What a question may do is ask for less: fewer trees, fewer rounds, fewer quantiles.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from decai_forecast.code_book import PREFIX
from decai_forecast.federation.plan import Plan
from decai_forecast.federation.preflight import OtherAgreement, OtherFeatures, OtherPrivacy, OtherStrategy, OtherTerms
from decai_forecast.strategies import MINIMUM_QUORUM, strategy_of

__all__ = ["BESIDE", "Terms", "check_features", "check_plan", "check_turn", "quorum_of"]

BESIDE = frozenset({"target", "weight", "back", "young"})  # columns of training rows that are no features
QUANTILES = (0.1, 0.5, 0.9)
LONGEST = 3_600.0  # seconds that a question may have a company wait for others
LARGEST_START = 1e6  # of a score, as of a leaf


@dataclass(frozen=True)
class Terms:
    """How trees are grown at this company: LightGBM's parameters, and what a training has at most."""

    params: Mapping[str, Any]
    quantiles: tuple[float, ...]
    rounds: int
    trees_per_round: int

    @classmethod
    def of_release(cls, strategy: str) -> Terms:
        """Those of the installed release, which every network trains by."""
        from decai_forecast.demand import TREE_PARAMS

        record = strategy_of(strategy)
        return cls(dict(TREE_PARAMS), QUANTILES, record.rounds, record.trees_per_round)

    @classmethod
    def of(cls, plan: Plan) -> Terms:
        """Those of a plan: where all companies are in one process, whoever makes it has their files."""
        return cls(dict(plan.params), plan.quantiles, plan.rounds, plan.trees_per_round)

    def pack(self) -> str:
        return json.dumps(asdict(self), sort_keys=True)

    @classmethod
    def unpack(cls, text: str) -> Terms:
        terms = json.loads(text)
        return cls(terms["params"], tuple(terms["quantiles"]), terms["rounds"], terms["trees_per_round"])

    def check(self, plan: Plan) -> None:
        """:class:`OtherTerms` names what the plan asks for beyond these."""
        changed = [key for key in {*self.params, *plan.params} if self.params.get(key, ...) != plan.params.get(key, ...)]
        if changed:
            raise OtherTerms(
                f"asked for other tree parameters than this company's: {', '.join(sorted(map(str, changed)))[:200]}"
            )
        if not set(plan.quantiles) <= set(self.quantiles) or len(set(plan.quantiles)) < len(plan.quantiles):
            raise OtherTerms(f"asked for quantiles {plan.quantiles[:20]}; this company trains {self.quantiles}")
        if not (1 <= plan.rounds <= self.rounds and 0 <= plan.trees_per_round <= self.trees_per_round):
            raise OtherTerms(
                f"asked for {plan.rounds} rounds of {plan.trees_per_round} trees; this company grows at most {self.rounds} of "
                f"{self.trees_per_round}"
            )


def check_plan(plan: Plan, node: Mapping[str, Any]) -> None:
    """Raises the first thing in which ``plan`` is another one than the company's own configuration ``node`` says."""
    own = str(node.get("strategy", plan.strategy))
    if plan.strategy != own and not plan.record.shows_only_sums:
        raise OtherStrategy(f"asked for {plan.strategy}; this company's network.yaml says {own}")
    if plan.privacy != (terms := node.get("privacy", plan.privacy)):
        raise OtherPrivacy(f"asked for {plan.privacy or 'no privacy'}; this company's network.yaml says {terms or 'none'}")
    if plan.agreed and node.get("agreed") and plan.agreed != node["agreed"]:
        raise OtherAgreement("asked for a training by another network.yaml than this company's: compare the files")
    if not (0 < plan.patience <= LONGEST and 0 < plan.timeout <= LONGEST * 10):
        raise OtherTerms(f"asked to wait for {plan.patience:g} s without a message; at most {LONGEST:g} s")
    (Terms.unpack(str(node["terms"])) if "terms" in node else Terms.of_release(plan.strategy)).check(plan)


def check_features(plan: Plan, columns: Iterable[str]) -> None:
    """The features are those of the company's own training rows: each once, all of them, and not the target."""
    own = {column for column in columns if column not in BESIDE and not column.startswith(PREFIX)} | set(plan.categories)
    if set(plan.feature_names) != own or len(own) != len(plan.feature_names):
        others = sorted(set(plan.feature_names) ^ own) or ["one twice"]
        raise OtherFeatures(f"asked for other features than this company's rows have: {', '.join(others)[:200]}")


def quorum_of(node: Mapping[str, Any], pinned: Mapping[str, object]) -> int:
    """With how many companies this one trains at least, itself included: what its own network.yaml says, or two thirds of those
    whose keys it has pinned, and never fewer than three. What a coordinator says does not matter."""
    own = int(node.get("quorum", 0)) or math.ceil(2 * len(pinned) / 3)
    return max(MINIMUM_QUORUM, own)


def check_turn(plan: Plan, number: int, since: int, starts: Sequence[float]) -> None:
    """A question for trees of boosting round ``number`` upon a score of round ``since``, which began at ``starts``."""
    if not 0 <= since <= number < plan.rounds:
        raise OtherTerms(f"asked for trees of round {number} since {since}; the plan has {plan.rounds} rounds")
    if len(starts) != len(plan.quantiles) or not all(abs(start) <= LARGEST_START for start in starts):
        raise OtherTerms(f"asked to start at {len(starts)} scores for {len(plan.quantiles)} quantiles, each finite")
