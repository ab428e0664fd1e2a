"""The two ways to a judgement: a test that asks for ``judged`` runs on both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, save

from decai_forecast.contracts import Check, check_delivery

Judged = Callable[..., Check]


def with_rules(*rules: str) -> tuple[tuple[str, str], ...]:
    """Changes of the drafted contract that add quality rules, each a YAML flow mapping, to its table."""
    added = "".join(f"      - {rule}\n" for rule in rules)
    return (("\nslaProperties:", f"{added}\nslaProperties:"),) if rules else ()


def own(rule: str, severity: str = "error", name: str = "r") -> str:
    """One of our own rules, as YAML."""
    return f"{{id: {name}, type: custom, engine: decai, severity: {severity}, implementation: {{{rule}}}}}"


def expects(kind: str, arguments: str) -> str:
    """A Great Expectations rule, as YAML."""
    inside = f"{{type: {kind}, kwargs: {{{arguments}}}}}"
    return f"{{id: r, type: custom, engine: great-expectations, implementation: {inside}}}"


@pytest.fixture(params=["counts", "direct"])
def judged(request: pytest.FixtureRequest, tmp_path: Path) -> Judged:
    """``judged(frame, *rules, changes=(), **options)``: the check of a delivery under the drafted contract and more rules."""

    def check(frame: pd.DataFrame, *rules: str, changes: tuple[tuple[str, str], ...] = (), **options: object) -> Check:
        promised = contract(tmp_path, *changes, *with_rules(*rules))
        direct = request.param == "direct"
        return check_delivery(promised, save(tmp_path, frame), AS_OF, tmp_path, direct=direct, **options)  # type: ignore[arg-type]

    return check
