"""network.yaml: what it says, and what it refuses."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.network import Assumptions, Network, Participant, Privacy, valid_id


@pytest.fixture
def network(tmp_path: Path) -> Network:
    people = tuple(Participant(name) for name in ("bolt", "acme", "corex", "dyna"))
    return Network(tmp_path, "four", "W", 13, people, assumptions=Assumptions(lead_time_days=21))


def test_what_is_saved_is_loaded(network: Network) -> None:
    """The file holds everything; partners come sorted."""
    network.save()
    assert Network.load(network.home) == network
    assert network.partners == ("acme", "bolt", "corex", "dyna")


@pytest.mark.parametrize(("partners", "minimum"), [(3, 3), (4, 3), (5, 4), (6, 4), (15, 10), (32, 22)])
def test_the_quorum_is_two_thirds_and_at_least_three(network: Network, partners: int, minimum: int) -> None:
    """Fewer than three could read each other."""
    people = tuple(Participant(f"p{k}") for k in range(partners))
    assert replace(network, participants=people).minimum == minimum


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("name: four", "nmae: four", "unknown key nmae; known keys are"),
        ("time_zone: UTC", "time_zone: Mars", "'Mars' is not an IANA name"),
        (
            "strategy: exact",
            "strategy: fedavg",
            "strategy 'fedavg' is not known; there are exact, bagging, cyclic, median, trimmed_mean",
        ),
        ("frequency: W", "frequency: Q", "frequency 'Q' is not known"),
        ("- id: acme", "- id: Acme!", "'Acme!' cannot be a participant's id"),
        ("version: 1", "version: 9", "expected a mapping with `version: 1`"),
        ("lead_time_days", "lead_time", "unexpected keyword argument 'lead_time'"),
        ("horizon: 13", "horizon: [", "network.yaml"),
    ],
)
def test_a_wrong_file_is_explained(network: Network, old: str, new: str, said: str) -> None:
    """What, where, and what would be right."""
    network.save()
    path = network.home / "network.yaml"
    path.write_text(path.read_text().replace(old, new))
    with pytest.raises(ConfigError, match=r"network\.yaml: ") as error:
        Network.load(network.home)
    assert said in str(error.value)


@pytest.mark.parametrize(("again", "key"), [("quorum: 3", "quorum"), ("assumptions: {lead_time_days: 3}", "assumptions")])
def test_a_key_that_stands_twice_is_refused_with_both_lines(network: Network, again: str, key: str) -> None:
    """YAML would silently keep the last."""
    network.save()
    path = network.home / "network.yaml"
    lines = path.read_text().splitlines()
    first = next(k for k, line in enumerate(lines, 1) if line.startswith(f"{key}:"))
    path.write_text("\n".join([*lines, again, ""]))
    told = rf"network\.yaml:{len(lines) + 1}: key '{key}' is there twice \(first in line {first}\); keep one of them"
    with pytest.raises(ConfigError, match=told):
        Network.load(network.home)


def test_a_key_twice_inside_a_participant_is_refused(network: Network) -> None:
    """At any depth."""
    network.save()
    path = network.home / "network.yaml"
    path.write_text(path.read_text().replace("- id: bolt", "- id: bolt\n  id: bolted"))
    with pytest.raises(ConfigError, match="key 'id' is there twice"):
        Network.load(network.home)


def test_a_missing_network_says_how_to_make_one(tmp_path: Path) -> None:
    """The first thing a newcomer meets."""
    with pytest.raises(ConfigError, match="make a network with `decai network init` or set DECAI_HOME"):
        Network.load(tmp_path)


@pytest.mark.parametrize("name", ["coordinator", "a b", "A", "", "a" * 41, "../x", "_x"])
def test_an_id_can_be_a_folder_and_a_dag(name: str) -> None:
    """Everything else is refused."""
    with pytest.raises(ConfigError, match="cannot be a participant's id"):
        valid_id(name)


def test_an_unknown_participant_is_named(network: Network) -> None:
    """With those there are."""
    with pytest.raises(ConfigError, match="no participant 'x'; there are bolt, acme, corex, dyna"):
        network.address("x")


def test_privacy_is_saved_and_loaded(network: Network) -> None:
    """YAML reads 1e-6 as text; it is the number."""
    private = replace(network, privacy=Privacy(3.0, 30.0), early_stopping_rounds=0)
    private.save()
    path = network.home / "network.yaml"
    path.write_text(path.read_text().replace("delta: 1.0e-06", "delta: 1e-6"))
    assert "delta: 1e-6" in path.read_text()
    assert Network.load(network.home) == private


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        (
            "privacy: 3",
            "privacy needs epsilon and budget, and delta if it is not 1e-6, such as {epsilon: 3, budget: 30}, not",
        ),
        ("privacy: {epsilon: 3}", "privacy needs epsilon and budget"),
        ("privacy: {epsilon: 3, budget: 30, noise: 1}", "privacy needs epsilon and budget"),
        ("privacy: {epsilon: low, budget: 30}", "privacy: epsilon must be a number, not 'low'"),
        ("privacy: {epsilon: true, budget: 30}", "privacy: epsilon must be a number, not True"),
        (
            "privacy: {epsilon: 0, budget: 30}",
            "privacy with epsilon 0, budget 30, delta 1e-06: expected 0 < epsilon <= budget",
        ),
        ("privacy: {epsilon: 3, budget: 2}", "expected 0 < epsilon <= budget <= 100 and 0 < delta < 0.01"),
        ("privacy: {epsilon: 3, budget: .inf}", "expected 0 < epsilon <= budget <= 100"),
        ("privacy: {epsilon: .nan, budget: 30}", "expected 0 < epsilon <= budget <= 100"),
        ("privacy: {epsilon: 3, budget: 30, delta: 0.5}", "expected 0 < epsilon <= budget <= 100 and 0 < delta < 0.01"),
        (
            "privacy: {epsilon: 3, budget: 30}\nstrategy: bagging",
            "privacy needs strategy exact, not bagging; change one",
        ),
        ("early_stopping_rounds: -1", "early_stopping_rounds must be a whole number of trees, 0 for never, not -1"),
        ("early_stopping_rounds: 10\nstrategy: bagging", "early_stopping_rounds needs strategy exact, not bagging"),
        (
            "early_stopping_rounds: 10\nprivacy: {epsilon: 3, budget: 30}",
            "privacy and early_stopping_rounds: a private training tells no loss to stop by; drop one of them",
        ),
    ],
)
def test_a_wrong_setting_of_the_training_is_explained(network: Network, setting: str, said: str) -> None:
    """With the file, what was found, and what would be right."""
    network.save()
    path = network.home / "network.yaml"
    kept = [line for line in path.read_text().splitlines() if line.split(":")[0] not in setting.replace(":", "\n").split()]
    path.write_text("\n".join([*kept, setting, ""]))
    with pytest.raises(ConfigError, match=r"network\.yaml: ") as error:
        Network.load(network.home)
    assert said in str(error.value)
