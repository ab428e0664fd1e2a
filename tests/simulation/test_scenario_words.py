"""Scenarios in words: whatever was simulated can be read back from the sentence above its figures."""

from __future__ import annotations

import re
from calendar import month_abbr
from dataclasses import replace
from datetime import date, timedelta
from functools import cache

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from supply_networks import DAYS, WEEKS, built, demand_of, items_of, lanes_of

from decai_forecast.periods import Calendar
from decai_forecast.shock_kinds import KINDS, ShockKind
from decai_forecast.simulation.ahead import periods_beyond
from decai_forecast.simulation.network import SupplyNetwork
from decai_forecast.simulation.shocks import Scenario, Shock, ToldScenario, compile_scenario, told

SPACE = "\u202f"
START = date(2026, 1, 5)
PLACES = {"supplier": ("V & Sons, Ltd", "W"), "site": ("dc 1", "the shop", "s2")}
WHAT = {
    ShockKind.SITE_DOWN: r"(?P<node>.+) orders, ships and sells nothing",
    ShockKind.SHIP_PAUSE: r"(?P<node>.+) ships and sells nothing, but goes on ordering",
    ShockKind.ORDER_PAUSE: r"(?P<node>.+) places no orders",
    ShockKind.CAPACITY: r"(?P<node>.+?) ships(?: and sells)? at most (?P<share>[\d.e-]+) % of what is normal",
    ShockKind.LEAD_TIME: r"what (?P<node>.+) ships takes (?P<times>[\d.]+) times as long, (?P<late>.+) more",
    ShockKind.DEMAND: r"customers of (?P<node>.+) buy (?P<times>[\d.e-]+) times as much",
    ShockKind.SUPPLIER_DOWN: r"(?P<node>.+) ships nothing",
}
REST = (
    r"(?: \(only of (?P<items>.+?)\))?,"
    r" (?:for (?P<days>\d+) days? from (?P<start>\d+ \w+ \d+)(?:, of which \d+ had passed when the forecast begins)?"
    r"|from (?P<open>\d+ \w+ \d+) to the end of the forecast on (?P<end>\d+ \w+ \d+))"
    r"(?:; the (?P<whole>\d+ )?(?:week|day)s? from (?P<hit>\d+ \w+ \d+) counts? whole)?"
)


@cache
def network(calendar: Calendar) -> SupplyNetwork:
    """One supplier over a centre to two shops, one directly; items a, b and c."""
    demand = {("the shop", "a"): 1.0, ("s2", "a"): 1.0, ("the shop", "b"): 1.0, ("the shop", "c"): 1.0}
    lanes = lanes_of(("V & Sons, Ltd", "dc 1", 4, "*"), ("dc 1", "the shop", 1, "*"), ("dc 1", "s2", 3, "*"),
                     ("W", "the shop", 2, "c"),
                     columns=("from_id", "to_id", "lead_time_days", "item_id"))  # fmt: skip
    vendors = {"a": "V & Sons, Ltd", "b": "V & Sons, Ltd", "c": "W"}
    return built(demand_of(demand, calendar), calendar, lanes=lanes, items=items_of(vendors))


@st.composite
def shocks(draw: st.DrawFn) -> Shock:
    kind = draw(st.sampled_from(list(ShockKind)))
    names = [name for place in KINDS[kind].on for name in PLACES[place] if kind != ShockKind.DEMAND or name != "dc 1"]
    node = draw(st.sampled_from([*names, *([""] if kind == ShockKind.DEMAND else [])]))
    low, high = KINDS[kind].factor or (1.0, 1.0)
    factor = round(draw(st.floats(low, min(high, 9.0))), draw(st.integers(0, 4)))
    start = draw(st.one_of(st.integers(0, 9), st.dates(START, START + timedelta(days=9))))
    return Shock(
        kind,
        node,
        start,
        draw(st.one_of(st.none(), st.integers(1, 70))),
        max(factor, low),
        draw(st.sampled_from([(), ("a",), ("a", "b")])),
    )


def read(text: str) -> dict[str, str]:
    """What a sentence says: its kind, and what its groups caught."""
    plain = text.replace(SPACE, " ")
    for kind, what in WHAT.items():
        if found := re.fullmatch(f"{what}{REST}", plain):
            return {"kind": str(kind)} | {name: value for name, value in found.groupdict().items() if value is not None}
    raise AssertionError(f"cannot be read: {text}")


