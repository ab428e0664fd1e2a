"""`decai round ...`: running, showing and listing rounds, for a person and for a program."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from answers import as_json, decai, refusal
from support import submit_ready

from decai_forecast.commands.round import chosen_round, waits_until
from decai_forecast.network import LinkTerms, Network, Participant
from decai_forecast.round import Round, round_at

SHOPS = [f"shop_{k}" for k in range(5)]
TOGETHER = "Round 2026-06-29 of five: 5 of 5 partners trained together."


def test_a_finished_round_as_a_table(finished: Network) -> None:
    """A title, a row per company, the note, and the path of each company's report; the newest round needs no --round."""
    told = decai("round", "show", "--home", finished.home)
    assert told == decai("round", "show", "--round", "2026-06-29", "--home", finished.home)
    lines = [line.rstrip() for line in told.splitlines()]
    assert lines[1] == "Round 2026-06-29 of five: closed"
    assert [line.split()[:4] for line in lines[3:8]] == [[shop, "accepted", "100", "680"] for shop in SHOPS]
    assert lines[-7:-5] == [TOGETHER, "Reports:"]
    where = [line.split(": ") for line in lines[-5:]]
    assert [shop.strip() for shop, _ in where] == SHOPS
    assert all((Path.cwd() / path).read_text().startswith("<!doctype html>") for _, path in where)


def test_a_finished_round_for_a_program(finished: Network) -> None:
    """The same facts as JSON: of the round, and of every company."""
    told = as_json("round", "show", "--home", finished.home)
    rows = told.pop("partners")
    assert told == {
        "network": "five", "simulated": False, "round": "2026-06-29", "as_of": "2026-06-29", "status": "closed",
        "note": TOGETHER, "training": None, "failure": "", "evaluation": None, "verdict": "",
        "expires": [],
    }  # fmt: skip
    assert [row["partner"] for row in rows] == SHOPS
    first = rows[0]
    assert {name: first.pop(name) for name in ("verdict", "why", "late", "rows", "member", "checks", "sent")} == {
        "verdict": "accepted", "why": "", "late": False, "rows": 680, "member": True,
        "checks": {"demand": "accepted", "items": "accepted"}, "sent": [],
    }  # fmt: skip
    assert first["choice"] in first["wape"]
    assert first["wape"]["combined"] == first["wape"][first["choice"]]
    assert first["exposure"].startswith("supplier ")
    assert (first["privacy"], first["quality"]) == (None, 100.0)


def test_rounds_are_listed_newest_first(after: Network) -> None:
    """One that was only delivered for is open."""
    submit_ready(after, Round.of("2026-07-06"), "shop_0")
    missing = ", ".join(f"{shop} (absent)" for shop in SHOPS[1:])
    waiting = f"Round 2026-07-06 of five: 1 of 5 partners delivered; missing: {missing}."
    assert decai("round", "list", "--home", after.home) == (
        f"2026-07-06  open           {waiting}\n2026-06-29  closed         {TOGETHER}\n"
    )
    assert as_json("round", "list", "--home", after.home) == [
        {"round": "2026-07-06", "as_of": "2026-07-06", "status": "open", "note": waiting},
        {"round": "2026-06-29", "as_of": "2026-06-29", "status": "closed", "note": TOGETHER},
    ]


def test_a_round_that_is_not_there_is_refused(finished: Network, founded: Network) -> None:
    """The message says which ones there are."""
    show = ("round", "show", "--home")
    assert refusal(*show, finished.home, "--round", "2020-01-01") == "no round 2020-01-01; there are 2026-06-29"
    assert refusal(*show, founded.home) == "no round yet; there are none"
    assert decai("round", "list", "--home", founded.home) == ""
    assert as_json("round", "list", "--home", founded.home) == []


def test_running_a_finished_round_again_changes_nothing(after: Network) -> None:
    """It ends with the same answer."""
    before = {path: path.read_bytes() for path in after.home.rglob("shared.json")}
    shown = as_json("round", "show", "--home", after.home)
    assert as_json("round", "run", "--round", "2026-06-29", "--home", after.home) == shown
    assert before == {path: path.read_bytes() for path in after.home.rglob("shared.json")}


def test_below_quorum_ends_with_1(network: Network) -> None:
    """The summary says so all the same, and whose delivery is missing."""
    for shop in SHOPS[:3]:
        (network.home / f"sources/{shop}/demand.parquet").unlink()
    told = as_json("round", "run", "--round", "2026-06-29", "--home", network.home, code=1)
    missing = ", ".join(f"{shop} (failed:source_absent)" for shop in SHOPS[:3])
    assert told["status"] == "below_quorum"
    assert told["note"] == (
        f"Round 2026-06-29 of five: 2 of 5 partners delivered, 3 are needed; missing: {missing}. "
        "The last shared forecaster stays in use."
    )
    assert [row["verdict"] for row in told["partners"]] == ["failed"] * 3 + ["accepted"] * 2


