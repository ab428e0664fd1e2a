"""What a company has at hand when a coordinator asks it to contribute to a training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from flwr.app import RecordDict

from decai_forecast.federation.plan import Plan
from decai_forecast.federation.rows import Rows
from decai_forecast.store import Store

__all__ = ["Answer", "Asked"]


@dataclass(frozen=True)
class Asked:
    """A coordinator's message, and the company's own side. ``store`` is that of the company, whose name is its owner's.

    ``values``: of the message. ``node``: the company's own configuration. ``kept``: what it keeps between messages of a run.
    """

    plan: Plan
    cutoff: date
    rows: Rows
    store: Store
    values: Mapping[str, Any]
    node: Mapping[str, Any]
    kept: RecordDict

    @property
    def partner(self) -> str:
        return self.store.owner


Answer = Callable[[Asked], Mapping[str, Any]]
"""A strategy's answer at a company: the values of its reply (numbers, texts, bytes, or lists of one kind). What it raises
leaves the company as a code."""
