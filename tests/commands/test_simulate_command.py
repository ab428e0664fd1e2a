"""`decai simulate`: a sweep over all places, a form, a file of shocks, or a notification of a customer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from answers import as_json, decai, refusal
from support import own

from decai_forecast.network import Network
from decai_forecast.partner.facts import SIMULATE
from decai_forecast.steps import read_done

STRIKE = "name: strike\nshocks:\n- {kind: supplier-down, node: supplier 0, start: 0, length_days: 14}\n"


def rows(told: str) -> list[str]:
    """The names in the table's first column."""
    lines = [line.rstrip() for line in told.splitlines()]
    head = next(k for k, line in enumerate(lines) if line.startswith("place "))
    return [line.split("  ")[0] for line in lines[head + 1 : lines.index("")]]


def simulated(network: Network, *more: str | Path) -> dict[str, Any]:
    """The command's answer to a program."""
    answer = as_json("simulate", "--partner", "shop_0", "--home", network.home, *more)
    assert (answer["partner"], answer["round"]) == ("shop_0", "2026-06-29")
    return dict(answer)


def test_without_a_scenario_every_place_is_down_in_turn(finished: Network) -> None:
    """As in the night's report, which has it already: no report is written."""
    told = decai("simulate", "--partner", "shop_0", "--home", finished.home)
    assert told.splitlines()[0].rstrip() == "shop_0, forecast of 2026-06-29: every place down in turn"
    assert sorted(rows(told)) == ["supplier 0", "supplier 1"]
    answer = simulated(finished)
    night = read_done(own(finished, "shop_0"), "2026-06-29", SIMULATE)
    assert night
    assert (answer["report"], answer["simulation"]) == ("", night.json("simulation.json"))
    served = f"{answer['simulation']['fill_rate']:.1%}"
    assert told.splitlines()[-1] == f"Today {served} of demand is served from stock."


def test_a_form_is_a_scenario(after: Network) -> None:
    """Kind, place, first day and length; the report's path is the last line."""
    form = ("--kind", "supplier-down", "--node", "supplier 1", "--start", "7", "--length", "21")
    answer = simulated(after, *form)
    assert answer["simulation"]["scenario"] == "supplier 1: supplier-down for 21 days"
    told = decai("simulate", "--partner", "shop_0", "--home", after.home, *form)
    assert rows(told) == ["supplier 1"]
    assert told.splitlines()[-1] == f"report: {answer['report']}"
    assert Path(answer["report"]).is_relative_to(after.home / "stores/shop_0/what_if/2026-06-29")
    assert Path(answer["report"]).exists()


def test_a_file_of_shocks_is_a_scenario(after: Network, tmp_path: Path) -> None:
    """Under the name that it gives."""
    (path := tmp_path / "strike.yaml").write_text(STRIKE)
    answer = simulated(after, "--scenario", path)
    assert answer["simulation"]["scenario"] == "strike"
    assert "/strike-" in answer["report"]


def test_the_faults_of_a_file_have_their_places(finished: Network, tmp_path: Path) -> None:
    """All of them, before anything is simulated; one that names no place of this network, with its line."""
    simulate = ("simulate", "--partner", "shop_0", "--home", finished.home, "--scenario")
    (path := tmp_path / "strike.yaml").write_text(STRIKE.replace("supplier-down", "suplier-down").replace("length_", "long_"))
    told = [line for line in refusal(*simulate, path).splitlines() if line.startswith(str(path))]
    assert told == [
        f"{path}:3:10: kind must be one of site-down, supplier-down, capacity, lead-time, demand, order-pause, ship-pause, "
        "not 'suplier-down'; did you mean 'supplier-down'?",
        f"{path}:3:52: unknown key 'long_days'; did you mean 'length_days'?",
    ]
    path.write_text(STRIKE.replace("supplier 0", "harbour"))
    assert refusal(*simulate, path).splitlines()[0] == (
        f"{path}:3: no site or supplier 'harbour'; there are 3 places: all, supplier 0, supplier 1"
    )
    assert refusal(*simulate, tmp_path / "gone.yaml") == f"{tmp_path}/gone.yaml:1: cannot be read (FileNotFoundError)"


@pytest.fixture
def notification(tmp_path: Path) -> Path:
    """A customer's word that a supplier's site makes less."""
    content = {
        "notificationId": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "leadingRootCause": "strike",
        "effect": "capacity-reduction",
        "status": "open",
        "startDateOfEffect": "2026-07-06T06:00:00+01:00",
        "expectedEndDateOfEffect": "2026-07-20T06:00:00+01:00",
        "affectedSitesSender": ["BPNS00000000001A"],
    }
    (path := tmp_path / "strike.json").write_text(json.dumps(content))
    return path


