"""Stock-out probabilities: what they are, and whether they came true."""

from __future__ import annotations

import importlib
import os
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.long_table import read_long
from decai_forecast.simulation.stockouts import chance, reliability

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
REGIONS = ("BELIER", "MARAHOUE", "TONKPI")


def test_a_shelf_is_empty_when_demand_takes_all() -> None:
    """10 on hand, 5 come in the second month: only who sells 9 and then 5 has something left at both month ends."""
    demand = np.array([[[9, 10, 9, 20], [5, 0, 6, 0]]], dtype=np.float32)
    assert chance(np.array([10.0]), np.array([[[0.0], [5.0]]]), demand).tolist() == [0.75]
    assert chance(np.array([-3.0]), np.array([[[0.0], [5.0]]]), demand).tolist() == [1.0]


def test_reliability_of_known_forecasts() -> None:
    """Said .25 where half came and .85 where all came: 2/3 of .25 and 1/3 of .15, and the mean squared error."""
    found = reliability(np.array([0.25, 0.25, 0.25, 0.25, 0.85, 0.85]), np.array([1, 0, 1, 0, 1, 1], dtype=bool))
    assert found.error == pytest.approx(0.25 * 4 / 6 + 0.15 * 2 / 6)
    assert found.brier == pytest.approx((2 * 0.75**2 + 2 * 0.25**2 + 2 * 0.15**2) / 6)
    assert found.table["rows"].tolist() == [4, 2]


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("stockouts")


@pytest.mark.real_data
def test_stock_outs_of_real_sites_are_foreseen(benchmark: ModuleType, tmp_path: Path) -> None:
    """On stock cards of three regions, with the receipts that came, probabilities from past data alone beat the sites' past
    rate and are near to what came."""
    path = Path(os.environ.get("DECAI_TEST_DATA", "")) / benchmark.CARD
    if "DECAI_TEST_DATA" not in os.environ or not path.exists():
        pytest.skip("set DECAI_TEST_DATA to the folder with civ_contraceptives.parquet to run on real stock cards")
    cards = pd.read_parquet(path)
    cards = cards[cards["partner_id"].isin(REGIONS)]
    cards["censored"] = (cards["on_hand_start"] <= 0) & (cards["received"].fillna(0) <= 0)
    cards.to_parquet(tmp_path / "cards.parquet")
    calendar, tables = read_long(tmp_path / "cards.parquet", missing="unknown")
    rows = benchmark.back_test(cards, tables, calendar, tested=4, earlier=3)
    found = benchmark.judged(benchmark.calibrated(rows, benchmark.ACTUAL, 4), benchmark.ACTUAL)
    site = benchmark.judged(rows[rows["cutoff"].isin(sorted(rows["cutoff"].unique())[-4:])], benchmark.SITE)
    assert len(rows) > 200
    assert found.error < 0.1
    assert found.brier < 0.8 * site.brier
