"""Connections from the environment: all of Airflow's forms, and what is said of one that is none."""

from __future__ import annotations

import pytest

from decai_forecast.delivery import EnvironmentCredentials
from decai_forecast.delivery.errors import SourceRefused

WRONG = "connection 'c' is neither a URI nor JSON as Airflow writes them; its port is a number, its extra a mapping"


@pytest.mark.parametrize(
    ("value", "login", "extra"),
    [
        ("http://:tok@h", "", {}),
        ("http://amy:tok@h:8443/x?timeout=5", "amy", {"timeout": "5"}),
        ("http://:tok@h?__extra__=%7B%22headers%22%3A%20%7B%22X-K%22%3A%20%22v%22%7D%7D", "", {"headers": {"X-K": "v"}}),
        ('{"conn_type": "http", "password": "tok", "extra": {"headers": {"X-K": "v"}}}', "", {"headers": {"X-K": "v"}}),
        ('{"conn_type": "http", "login": "amy", "password": "tok", "extra": "{\\"a\\": 1}"}', "amy", {"a": 1}),
        ('{"password": "tok", "port": "", "extra": null}', "", {}),
    ],
)
def test_every_form_is_understood(monkeypatch: pytest.MonkeyPatch, value: str, login: str, extra: dict) -> None:
    """URI, URI with an extra that does not fit into a query, JSON, JSON with its extra as text."""
    monkeypatch.setenv("DECAI_CONN_C", value)
    found = EnvironmentCredentials().get("c")
    assert (found.login, found.password, dict(found.extra)) == (login, "tok", extra)
    assert "tok" not in repr(found)


@pytest.mark.parametrize(
    "value",
    ["not a uri SECRET", '{"password": SECRET', '{"port": "x5"}', "http://SECRET@h:x5", '{"extra": "[1]"}', '{"extra": [1]}',
     "http://h?__extra__=SECRET"],
)  # fmt: skip
def test_what_is_no_connection_is_told(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    """Without a word of it: it may be the secret."""
    monkeypatch.setenv("DECAI_CONN_C", value)
    with pytest.raises(SourceRefused) as error:
        EnvironmentCredentials().get("c")
    assert str(error.value) == WRONG


def test_an_unknown_connection_is_told() -> None:
    """With the two places where it can stand."""
    with pytest.raises(SourceRefused) as error:
        EnvironmentCredentials().get("acme_erp")
    assert str(error.value) == "connection 'acme_erp' is not known; set DECAI_CONN_ACME_ERP or an Airflow connection"