@pytest.mark.parametrize(
    ("round_id", "as_of", "expected"),
    [
        ("2026-06-29", "", Round("2026-06-29", date(2026, 6, 29))),
        ("2026-06-29.2", "", Round("2026-06-29.2", date(2026, 6, 29))),
        ("2026-06-29", "2026-06-22", Round("2026-06-29", date(2026, 6, 22))),
        ("", "2026-06-22", Round("2026-06-22", date(2026, 6, 22))),
        ("", "", Round("2022-01-03", date(2022, 1, 3))),
    ],
)
def test_the_options_name_a_round(tmp_path: Path, round_id: str, as_of: str, expected: Round) -> None:
    """Its day is the cut-off unless that is given; without both it is the one that a replay is for."""
    network = Network(tmp_path, "n", "W", 13, (Participant("acme"),), replay_as_of="2022-01-03")
    assert chosen_round(network, round_id, as_of) == expected


def test_without_a_replay_it_is_tonights_round(tmp_path: Path) -> None:
    """By the network's clock."""
    network = Network(tmp_path, "n", "W", 13, (Participant("acme"),), time_zone="Pacific/Auckland")
    now = [round_at(network.zone, datetime.now(UTC)), chosen_round(network, "", ""), round_at(network.zone, datetime.now(UTC))]
    assert now[1] in (now[0], now[2])  # midnight may lie between


def test_who_is_apart_joins_the_round_that_is_closed_next(tmp_path: Path) -> None:
    """As in every house, whatever is typed late in the evening."""
    network = Network(tmp_path, "n", "W", 13, (Participant("acme"),), time_zone="Pacific/Auckland")
    now = [network.windows.round_for(datetime.now(UTC)) for _ in range(2)]
    assert chosen_round(network, "", "", apart=True) in now
    assert chosen_round(network, "2026-06-29", "", apart=True).id == "2026-06-29"


@pytest.mark.parametrize("options", [("--round", "soon"), ("--round", "2026-06-29", "--as-of", "x"), ("--as-of", "29.6.2026")])
def test_what_is_no_day_is_refused(founded: Network, options: tuple[str, ...]) -> None:
    """Before anything is run."""
    before = sorted(founded.home.rglob("*"))
    told = refusal("round", "run", "--home", founded.home, *options)
    assert told.endswith("expected YYYY-MM-DD, or YYYY-MM-DD.2 for a further round")
    assert sorted(founded.home.rglob("*")) == before


def test_a_company_shows_its_own_part(after: Network) -> None:
    """Without the coordinator's store and the others': its row, and what its report says of the round."""
    for name in ("coordinator", "shop_0", "shop_2", "shop_3", "shop_4"):
        shutil.rmtree(after.home / "stores" / name)
    told = as_json("round", "show", "--partner", "shop_1", "--home", after.home)
    assert (told["round"], told["as_of"], told["status"]) == ("2026-06-29", "2026-06-29", "trained")
    assert [(row["partner"], row["verdict"], row["member"]) for row in told["partners"]] == [("shop_1", "accepted", True)]
    assert "shop_1: " in decai("round", "show", "--partner", "shop_1", "--home", after.home)
    assert as_json("round", "list", "--partner", "shop_1", "--home", after.home) == [
        {key: told[key] for key in ("round", "as_of", "status", "note")}
    ]
    assert [path.name for path in (after.home / "stores").iterdir()] == ["shop_1"]
    assert "no participant 'shop_9'" in refusal("round", "show", "--partner", "shop_9", "--home", after.home)


def test_a_coordinator_apart_shows_what_it_was_told(after: Network) -> None:
    """Nothing of a company but its submission."""
    replace(after, link=LinkTerms("https")).save()
    for name in after.partners:
        shutil.rmtree(after.home / "stores" / name)
    told = as_json("round", "show", "--home", after.home)
    assert (told["status"], told["note"]) == ("closed", TOGETHER)
    assert {(row["verdict"], row["rows"], row["report"]) for row in told["partners"]} == {("accepted", 680, "")}
    assert [path.name for path in (after.home / "stores").iterdir()] == ["coordinator"]


def test_companies_apart_have_no_round_in_one_process(after: Network) -> None:
    """The message names the two commands."""
    replace(after, link=LinkTerms("https")).save()
    told = refusal("round", "run", "--home", after.home)
    assert "`decai round coordinate`, each company `decai round run --partner NAME`" in told


def test_a_closed_round_is_told_again(after: Network) -> None:
    """`coordinate` waits for nothing where the round is over; its exit code is the round's."""
    closing = as_json("round", "coordinate", "--round", "2026-06-29", "--home", after.home)
    assert (closing["status"], closing["note"]) == ("closed", TOGETHER)


@pytest.mark.parametrize(("minutes", "more", "expected"), [(30, 0, 30), (30, 5, 30), (0, 5, 65)])
def test_how_long_somebody_apart_waits(after: Network, minutes: float, more: float, expected: float) -> None:
    """So long as is said; else, for a round of another night, an hour and what is added to it."""
    until = waits_until(after, Round.of("2026-06-29"), minutes, timedelta(minutes=more))
    assert until - datetime.now(UTC) == pytest.approx(timedelta(minutes=expected), abs=timedelta(seconds=20))


def test_tonight_somebody_apart_waits_until_the_round_is_closed(after: Network) -> None:
    """By the network's clock."""
    now = datetime.now(UTC)
    until = waits_until(after, after.windows.round_for(now), 0, timedelta(hours=2)) - timedelta(hours=2)
    assert until == after.windows.closes_after(now)
    assert (until.astimezone(after.zone).hour, until.minute) == (3, 0)
