"""Settings that must stand before the first import of Airflow, and the networks that tests run on."""

from __future__ import annotations

import atexit
import os
import tempfile
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

ROOT = Path(__file__).parents[1]
_HOME = tempfile.mkdtemp(prefix="decai-test-")
for key in [k for k in os.environ if k.startswith(("AIRFLOW__", "DECAI_HOME"))]:
    del os.environ[key]
os.environ.update(
    AIRFLOW_HOME=_HOME,
    AIRFLOW__CORE__DAGS_FOLDER=str(ROOT / "dags"),
    AIRFLOW__CORE__PLUGINS_FOLDER=str(ROOT / "plugins"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__LOGGING__LOGGING_LEVEL="WARNING",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{_HOME}/airflow.db?timeout=60",
    AIRFLOW__API_AUTH__JWT_SECRET="x" * 64,
    OMP_NUM_THREADS="1",
)

# DuckDB's binding writes a page about leaked types when the interpreter ends: the runner's summary shall be the last word
atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))

LAST_MONDAY = date(2026, 6, 22)
WEEKS = 170  # enough for the three choice origins, the test window and a year before them


def orders(partners: int = 5, items: int = 4, weeks: int = WEEKS, seed: int = 1) -> pd.DataFrame:
    """Weekly orders of invented companies: level, season and noise, with a supplier for each item."""
    rng = np.random.default_rng(seed)
    monday = [LAST_MONDAY - timedelta(weeks=weeks - 1 - k) for k in range(weeks)]
    season = 1 + 0.3 * np.sin(np.arange(weeks) / 52 * 2 * np.pi)
    frames = [
        pd.DataFrame(
            {
                "partner_id": f"shop {p}",
                "date": monday,
                "item_id": f"i{k}",
                "quantity": rng.poisson((p + 1) * (k + 2) * 3 * season),
                "vendor": f"supplier {k % 2}",
            }
        )
        for p in range(partners)
        for k in range(items)
    ]
    return pd.concat(frames, ignore_index=True)


@pytest.fixture(scope="session")
def orders_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long table of five companies, as a user would have it."""
    path = tmp_path_factory.mktemp("orders") / "orders.parquet"
    orders().to_parquet(path, index=False)
    return path
