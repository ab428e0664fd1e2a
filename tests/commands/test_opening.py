"""A poisoner is named by commands: each company opens one tree of a training, an auditor judges what all opened."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from members import SHIP, members, plan
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import ConfigError, FederationError, LinkError, MalformedMessage
from decai_forecast.federation import train_shared
from decai_forecast.federation.exact.transcript import Transcript
from decai_forecast.identity import Keyring
from decai_forecast.network import COORDINATOR, Network, Participant
from decai_forecast.store import Store

MODEL = f"{SHIP}/0.5"
PEOPLE = ("p0", "p1", "p2")


def decai(*arguments: object, code: int = 0, answer: str = "") -> str:
    result = CliRunner().invoke(app, [str(one) for one in arguments], catch_exceptions=False, input=answer)
    assert result.exit_code == code, result.output
    return result.output


def night(home: Path) -> Network:
    """Three companies have trained one model of three trees; the coordinator knows their keys."""
    there = members(home / "stores", 3)
    network = Network(home, "three", "W", 13, tuple(Participant(one.partner, store=one.store) for one in there))
    network.save()
    train_shared(there, plan(strategy="exact", turns=3, quantiles=(0.5,), params=dict(TREE_PARAMS) | {"num_leaves": 6}))
    keys = {one.partner: Keyring(Store(one.store, one.partner)).identity().public for one in there}
    Keyring(Store(network.address(COORDINATOR), COORDINATOR)).pin(keys)
    return network


@pytest.fixture(scope="module")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Network:
    return night(tmp_path_factory.mktemp("honest"))


def opened(network: Network, folder: Path, tree: int = 1) -> list[Path]:
    files = [folder / f"{name}.json" for name in PEOPLE]
    for name, file in zip(PEOPLE, files, strict=True):
        decai("federation", "open", name, "--model", MODEL, "--tree", tree, "--out", file, "--yes", "--home", network.home)
    return files


def test_honest_companies_open_what_rows_have(honest: Network, tmp_path: Path) -> None:
    """And nobody is named; a company that counted fewer rows than it put in is."""
    files = opened(honest, tmp_path)
    told = decai("federation", "audit", *files, "--home", honest.home)
    assert told == "3 companies: every part can be that of rows, and is what was sent\n"
    told = decai("federation", "audit", *files, "--rows", "p1=5", "--home", honest.home, code=1)
    assert told.startswith("p1: counts ")
    assert decai("federation", "audit", *files[:2], "--home", honest.home, code=1) == "p2: does not open the tree\n"
    assert files[0].stat().st_mode & 0o777 == 0o600


def test_no_second_tree_is_opened(honest: Network, tmp_path: Path) -> None:
    """Nor one that is not there, nor without a yes."""
    opened(honest, tmp_path)
    out = ("--out", tmp_path / "x.json", "--home", honest.home)
    with pytest.raises(FederationError, match=f"tree 1 of {MODEL} was opened: no other one is"):
        decai("federation", "open", "p0", "--model", MODEL, "--tree", 2, "--yes", *out)
    with pytest.raises(ConfigError, match=f"{MODEL} has 3 trees; choose one from 0 on"):
        decai("federation", "open", "p0", "--model", MODEL, "--tree", 9, "--yes", *out)
    with pytest.raises(ConfigError, match=f"nothing is kept of a training of x; there is {MODEL}"):
        decai("federation", "open", "p0", "--model", "x", "--yes", *out)
    with pytest.raises(ConfigError, match="not opened"):
        decai("federation", "open", "p0", "--model", MODEL, "--tree", 1, *out, answer="n\n")


def test_a_poisoner_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It multiplied its gradients within what the word holds, where the other rows hide it; its own commitment shows it."""
    commit = Transcript.commit

    def poisoned(transcript: Transcript, numbers: Any) -> None:
        if transcript._rank == 1 and len(numbers) == 1:
            numbers[0][1] = np.int64(numbers[0][0] * 1.5)
        commit(transcript, numbers)

    monkeypatch.setattr(Transcript, "commit", poisoned)
    network = night(tmp_path / "poisoned")
    told = decai("federation", "audit", *opened(network, tmp_path), "--home", network.home, code=1)
    assert told.startswith("p1: 1 sums that no rows have, such as gradient")


def test_what_is_not_an_opening_is_refused(honest: Network, tmp_path: Path) -> None:
    """A changed file, one of another company, lists that do not fit: before anything is computed."""
    files = opened(honest, tmp_path)
    whole = json.loads(files[0].read_text())
    files[0].write_text(json.dumps(whole | {"sender": "p9"}))
    with pytest.raises(ConfigError, match="of p9, whose key is not pinned by coordinator"):
        decai("federation", "audit", *files, "--home", honest.home)
    files[0].write_text(json.dumps(whole | {"body": whole["body"].replace('"tree": 1', '"tree": 0')}))
    with pytest.raises(LinkError, match="p0 sent a message that is not signed"):
        decai("federation", "audit", *files, "--home", honest.home)
    with pytest.raises(ConfigError, match="--rows 'x': expected a company and its rows"):
        decai("federation", "audit", *opened(honest, tmp_path), "--rows", "x", "--home", honest.home)


@pytest.mark.parametrize("change", ["keys", "sums", "heard", "digests", "statements"])
def test_lists_that_do_not_fit_are_told(honest: Network, tmp_path: Path, change: str) -> None:
    """A company that signs nonsense gets no further than the door."""
    from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, enveloped

    files = opened(honest, tmp_path)
    body = json.loads(json.loads(files[0].read_text())["body"])
    wrong: dict[str, Any] = {
        "keys": "00", "sums": ["00" * 24, "00" * 8, "00" * 16], "digests": body["digests"][:-1],
        "statements": [*body["statements"][:-1], "00"],
        "heard": [body["heard"][0], body["heard"][1] | {"bounds": [[0, 10**6]] * 3}],
    }  # fmt: skip
    store = Store(honest.participant("p0").store, "p0")
    text = json.dumps(body | {change: wrong[change]})
    files[0].write_bytes(enveloped(text, Heading(Kind.OPENING, "p0", NO_ROUND), Keyring(store).identity()))
    with pytest.raises(MalformedMessage, match="does not fit 3 companies and 3 trees"):
        decai("federation", "audit", *files, "--home", honest.home)
