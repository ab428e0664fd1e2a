"""Training under differential privacy through the whole Flower application."""

from pathlib import Path

import pytest
from members import SHIP, member, plan, rows

from decai_forecast.errors import ConfigError, FederationError
from decai_forecast.federation import train_shared


def test_an_epsilon_in_the_plan_trains_privately_and_once(tmp_path: Path) -> None:
    """Both quantiles share the budget of the cut-off; a second night of the same rows is refused, not paid for again."""
    there = [member(tmp_path, f"p{k}", {SHIP: rows(k, 400)}) for k in range(3)]
    which = plan(strategy="exact", turns=5, epsilon=80.0, quantiles=(0.1, 0.5))
    shared = train_shared(there, which)
    assert list(shared.models[SHIP]) == [0.1, 0.5]
    with pytest.raises(FederationError, match="exact_begun"):
        train_shared(there, which)


def test_bagging_is_never_private() -> None:
    """The averaged trees are of each company's own rows, without noise."""
    with pytest.raises(ConfigError) as raised:
        plan(strategy="bagging", epsilon=3.0)
    assert str(raised.value) == "privacy needs strategy exact, not bagging; change one of them"
