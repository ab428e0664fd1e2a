"""A night whose shared forecaster is trained exactly: how far it is, is there for people to see."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console
from support import NIGHT, copy_of

from decai_forecast import federation
from decai_forecast.federation import Plan
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.rounds.close import close
from decai_forecast.rounds.federate import federate
from decai_forecast.rounds.summary import summarise
from decai_forecast.rounds.table import print_summary


@pytest.fixture
def night(finished: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A finished night whose training has not been yet; the training is a short one."""
    network = copy_of(finished, tmp_path)
    network.public().remove(f"rounds/{NIGHT.id}/shared.json")
    network.public().remove("archive.json")
    network.store(COORDINATOR).remove(f"rounds/{NIGHT.id}/federate")
    monkeypatch.setattr(federation, "Plan", partial(Plan, exact_trees=2, quantiles=(0.5,)))
    return replace(network, strategy="exact")


def test_a_training_tells_how_far_it_is(night: Network) -> None:
    """In lines, in the round's public file and in its summary: tree, trees, loss, bytes, and which model of how many."""
    said: list[str] = []
    done = federate(night, NIGHT, said.append)
    assert done.facts["members"] == list(night.partners)
    last = night.calendar.cutoffs(NIGHT.as_of).ship
    told = f"model 5 of 5 (before {last}, quantile 0.5): tree 2 of 2, loss "
    assert [line for line in said if line.startswith(told) and line.endswith("received by each company")]
    far = json.loads(night.public().read_bytes(f"rounds/{NIGHT.id}/progress.json"))
    assert (far["tree"], far["trees"], far["model"], far["models"]) == (2, 2, 5, 5)
    assert 0 < far["loss"] < 1
    assert far["sent"] > 10_000
    summary = summarise(night, NIGHT)
    assert summary["training"] == far | {"finished": True}
    console = Console(width=200, record=True)
    print_summary(summary, console)
    assert f"Trained together; last: {told}" in console.export_text()


def test_exact_is_what_a_network_does_unless_it_says_otherwise(tmp_path: Path) -> None:
    """Bagging must be asked for."""
    assert Network(tmp_path, "n", "W", 13, ()).strategy == "exact"


def test_a_round_whose_training_failed_says_so(night: Network) -> None:
    """It is closed, and forecasts with what is there; its note does not claim a training."""
    night.public().remove(f"rounds/{NIGHT.id}/closed.json")
    night.store(COORDINATOR).remove(f"rounds/{NIGHT.id}/closed.json")
    said = close(night, NIGHT).note
    assert (
        said == f"Round {NIGHT.id} of five: 5 of 5 partners could not train together, the last shared forecaster stays in use."
    )
