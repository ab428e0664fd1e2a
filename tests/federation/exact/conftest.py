"""What several tests of the exact training compare with."""

import importlib
from pathlib import Path

import pytest
from training_parties import Grow

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def distributed(monkeypatch: pytest.MonkeyPatch) -> Grow:
    """One tree of LightGBM's distributed learner on rows that lie in one place, without masks or sums of ours."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    grow: Grow = importlib.import_module("federation_one_pool").grow
    return grow
