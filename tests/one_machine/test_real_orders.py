"""The real orders of fifteen competing companies; the file is not part of the repository."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from statistics import mean

import pytest
from support import quiet

from decai_forecast.founding import from_table
from decai_forecast.link import ClosingStatus
from decai_forecast.one_machine.run import run_round
from decai_forecast.one_machine.summary import summarise
from decai_forecast.round import Round

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def orders() -> Path:
    path = Path(os.environ.get("DECAI_TEST_DATA", "")) / "iowa_orders_small.parquet"
    if "DECAI_TEST_DATA" not in os.environ or not path.exists():
        pytest.skip("set DECAI_TEST_DATA to the folder with iowa_orders_small.parquet to run on real orders")
    return path


def test_nobody_is_worse_off_on_average(orders: Path, tmp_path: Path) -> None:
    """All fifteen get a report; over the 13 unseen weeks the combination's partner mean is at most 0.5 % above the own."""
    network = replace(from_table(tmp_path / "home", orders, name="real"), strategy="bagging")  # in minutes, not an hour
    night = Round.of(network.replay_as_of)
    assert run_round(network, night, quiet).status is ClosingStatus.CLOSED
    rows = summarise(network, night)["partners"]
    assert len(rows) == 15
    assert all(Path(row["report"]).exists() for row in rows)
    errors = {name: mean(row["wape"][name] for row in rows) for name in ("local", "shared", "combined")}
    assert errors["combined"] <= 1.005 * errors["local"], errors
