"""Settings that must stand before the first import of Airflow, and the networks that tests run on."""

from __future__ import annotations

import atexit
import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).parents[1]
_HOME = tempfile.mkdtemp(prefix="decai-test-")
for key in [k for k in os.environ if k.startswith(("AIRFLOW__", "DECAI_HOME", "DECAI_ROLE", "DECAI_PARTNER"))]:
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

settings.register_profile("decai", deadline=None)  # a busy machine is no failure
settings.load_profile("decai")

pytest_plugins = ["nights"]

# DuckDB's binding writes a page about leaked types when the interpreter ends: the runner's summary shall be the last word
atexit.register(lambda: os.dup2(os.open(os.devnull, os.O_WRONLY), 2))


@pytest.fixture(scope="session")
def orders_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A long table of five companies, as a user would have it."""
    path = tmp_path_factory.mktemp("orders") / "orders.parquet"
    from support import orders

    orders().to_parquet(path, index=False)
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """The system's Chromium; without one the tests that need a browser skip."""
    for path in (os.environ.get("CHROMIUM", ""), "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"):
        if path and Path(path).exists():
            return path
    pytest.skip("no Chromium on this machine; install Debian's package chromium or set CHROMIUM")
