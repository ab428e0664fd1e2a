"""`decai forecast override`: what each command answers, whole, and what it refuses with advice."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from answers import as_json, decai, refusal
from combined import combined
from support import own

from decai_forecast.demand.overrides import read_overrides
from decai_forecast.network import Network, Participant

MONDAY = date(2026, 6, 29)
ADD = ("forecast", "override", "add", "--partner", "acme", "--reason", "fair", "--who", "ada")
FIRST = ("--first", "2026-06-29")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A forecast of two weeks: ten units of i0 at two sites, of i1 at one."""
    network = Network(tmp_path, "n", "W", 2, (Participant("acme"), Participant("bolt")))
    network.save()
    series = [("north", "i0"), ("south", "i0"), ("north", "i1")]
    rows = [
        (where, item, pd.Timestamp(day), h, 10.0, 5.0, 10.0, 15.0)
        for where, item in series
        for h, day in ((1, "2026-06-29"), (2, "2026-07-06"))
    ]
    forecast = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "h", "mean", "q10", "q50", "q90"])
    combined(own(network, "acme"), MONDAY, forecast.assign(lot=0.0))
    return tmp_path


def added(home: Path, *options: str) -> tuple[str, list[str]]:
    """The id of the override that was made, and the lines without it."""
    lines = decai(*ADD, *options, "--home", home).splitlines()
    head = re.fullmatch(r"override ([0-9a-f]{16}): (.*)", lines[0])
    assert head
    return head[1], [head[2], *lines[1:]]


@pytest.mark.parametrize(
    ("options", "lines"),
    [
        (
            ("--item", "i1", *FIRST, "--quantity", "25"),
            [
                "item i1 at north, 2026-06-29: 25 units a period",
                "1 period of the newest forecast: 10 units by the model, 25 with it. It ships from the next night on.",
            ],
        ),
        (
            ("--item", "i0", "--location", "south", "--first", "2026-07-01", "--last", "2026-07-12", "--factor", "1.5"),
            [
                "item i0 at south, 2026-06-29 to 2026-07-12: the model times 1.5",
                "2 periods of the newest forecast: 20 units by the model, 30 with it. It ships from the next night on.",
            ],
        ),
        (
            ("--item", "i1", "--first", "2027-01-04", "--quantity", "0"),
            [
                "item i1 at north, 2027-01-04: 0 units a period",
                "the newest forecast has none of these periods: it waits for a night that forecasts them",
            ],
        ),
    ],
)
def test_an_override_says_what_it_does(home: Path, options: tuple[str, ...], lines: list[str]) -> None:
    """Where, when and how much; from the period that holds the first day on; and what that changes in the newest forecast."""
    assert added(home, *options)[1] == lines


def test_a_program_gets_the_override_as_json(home: Path) -> None:
    """With its id, the round whose forecast it was held against, and the periods of it."""
    told: dict[str, Any] = as_json(*ADD, "--item", "i1", *FIRST, "--factor", "2", "--home", home)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+00:00", told.pop("when"))
    (kept,) = read_overrides(own(Network.load(home), "acme"))
    assert told == {
        "location_id": "north", "item_id": "i1", "first": "2026-06-29", "last": "2026-06-29", "reason": "fair", "who": "ada",
        "value": None, "factor": 2.0, "id": kept.id, "forecast_of": "2026-06-29", "periods": ["2026-06-29"],
    }  # fmt: skip


