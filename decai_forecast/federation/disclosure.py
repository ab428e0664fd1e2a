"""A company's own record of what it disclosed in a round's shared training: it stands whatever became of the training."""

from __future__ import annotations

from decai_forecast.store import Store

__all__ = ["disclosed_strategy", "record_disclosure"]


def record_disclosure(store: Store, round_id: str, strategy: str) -> None:
    """Written before the first sum, tree or coefficient of ``strategy`` leaves; again changes nothing."""
    store.write_json(_key(round_id), {"strategy": strategy})


def disclosed_strategy(store: Store, round_id: str) -> str:
    """The strategy that the company gave sums, trees or coefficients for in the round; empty if it gave none."""
    key = _key(round_id)
    return str(store.read_json(key)["strategy"]) if store.exists(key) else ""


def _key(round_id: str) -> str:
    return f"federation/given/{round_id}.json"
