"""`decai network check` tells every fault of network.yaml, and what is right but worth knowing."""

from __future__ import annotations

import json
from pathlib import Path

import fsspec
import pytest
from fsspec.implementations.memory import MemoryFileSystem
from network_files import FULL, changed
from typer.testing import CliRunner

from decai_forecast.commands.network import network_app
from decai_forecast.errors import ConfigError, StoreError
from decai_forecast.network import Network, Participant

RUNNER = CliRunner()


class Promiseless(MemoryFileSystem):
    """A store of a class that nobody has proven."""

    protocol = "promiseless"


def test_a_right_file_is_described(tmp_path: Path) -> None:
    """The network in one line, its stores in another."""
    (tmp_path / "network.yaml").write_text(FULL.replace("s3://bolt/decai", "memory://bolt/decai"))
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert done.exit_code == 0
    assert done.stdout.splitlines() == [
        f"{tmp_path / 'network.yaml'}: 4 companies, horizon 13 weeks, quorum 3, Europe/Paris",
        "8 stores: a key that is put once has one winner",
    ]


def test_a_network_that_shares_nothing_is_noted(tmp_path: Path) -> None:
    """Its file is right."""
    Network(tmp_path, "two", "D", 28, (Participant("acme"), Participant("bolt"))).save()
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert done.stdout.splitlines()[2:] == ["note: 2 partners: nothing is shared below 3; each company forecasts alone"]


def test_a_wrong_file_is_refused(tmp_path: Path) -> None:
    """With the error that every command shows."""
    (tmp_path / "network.yaml").write_text(changed("quorum: 3", "quorum: 99"))
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert isinstance(done.exception, ConfigError)
    assert f"{tmp_path / 'network.yaml'}:13:9: quorum must be" in str(done.exception)


def test_what_could_not_be_loaded_is_not_saved(tmp_path: Path) -> None:
    """The file that is there stays."""
    network = Network(tmp_path, "two", "D", 28, (Participant("acme"), Participant("acme")), time_zone="Mars")
    with pytest.raises(ConfigError) as error:
        network.save()
    assert str(error.value).splitlines() == [
        f"{tmp_path / 'network.yaml'}: time_zone must be an IANA name such as Europe/Paris, not 'Mars'",
        f"{tmp_path / 'network.yaml'}: a second participant 'acme'; give each an id of its own",
    ]
    assert not (tmp_path / "network.yaml").exists()


def test_a_store_in_which_two_writers_could_both_win_is_refused(tmp_path: Path) -> None:
    """Before anybody relies on it; the message names the store and which ones can."""
    fsspec.register_implementation("promiseless", Promiseless, clobber=True)
    participants = (Participant("acme", store="promiseless://acme"), Participant("bolt"), Participant("crane"))
    Network(tmp_path, "three", "D", 28, participants).save()
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)])
    assert isinstance(done.exception, StoreError)
    assert "promiseless://acme" in str(done.exception)


def test_the_same_as_json(tmp_path: Path) -> None:
    """File, notes, and where each store lies."""
    Network(tmp_path, "two", "D", 28, (Participant("acme"), Participant("bolt"))).save()
    told = json.loads(RUNNER.invoke(network_app, ["check", "--json", "--home", str(tmp_path)]).stdout)
    assert told["file"] == str(tmp_path / "network.yaml")
    assert told["notes"] == ["2 partners: nothing is shared below 3; each company forecasts alone"]
    assert told["stores"] == {name: str(tmp_path / "stores" / name) for name in ("coordinator", "acme", "bolt")}


def test_a_store_that_cannot_be_reached_is_named(tmp_path: Path) -> None:
    """With what to look at, and not with what its library says, which may hold a secret."""
    address = "s3://bolt/decai"
    participants = (Participant("acme"), Participant("bolt", store=address), Participant("crane"))
    Network(tmp_path, "three", "D", 28, participants).save()
    nobody = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "hush"}
    done = RUNNER.invoke(network_app, ["check", "--home", str(tmp_path)], env=nobody | {"AWS_MAX_ATTEMPTS": "1"})
    assert isinstance(done.exception, StoreError)
    told = str(done.exception)
    assert told.startswith(f"bolt: the store at {address} cannot be used from here (")
    assert "hush" not in told
