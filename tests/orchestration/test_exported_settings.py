"""Settings that an operator exports hold in `decai up`; only what its parts must agree on does not move."""

from __future__ import annotations

from pathlib import Path

import pytest

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.orchestration.environment import Stack, stack_environment

CONN = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


@pytest.fixture
def network(orders_file: Path, tmp_path: Path) -> Network:
    return from_table(tmp_path / "home", orders_file, name="five")


def environment(network: Network, **exported: str) -> dict[str, str]:
    return stack_environment(Stack(network, 18080, exported=exported))


def test_an_exported_setting_holds(network: Network) -> None:
    """One that we have a default for, and one that we have not; nothing else of the environment is a setting."""
    found = environment(network, **{CONN: "postgresql://x", "AIRFLOW__METRICS__OTEL_ON": "True", "OTHER": "x"})
    assert (found[CONN], found["AIRFLOW__METRICS__OTEL_ON"]) == ("postgresql://x", "True")
    assert "OTHER" not in found
    assert environment(network)[CONN].startswith("sqlite:///")


@pytest.mark.parametrize("suffix", ["_CMD", "_SECRET"])
def test_a_setting_by_command_or_secret_is_not_hidden(network: Network, suffix: str) -> None:
    """Airflow asks for a plain value first."""
    found = environment(network, **{CONN + suffix: "cat /run/secrets/conn"})
    assert CONN not in found
    assert found[CONN + suffix] == "cat /run/secrets/conn"


def test_what_must_fit_together_is_ours(network: Network) -> None:
    """Folders and addresses: with others the parts would not find each other."""
    given = {"AIRFLOW__CORE__DAGS_FOLDER": "/x", "AIRFLOW__API__PORT": "1", "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": "x"}
    found = environment(network, **given)
    assert not set(given.items()) & set(found.items())


def test_settings_of_the_tests_own_airflow_are_not_taken(network: Network) -> None:
    """They stand in this process's environment, and nobody handed them over."""
    assert environment(network)["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"].endswith(f"{network.home}/airflow/airflow.db?timeout=60")
