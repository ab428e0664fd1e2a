"""`decai contract history`: every data set of every round, as its company's own store has it."""

from __future__ import annotations

from pathlib import Path

import pytest
from answers import as_json, decai, refusal
from support import own

from decai_forecast.link import State, Submission
from decai_forecast.network import Network, Participant
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.quality import mark_late
from decai_forecast.round import Round


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """A network of two companies without a night."""
    network = Network(tmp_path, "duo", "W", 13, (Participant("acme"), Participant("bolt")))
    network.save()
    return network


def test_a_finished_night(finished: Network) -> None:
    """Rows, quarantined rows and verdict of each data set, and the score."""
    history = ("contract", "history", "--partner", "shop_0", "--home", finished.home)
    assert decai(*history) == (
        "2026-06-29     demand       accepted                680 rows        0 quarantined\n"
        "2026-06-29     items        accepted                  4 rows        0 quarantined\n"
        "quality score: 100.0 of 100\n"
    )
    usual = {"round": "2026-06-29", "verdict": "accepted", "quarantined": 0, "late": False, "code": ""}
    assert as_json(*history) == {
        "partner": "shop_0", "score": 100.0,
        "deliveries": [usual | {"data_set": "demand", "rows": 680}, usual | {"data_set": "items", "rows": 4}],
    }  # fmt: skip


def test_a_night_that_ended_before_the_check(network: Network) -> None:
    """It is one of the demand data set: absent, with the code of why; a fault of ours counts for nothing."""
    store = own(network, "acme")
    for day, code in (("2026-06-15", "source_absent"), ("2026-06-22", "internal")):
        round = Round.of(day)
        keep_submission(store, Submission("acme", round.id, round.as_of, State.FAILED, code=code))
    mark_late(store, "2026-06-15")
    assert decai("contract", "history", "--partner", "acme", "--home", network.home) == (
        "2026-06-22     demand       not checked               0 rows        0 quarantined internal\n"
        "2026-06-15     demand       absent            source_absent late\n"
        "quality score: 0.0 of 100\n"
    )


def test_before_the_first_delivery(network: Network) -> None:
    """There is no score."""
    history = ("contract", "history", "--partner", "bolt", "--home", network.home)
    assert decai(*history) == "no delivery yet\n"
    assert as_json(*history) == {"partner": "bolt", "score": None, "deliveries": []}


def test_a_company_that_is_not_there(network: Network) -> None:
    """The message says who is."""
    told = refusal("contract", "history", "--partner", "corex", "--home", network.home)
    assert told == f"{network.home}/network.yaml: no participant 'corex'; there are acme, bolt"
