"""Whose Airflow an installation is: each role has its own DAGs and nobody else's, and a wrong word is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support import ROOT

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant
from decai_forecast.network.terms import LinkTerms
from decai_forecast.orchestration.role import Installation, Role, installation

COORDINATORS = {"federate", "close_round"}
SETS = [
    ({}, {f"{kind}_{name}" for kind in ("deliver", "report", "what_if") for name in ("acme", "bolt", "corex")} | COORDINATORS),
    ({"DECAI_ROLE": "coordinator"}, COORDINATORS | {"watch_link"}),
    ({"DECAI_ROLE": "partner", "DECAI_PARTNER": "bolt"}, {"deliver_bolt", "report_bolt", "what_if_bolt", "watch_link"}),
]


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Three companies."""
    made = Network(tmp_path, "three", "W", 13, tuple(Participant(name) for name in ("acme", "bolt", "corex")))
    made.save()
    return made


@pytest.fixture
def here(network: Network, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    """The environment of an installation of the network, to say its role in."""
    monkeypatch.setenv("DECAI_HOME", str(network.home))
    for name in ("DECAI_ROLE", "DECAI_PARTNER"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


@pytest.mark.parametrize(("said", "expected"), SETS)
def test_each_role_has_its_own_dags(here: pytest.MonkeyPatch, said: dict[str, str], expected: set[str]) -> None:
    """Nothing more: a company's Airflow has no DAG, no asset and no text of another company."""
    for name, value in said.items():
        here.setenv(name, value)
    from airflow.dag_processing.dagbag import DagBag
    from airflow.serialization.serialized_objects import DagSerialization

    bag = DagBag(str(ROOT / "dags"))
    assert not bag.import_errors
    assert set(bag.dags) == expected
    if "DECAI_PARTNER" in said:
        text = str([DagSerialization.to_dict(dag) for dag in bag.dags.values()])
        assert "bolt" in text
        assert not {"acme", "corex", "federate"} & set(text.replace("'", " ").replace("_", " ").split())


@pytest.mark.parametrize(("role", "outlet"), [("coordinator", "partner_deliveries"), ("partner", "shared_forecaster")])
def test_the_watch_starts_by_its_trigger_and_emits_one_asset(here: pytest.MonkeyPatch, role: str, outlet: str) -> None:
    """What came over the link becomes what tasks emit on one host."""
    here.setenv("DECAI_ROLE", role)
    here.setenv("DECAI_PARTNER", "acme" if role == "partner" else "")
    from airflow.dag_processing.dagbag import DagBag

    dag = DagBag(str(ROOT / "dags")).dags["watch_link"]
    assert [asset.name for asset in dag.task_dict["emit_partitions"].outlets] == [outlet]
    [asset] = dag.timetable.asset_condition.objects
    [watcher] = asset.watchers
    assert watcher.trigger.serialize()[1] == {"role": role, "partner": "acme" if role == "partner" else ""}


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"DECAI_ROLE": "Partner"}, "DECAI_ROLE is 'Partner'; expected one of partner, coordinator, all"),
        ({"DECAI_ROLE": "partner"}, "DECAI_PARTNER is ''; expected, with DECAI_ROLE=partner, one of acme, bolt, corex, .*yaml"),
        ({"DECAI_ROLE": "partner", "DECAI_PARTNER": "dune"}, "DECAI_PARTNER is 'dune'; expected, .* one of acme, bolt, corex"),
        ({"DECAI_PARTNER": "acme"}, "DECAI_PARTNER is 'acme' and DECAI_ROLE is 'all'; only DECAI_ROLE=partner has a company"),
        ({"DECAI_ROLE": "coordinator", "DECAI_PARTNER": "acme"}, "DECAI_PARTNER is 'acme' and DECAI_ROLE is 'coordinator'"),
    ],
)
def test_a_wrong_word_is_named_with_what_it_may_be(network: Network, said: dict[str, str], message: str) -> None:
    """And no DAG of anybody appears meanwhile."""
    with pytest.raises(ConfigError, match=message):
        installation(network, said)


def test_where_companies_are_apart_nobodys_airflow_is_everybodys(network: Network) -> None:
    """Over HTTPS no host has all stores."""
    apart = replace(network, link=LinkTerms("https"))
    with pytest.raises(ConfigError, match=r"network\.yaml: the companies are apart \(link: way: https\); .* set DECAI_ROLE"):
        installation(apart, {})
    assert installation(apart, {"DECAI_ROLE": "coordinator"}).coordinates


def test_a_wrong_word_is_an_import_error(here: pytest.MonkeyPatch) -> None:
    """Airflow shows it, for every DAG file."""
    here.setenv("DECAI_ROLE", "boss")
    from airflow.dag_processing.dagbag import DagBag

    bag = DagBag(str(ROOT / "dags"))
    assert not bag.dags
    assert len(bag.import_errors) == len(list((ROOT / "dags").glob("*.py")))
    assert all("DECAI_ROLE is 'boss'; expected one of" in text for text in bag.import_errors.values())


def test_an_installation_says_itself(network: Network) -> None:
    """What one process is told, those that it starts are told as well."""
    for one in (Installation(Role.ALL), Installation(Role.COORDINATOR), Installation(Role.PARTNER, "acme")):
        assert installation(network, one.environment()) == one
    assert installation(network, {}) == Installation(Role.ALL)
    assert Installation(Role.COORDINATOR).partners(network) == ()