def test_a_notification_names_sites_by_number(after: Network, notification: Path) -> None:
    """--place says which place a number is; without it the number is not known."""
    answer = simulated(after, "--scenario", notification, "--place", "BPNS00000000001A=supplier 1")
    assert answer["simulation"]["scenario"] == "strike: capacity-reduction"
    assert answer["simulation"]["exposure"]["node"] == ["supplier 1"]
    told = refusal("simulate", "--partner", "shop_0", "--home", after.home, "--scenario", notification)
    assert "BPNS00000000001A" in told


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--node", "supplier 1"), "--node and --factor belong to --kind; say what happens, such as --kind supplier-down"),
        (("--factor", "2"), "--node and --factor belong to --kind; say what happens, such as --kind supplier-down"),
        (("--kind", "demand", "--scenario", "x.yaml"), "--scenario and --kind both say what happens; give one of them"),
        (("--place", "BPNS1"), "--place 'BPNS1': expected NUMBER=NAME, such as BPNS0000000001AB=north"),
        (("--kind", "supplier-down", "--node", "nobody"),
         "no site or supplier 'nobody'; there are 3 places: all, supplier 0, supplier 1"),
        (("--round", "2020-01-01"),
         "shop_0 has no forecast of round 2020-01-01 to simulate; a round makes one: `decai round run`"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_told(finished: Network, options: tuple[str, ...], message: str) -> None:
    """Which option, what was expected, and what there is."""
    assert refusal("simulate", "--partner", "shop_0", "--home", finished.home, *options) == message


RISKS = """\
name: a year
events:
- {name: strike, kind: supplier-down, node: supplier 0, per_year: 0.5, days: [14, 28]}
mitigations:
- {name: express, does: expedite, node: supplier 0, days: 28, cost_per_year: 1}
"""


def test_a_year_of_risks_is_told_and_kept(after: Network, tmp_path: Path) -> None:
    """What it costs, what would pay, and which outages break service; the same figures for a program and in the file."""
    path = tmp_path / "risks.yaml"
    path.write_text(RISKS)
    answer = as_json("simulate", "--partner", "shop_0", "--home", after.home, "--risks", path)
    kept = own(after, "shop_0").read_json(answer.pop("file"))
    assert kept == answer
    now, express = answer["year"]["now"], answer["year"]["mitigations"][0]
    assert now["expected"] >= express["expected"] == 0
    assert {row["place"] for row in answer["smallest"]} >= {"supplier 0", "supplier 1"}
    told = decai("simulate", "--partner", "shop_0", "--home", after.home, "--risks", path)
    assert "as things stand" in told
    assert "Shortest outage after which less than 90% is served in some period" in told
    assert "leave --scenario and --kind out" in refusal(
        "simulate", "--partner", "shop_0", "--home", after.home, "--risks", path, "--kind", "demand"
    )


def test_before_the_first_forecast(founded: Network) -> None:
    """There is nothing to simulate."""
    told = "shop_0 has no forecast to simulate; a round makes one: `decai round run`"
    assert refusal("simulate", "--partner", "shop_0", "--home", founded.home) == told


def test_a_notification_tells_of_own_sites_only(after: Network, tmp_path: Path) -> None:
    """First and last day and the site's number, for others; refused before anything is simulated where nothing can be told."""
    site = str(simulated(after)["simulation"]["series"]["location_id"][0])
    down = ("--kind", "site-down", "--node", site, "--length", "14", "--place", f"BPNS00000000001A={site}")
    done = simulated(after, *down, "--notify", tmp_path / "down.json", "--cause", "strike")
    told = json.loads((tmp_path / "down.json").read_text())
    assert (told["effect"], told["affectedSitesSender"]) == ("capacity-reduction", ["BPNS00000000001A"])
    assert told["startDateOfEffect"][:10] == done["simulation"]["case"]["shocks"][0]["start"]
    assert told["leadingRootCause"] == "strike"
    simulate = ("simulate", "--partner", "shop_0", "--home", after.home, "--notify", tmp_path / "none.json")
    assert "--notify tells what happens in a scenario" in refusal(*simulate)
    assert "--cause 'strik': expected one of strike, natural-disaster" in refusal(*simulate, *down, "--cause", "strik")
    assert not (tmp_path / "none.json").exists()