WHOSE = "override of item 'i1' at 'north' from 2026-06-29"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--item", "i0", *FIRST, "--factor", "2"), "item 'i0' is sold at 2 sites (north, south); say which with --location"),
        (("--item", "i1", "--first", "1.7.2026", "--factor", "2"), "--first '1.7.2026' is not a day; write it as 2026-12-24"),
        (("--item", "i1", *FIRST, "--last", "soon", "--factor", "2"), "--last 'soon' is not a day; write it as 2026-12-24"),
        (("--item", "i1", *FIRST), f"{WHOSE}: give either a value (units a period) or a factor, and not both"),
        (("--item", "i1", *FIRST, "--factor", "2", "--quantity", "3"),
         f"{WHOSE}: give either a value (units a period) or a factor, and not both"),
        (("--item", "i1", *FIRST, "--quantity", "-3"),
         f"{WHOSE}: the value is -3.0; demand cannot be negative, give 0 or more"),
        (("--item", "i1", *FIRST, "--last", "2026-06-01", "--factor", "2"),
         f"{WHOSE}: it ends on 2026-06-01, before it begins; give a last day on or after 2026-06-29"),
        (("--item", "i9", *FIRST, "--factor", "2"),
         "override: there is no forecast of item 'i9' at 'north'; it is one of i0, i1"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused(home: Path, options: tuple[str, ...], message: str) -> None:
    """With what to give; nothing is kept."""
    assert refusal(*ADD, *options, "--home", home).startswith(message)
    assert read_overrides(own(Network.load(home), "acme")) == []


def test_without_a_forecast_nothing_can_be_overridden(home: Path) -> None:
    """The message says what makes one."""
    add = ("forecast", "override", "add", "--partner", "bolt", "--reason", "fair", "--item", "i0", *FIRST, "--factor", "2")
    assert refusal(*add, "--home", home) == (
        "bolt has no forecast yet that could be overridden; run a round first (`decai round run`)"
    )


def test_overrides_are_listed_newest_first(home: Path) -> None:
    """Each with its state, what it says, why, who, and what it was worth; without any, how to make one."""
    listing = ("forecast", "override", "list", "--partner", "acme", "--home", home)
    hint = "no override of acme's forecast yet; `decai forecast override add --help` shows how to make one\n"
    assert decai(*listing) == hint
    assert as_json(*listing) == []
    over, _ = added(home, "--item", "i1", "--first", "2026-06-01", "--factor", "2")
    back, _ = added(home, "--item", "i1", *FIRST, "--quantity", "25")
    withdraw = ("forecast", "override", "withdraw", back, "--partner", "acme", "--reason", "rain", "--who", "bea")
    assert decai(*withdraw, "--home", home) == f"override {back} is withdrawn from the next night on\n"
    day = {one.id: one.when[:10] for one in read_overrides(own(Network.load(home), "acme"))}
    blocks = {
        f"{over}  over       item i1 at north, 2026-06-01: the model times 2\n  fair (ada, {day[over]}); not judged yet\n",
        f"{back}  withdrawn  item i1 at north, 2026-06-29: 25 units a period\n"
        f"  fair (ada, {day[back]}); not judged yet; withdrawn by bea: rain\n",
    }
    told = decai(*listing).splitlines(keepends=True)
    assert {"".join(told[k : k + 2]) for k in (0, 2)} == blocks
    assert {row["id"]: row["state"] for row in as_json(*listing)} == {over: "over", back: "withdrawn"}
    still, _ = added(home, "--item", "i1", *FIRST, "--factor", "2")  # its last period is the first of the newest forecast
    assert {row["id"]: row["state"] for row in as_json(*listing)}[still] == "in force"


def test_an_override_is_withdrawn_once(home: Path) -> None:
    """A second time changes nothing and says so; one that is not there is told with those that are."""
    name, _ = added(home, "--item", "i1", *FIRST, "--factor", "2")
    options = ("--partner", "acme", "--reason", "rain", "--who", "bea", "--home", home)
    assert as_json("forecast", "override", "withdraw", name, *options) == {"override": name, "withdrawn": True, "new": True}
    assert decai("forecast", "override", "withdraw", name, *options) == f"override {name} was withdrawn before\n"
    told = refusal("forecast", "override", "withdraw", "abc", *options)
    assert told == f"there is no override 'abc'; it is one of {name}"
