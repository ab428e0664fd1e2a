"""Who is a newcomer: too young to train, it receives the shared forecaster from the first day and has no part in training it.

It sends no rows and no trees, and does not count for the quorum; what it needs of its own is one known sale of an item, or one
expected total per period in its demand contract (``expectedDemand``), which is spread over its data set ``items``.
"""

from __future__ import annotations

from decai_forecast.contracts import Contract
from decai_forecast.partner.facts import TRAIN
from decai_forecast.round import before
from decai_forecast.steps import read_done
from decai_forecast.store import Store

__all__ = ["EMPTY", "may_be_new", "trained_before"]

EMPTY = "empty"  # code of a refused delivery that holds no row


def may_be_new(store: Store, contract: Contract, round_id: str) -> bool:
    """Whether the company, without a sale to show, is a newcomer: it declares what it expects, and never trained before."""
    return contract.expected_demand > 0 and not trained_before(store, round_id)


def trained_before(store: Store, round_id: str) -> bool:
    """In any round before ``round_id``: who has trained once is no newcomer any more."""
    for earlier in reversed(before(store.children("rounds"), round_id)):
        done = read_done(store, earlier, TRAIN)
        if done is not None and not done.facts.newcomer:
            return True
    return False
