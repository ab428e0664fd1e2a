"""What-ifs on the forecast of a night: from a form, a file or a notification, for the partner alone."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import NIGHT
from typer.testing import CliRunner

from decai_forecast.cli import app
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.network import Network
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.what_if import form_scenario, last_forecast, what_if, what_if_key, what_ifs

RUSH = {"kind": "demand", "node": "", "start": 0, "length": 28, "factor": 2.0}


def simulate(network: Network, *more: str) -> dict:
    """What `decai simulate --json` says."""
    result = CliRunner().invoke(app, ["simulate", "--partner", "shop_1", "--home", str(network.home), "--json", *more])
    assert result.exception is None, result.exception
    return json.loads(result.stdout)


def test_a_rush_is_told_in_a_report_of_its_own(after: Network) -> None:
    """Twice the demand is served worse than today; page and JSON lie beside the nightly report, which stays as it is."""
    company = partner_context(after, "shop_1")
    nightly = company.store.read_bytes(f"outbox/{NIGHT.id}/report.json")
    found = what_if(company, last_forecast(company), lambda _network: form_scenario(RUSH))
    row = found.simulation.exposure.iloc[0]
    assert row["network_fill_rate"] < found.simulation.fill_rate
    report = company.store.read_json(what_if_key(NIGHT.id, found.name, "report.json"))
    assert report["exposure"]["nodes"][0]["node"] == found.simulation.scenario == "all sites: demand x 2 for 28 days"
    assert "demand x 2" in Path(found.path).read_text()
    assert company.store.read_bytes(f"outbox/{NIGHT.id}/report.json") == nightly
    assert what_ifs(company.store) == [{"round": NIGHT.id, "name": found.name}]


def test_the_same_scenario_gives_the_same_bytes(after: Network) -> None:
    """Asked twice, a what-if has one name and one content; another scenario has another name."""
    company = partner_context(after, "shop_1")
    night = last_forecast(company)
    first, second = (what_if(company, night, lambda _network: form_scenario(RUSH)) for _ in range(2))
    other = what_if(company, night, lambda _network: form_scenario(RUSH | {"length": 7}))
    assert first.name == second.name != other.name
    assert first.simulation.to_json() == second.simulation.to_json()
    assert [one["name"] for one in what_ifs(company.store)] == [other.name, first.name]


def test_a_what_if_has_one_name_wherever_its_file_lies(finished: Network, tmp_path: Path) -> None:
    """The same scenario, read from two folders, replaces its report."""
    reports = []
    for folder in (tmp_path / "a", tmp_path / "b"):
        folder.mkdir()
        (folder / "rush.yaml").write_text("name: rush\nshocks:\n  - {kind: demand, factor: 2.0, length_days: 28}\n")
        reports.append(simulate(finished, "--scenario", str(folder / "rush.yaml"))["report"])
    assert reports[0] == reports[1]


def test_a_file_and_a_form_say_the_same(finished: Network, tmp_path: Path) -> None:
    """The command with a YAML file finds what it finds with options; without either, every place is down in turn."""
    text = "name: rush\nshocks:\n  - {kind: demand, factor: 2.0, length_days: 28}\n"
    (tmp_path / "rush.yaml").write_text(text)
    from_file = simulate(finished, "--scenario", str(tmp_path / "rush.yaml"))["simulation"]
    from_form = simulate(finished, "--kind", "demand", "--factor", "2", "--length", "28")["simulation"]
    assert from_file["exposure"]["lost_units"] == from_form["exposure"]["lost_units"]
    sweep = simulate(finished)
    assert sweep["report"] == ""
    assert "supplier_1" in sweep["simulation"]["exposure"]["node"] or len(sweep["simulation"]["exposure"]["node"]) > 1


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--node", "x"], "belong to --kind"),
        (["--kind", "demand", "--factor", "2", "--scenario", "s.yaml"], "give one of them"),
        (
            ["--kind", "flood", "--node", "x"],
            "kind must be one of site-down, supplier-down, capacity, lead-time, demand, order-pause, ship-pause, not 'flood'",
        ),
        (["--kind", "supplier-down", "--node", "nobody"], "no site or supplier 'nobody'"),
        (["--kind", "demand"], "factor is nothing; a shock of kind demand needs a number from 0 to 100"),
        (["--round", "1999-01-01"], "no forecast of round 1999-01-01"),
        (["--place", "BPNS1"], "expected NUMBER=NAME"),
    ],
)
def test_what_cannot_be_simulated_is_said(finished: Network, more: list[str], said: str) -> None:
    """An unknown kind, place or round, and contradictions, are one plain sentence."""
    command = ["simulate", "--partner", "shop_1", "--home", str(finished.home), *more]
    result = CliRunner().invoke(app, command)
    assert isinstance(result.exception, ConfigError | NotEnoughData)
    assert said in str(result.exception)
