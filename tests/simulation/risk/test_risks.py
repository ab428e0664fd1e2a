"""A year of risks on a small network: what mitigations buy, what breaks service, and which files are refused."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from simulation.worlds import items_of, normal_forecast

from decai_forecast.errors import ConfigError
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.shock_kinds import ShockKind
from decai_forecast.simulation.demand import INDEPENDENT
from decai_forecast.simulation.risk import Event, Mitigation, Risks, assessed, read_risks, smallest, stock_against
from decai_forecast.simulation.risk.events import Does
from decai_forecast.simulation.risk.limits import LONGEST, outage
from decai_forecast.simulation.setting import Setting, setting

WEEKS = Calendar("W", 13)
STRIKE = Event("strike", ShockKind.SUPPLIER_DOWN, "A", 0.5, (14, 56))
STOCK = Mitigation("stock", Does.STOCK, "main", days=42)
SECOND = Mitigation("second", Does.SECOND_SOURCE, "A", share=0.6, cost_per_year=100.0)
SOONER = Mitigation("sooner", Does.EXPEDITE, "A", days=56, cost_per_year=5.0)
RISKS = Risks("a year", (STRIKE,), (STOCK, SECOND, SOONER))


def world(**items: object) -> Setting:
    """Two items of 50 a week, one of each supplier."""
    forecast = normal_forecast({"a": (50.0, 8.0), "b": (50.0, 8.0)})
    given = items_of({"a": "A", "b": "B"}).assign(**{"unit_cost": 10.0} | items)
    prices = pd.DataFrame({"item_id": ["a", "b"], "price": 15.0})
    return setting(
        forecast, {"items": given, "prices": prices}, Assumptions(currency="EUR"), WEEKS, seed=7, replications=60,
        dependence=INDEPENDENT, scenarios=lambda net: [outage(place, LONGEST) for place in net.places],
    )  # fmt: skip


def test_each_mitigation_lowers_what_a_year_costs() -> None:
    """And an outage that is over at once costs nothing any more."""
    found = assessed(world(), RISKS)
    assert found.in_money
    assert found.now.year.expected > 0
    assert found.now.cost == 0
    by = {one.names[0]: one for one in found.single}
    assert all(one.year.expected < found.now.year.expected for one in found.single)
    assert by["sooner"].year.expected == 0
    assert by["stock"].cost > 0  # more to hold
    assert by["second"].cost == 100.0
    assert found.events == (("strike", pytest.approx(found.now.year.expected)),)


def test_the_best_package_has_the_least_total_within_the_budget() -> None:
    """All eight are tried; without money nothing is bought, and what costs more than it brings is not."""
    whole = assessed(world(), RISKS)
    assert whole.tried == 8
    assert whole.best.names == ("sooner",)
    none = assessed(world(), replace(RISKS, budget=4.0))
    assert none.best.names == ()
    dear = replace(SOONER, cost_per_year=1e9)
    assert "sooner" not in assessed(world(), replace(RISKS, mitigations=(dear,))).best.names


def test_many_mitigations_are_added_one_by_one() -> None:
    """No more than pays."""
    dear = tuple(replace(SECOND, name=f"dear {k}", cost_per_year=1e9) for k in range(5))
    found = assessed(world(), replace(RISKS, mitigations=(SOONER, *dear)))
    assert found.best.names == ("sooner",)
    assert found.tried < 2**6


def test_without_margins_losses_are_units() -> None:
    """Which costs cannot be weighed against."""
    found = assessed(world(unit_cost=np.nan), RISKS)
    assert not found.in_money
    assert found.best.year.expected == min(one.year.expected for one in (found.now, *found.single))


def test_the_smallest_outage_is_the_first_that_breaks_service() -> None:
    """One period shorter does not."""
    now = world()
    found = {row.place: row for row in smallest(now, 0.5)}
    assert found["A"].days == found["B"].days > 0
    assert found["A"].service < 0.5
    with_more = {row.place: row.days for row in smallest(now, 0.05)}
    assert with_more["A"] >= found["A"].days


def test_stock_keeps_service_through_an_outage() -> None:
    """About as many days of demand as the outage is longer than what is there; less does not."""
    now = world()
    found = stock_against(now, "A", 0.9)
    assert found.service >= 0.9
    assert 0 < found.days < found.outage_days + 14
    assert found.units > 0
    assert found.cost_per_year > 0
    assert stock_against(now, "A", 0.5).days < found.days


FILE = """\
name: a year
budget: 100
events:
- {name: strike, kind: supplier-down, node: A, per_year: 0.5, days: [14, 56]}
- {name: rush, kind: demand, node: main, per_year: 1, days: [7], factor: 2}
mitigations:
- {name: stock, does: stock, node: main, days: 14}
"""


def test_a_file_is_read(tmp_path: Path) -> None:
    """With lengths from the shortest to the longest."""
    path = tmp_path / "risks.yaml"
    path.write_text(FILE)
    found = read_risks(path)
    assert [event.lengths() for event in found.events] == [(14, 35, 56), (7,)]
    assert (found.budget, found.service_limit) == (100, 0.9)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("[14, 56]", "[56, 14]", "expected the shortest and the longest"),
        (", factor: 2", "", "needs a factor from 0 to 100"),
        ("days: [14, 56]", "days: [14, 56], factor: 2", "has no factor"),
        ("does: stock", "does: second-source", "second-source needs share"),
        (", days: 14}", "}", "stock needs days"),
        ("name: rush", "name: strike", "the name 'strike' is there twice"),
        ("per_year: 1,", "per_year: 0,", "per_year"),
    ],
)
def test_a_file_that_is_wrong_is_refused_with_its_place(tmp_path: Path, old: str, new: str, said: str) -> None:
    """File and line first."""
    path = tmp_path / "risks.yaml"
    path.write_text(FILE.replace(old, new, 1))
    with pytest.raises(ConfigError, match=said) as error:
        read_risks(path)
    assert "risks.yaml:" in str(error.value)