def day(text: str) -> date:
    number, month, year = text.split()
    return date(int(year), list(month_abbr).index(month), int(number))


def same_effect(kind: str, shock: Shock) -> bool:
    """A supplier that pauses shipping ships nothing, as one that is down."""
    return kind == shock.kind or (kind == ShockKind.SUPPLIER_DOWN and shock.kind == ShockKind.SHIP_PAUSE)


@given(asked=st.lists(shocks(), min_size=1, max_size=3), calendar=st.sampled_from([DAYS, WEEKS]))
def test_what_was_asked_is_read_back(asked: list[Shock], calendar: Calendar) -> None:
    """Kind, place, factor, items, first day and length of every shock, whatever it is beside."""
    for shock, found in zip(asked, told(Scenario("any", tuple(asked)), network(calendar)).shocks, strict=True):
        said = read(found.text)
        start = START + timedelta(days=shock.start) if isinstance(shock.start, int) else shock.start
        assert same_effect(said["kind"], shock)
        assert said["node"] == (shock.node or "all sites")
        assert said.get("items", "") == ", ".join(shock.items)
        if KINDS[shock.kind].factor:
            factor = float(said["times"]) if "times" in said else float(said["share"]) / 100
            assert factor == pytest.approx(shock.factor, rel=1e-9)
        assert day(said.get("start") or said["open"]) == start
        if shock.length is not None:
            assert int(said["days"]) == shock.length
        else:
            assert day(said["end"]) == START + timedelta(days=calendar.days * calendar.horizon - 1)


@given(shock=shocks(), calendar=st.sampled_from([DAYS, WEEKS]))
def test_what_was_done_is_what_is_said(shock: Shock, calendar: Calendar) -> None:
    """The periods that the engine is handed as hit are those of the sentence, and a delay is that of the arrays."""
    scenario, bare = Scenario("any", (shock,)), network(calendar)
    whole = replace(bare, beyond=periods_beyond(bare, (scenario,)))
    found = told(scenario, whole).shocks[0]
    said = read(found.text)
    hits = compile_scenario(scenario, whole)
    touched = np.zeros(whole.periods, dtype=bool)
    for hit in hits:
        d = hit.disturbance
        touched |= (~d.ordering | np.isfinite(d.shipping) | (d.lead > 0) | (d.demand != 1)).any(axis=1)
    if touched.any():  # a factor of 1, or items that do not go there, change nothing
        first, last = np.flatnonzero(touched)[[0, -1]]
        start = day(said.get("hit") or said.get("start") or said["open"])
        assert START + timedelta(days=int(first) * calendar.days) == start
        until = day(said["end"]) if "end" in said else start + timedelta(days=_days(said, calendar) - 1)
        assert START + timedelta(days=int(last + 1) * calendar.days - 1) == until
    late = {int(hit.disturbance.lead.max()) for hit in hits}
    if shock.kind == ShockKind.LEAD_TIME and late:
        assert {int(word) for word in re.findall(r"\d+", said["late"])} == {min(late), max(late)}


def _days(said: dict[str, str], calendar: Calendar) -> int:
    """How long the sentence says that it lasts, in whole periods where it says so."""
    return int(said.get("whole", "1")) * calendar.days if "hit" in said else int(said["days"])


def test_a_shock_that_began_before_the_forecast_says_so() -> None:
    """And what is left of it is what is simulated."""
    found = told(Scenario("strike", (Shock("supplier-down", "W", date(2026, 1, 2), 5),)), network(DAYS)).shocks[0]
    assert found.text == "W ships nothing, for 5 days from 2 Jan 2026, of which 3 had passed when the forecast begins"
    assert found.hit == (0, 2)


def test_words_survive_json() -> None:
    """With probability and notes."""
    scenario = Scenario("strike", (Shock("demand", "", 0, 3, 2.0, ("a",)),), 0.05, ("somebody guessed",))
    found = told(scenario, network(WEEKS))
    assert ToldScenario.from_json(found.to_json()) == found
    assert (found.probability, found.notes, found.name) == (0.05, ("somebody guessed",), "strike")
