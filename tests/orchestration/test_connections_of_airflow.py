"""Connections of Airflow: its own come first, then the environment's."""

from __future__ import annotations

import json

import pytest

from decai_forecast.delivery.errors import SourceRefused
from decai_forecast.orchestration.connections import AirflowCredentials

URI = "postgres://amy:p%40ss@db.example:5433/stock?sslmode=require"
JSON = (
    '{"conn_type": "postgres", "login": "amy", "password": "p@ss", "host": "db.example", "port": 5433, "schema": "stock", '
    '"extra": {"sslmode": "require"}}'
)


@pytest.mark.parametrize("value", [URI, JSON])
def test_airflows_connection_is_found(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """All its parts; its repr shows no secret."""
    monkeypatch.setenv("AIRFLOW_CONN_ACME_ERP", value)
    found = AirflowCredentials().get("acme_erp")
    assert (found.login, found.password, found.host, found.port, found.schema) == ("amy", "p@ss", "db.example", 5433, "stock")
    assert (found.kind, dict(found.extra)) == ("postgres", {"sslmode": "require"})
    assert "p@ss" not in repr(found)


def test_the_environment_is_asked_next(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that Airflow does not know."""
    monkeypatch.setenv("DECAI_CONN_ACME_ERP", URI)
    assert AirflowCredentials().get("acme_erp").login == "amy"


def test_airflows_connection_wins(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where both know it."""
    monkeypatch.setenv("AIRFLOW_CONN_ACME_ERP", URI)
    monkeypatch.setenv("DECAI_CONN_ACME_ERP", "postgres://ben@x/y")
    assert AirflowCredentials().get("acme_erp").login == "amy"


def test_a_connection_that_nobody_knows_is_told() -> None:
    """With the two places where it can stand."""
    with pytest.raises(SourceRefused) as error:
        AirflowCredentials().get("nobody_knows")
    assert str(error.value) == "connection 'nobody_knows' is not known; set DECAI_CONN_NOBODY_KNOWS or an Airflow connection"


@pytest.mark.parametrize("extra", ["not json SECRET", "[1]"])
def test_an_extra_that_is_no_mapping_is_told(monkeypatch: pytest.MonkeyPatch, extra: str) -> None:
    """As for the environment's, without a word of it."""
    monkeypatch.setenv("AIRFLOW_CONN_ACME_ERP", json.dumps({"conn_type": "http", "extra": extra}))
    with pytest.raises(SourceRefused) as error:
        AirflowCredentials().get("acme_erp")
    assert str(error.value) == "connection 'acme_erp': its extra is not a JSON mapping"
