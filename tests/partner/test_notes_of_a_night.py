"""Small words of a company's night: how many alarms, what a typed scenario is called, which what-ifs there are."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Network, Participant
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import WATCH, WatchFacts
from decai_forecast.partner.watch import note_of_alarms
from decai_forecast.partner.what_if import form_scenario, last_forecast, what_ifs
from decai_forecast.shock_kinds import ShockKind
from decai_forecast.steps import run_step
from decai_forecast.store import Store

FORM = {"kind": "supplier-down", "node": "north", "start": 3, "length": 21, "factor": None}


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "acme")


@pytest.mark.parametrize(
    ("alarms", "note"),
    [
        ({}, ""),
        ({"drift": 1}, "1 alarm since 2026-06-01 (1 drift); the report says which and what to do."),
        (
            {"outlier": 3, "level_shift": 1, "bias": 2},
            "6 alarms since 2026-06-01 (2 bias, 1 level shift, 3 outlier); the report says which and what to do.",
        ),
    ],
)
def test_alarms_are_counted_in_one_sentence(store: Store, alarms: Mapping[str, int], note: str) -> None:
    """By kind; without any there is nothing to say, nor before the company looked."""
    assert note_of_alarms(store, "2026-06-29") == ""
    run_step(store, "2026-06-29", WATCH, [], lambda writer: WatchFacts(date(2026, 6, 1), 1, alarms))
    assert note_of_alarms(store, "2026-06-29") == note


@pytest.mark.parametrize(
    ("change", "name"),
    [
        ({}, "north: supplier-down for 21 days"),
        ({"kind": "demand", "node": "", "factor": 1.4}, "all sites: demand x 1.4 for 21 days"),
        ({"kind": "capacity", "factor": 0.0}, "north: capacity x 0 for 21 days"),
    ],
)
def test_a_form_names_its_scenario(change: Mapping[str, Any], name: str) -> None:
    """By place, kind, factor and length; fields that are empty are left out."""
    fields = FORM | change
    scenario = form_scenario(fields)
    (shock,) = scenario.shocks
    assert scenario.name == name
    assert (shock.kind, shock.node, shock.start, shock.length) == (ShockKind(fields["kind"]), fields["node"], 3, 21)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"kind": "flood"}, "kind must be one of site-down, supplier-down"),
        ({"node": ""}, "node"),
        ({"length": 0}, "length_days"),
    ],
)
def test_a_wrong_field_is_named(change: Mapping[str, Any], said: str) -> None:
    """With what is allowed."""
    with pytest.raises(ConfigError, match=said):
        form_scenario(FORM | change)


def test_what_ifs_are_those_of_the_last_rounds_forecast(store: Store) -> None:
    """The last one first, the others of the same round after it."""
    assert what_ifs(store) == []
    for round_id, name in (("2026-06-22", "old"), ("2026-06-29", "rush"), ("2026-06-29", "strike")):
        store.write_json(f"what_if/{round_id}/{name}/report.json", {})
    store.write_json("what_if/last.json", {"round": "2026-06-29", "name": "strike"})
    assert what_ifs(store) == [{"round": "2026-06-29", "name": "strike"}, {"round": "2026-06-29", "name": "rush"}]


@pytest.mark.parametrize(("round_id", "which"), [("", ""), ("2026-06-29", "of round 2026-06-29 ")])
def test_without_a_forecast_nothing_can_be_asked(tmp_path: Path, round_id: str, which: str) -> None:
    """The message names the round, and what makes one."""
    company = partner_context(Network(tmp_path, "n", "W", 13, (Participant("acme"),)), "acme")
    with pytest.raises(NotEnoughData) as error:
        last_forecast(company, round_id)
    assert str(error.value) == f"acme has no forecast {which}to simulate; a round makes one: `decai round run`"
