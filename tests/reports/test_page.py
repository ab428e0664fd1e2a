"""The page: one file without scripts, inert names, readable by all, the same bytes for the same report."""

import re
from dataclasses import replace

import examples
import pytest

from decai_forecast.contracts import Verdict
from decai_forecast.reports import Quality, build_report, render_html

LIMIT = 300_000  # bytes: a page for mail


@pytest.fixture(scope="module")
def page() -> str:
    return render_html(build_report(examples.facts()))


def test_page_is_accessible(page: str) -> None:
    """The language is stated, every chart has a role, a title and a description, and its numbers in a table."""
    assert '<html lang="en">' in page
    for chart in ("service", "demand"):
        assert f'role="img" aria-labelledby="{chart}-title {chart}-text"' in page
    assert page.count("The numbers of this chart") == 2
    assert page.count("<h1") == 1


def test_page_is_small_and_the_same_every_time(page: str) -> None:
    """Equal reports give equal bytes, far below the limit, with 50 of 400 stocked items shown, and 5 to act on first."""
    assert render_html(build_report(examples.facts())) == page
    large = build_report(examples.facts(tuple(f"item-{k:04d}" for k in range(400))))
    assert len(render_html(large).encode()) < LIMIT
    assert render_html(large).count('<th scope="row">item-') == 50 + 5


def test_names_are_inert() -> None:
    """A script as item, supplier, participant, reason or rule is text on the page."""
    attack = examples.ATTACK
    facts = examples.facts(
        participant=attack,
        network=attack,
        simulation=examples.simulation((attack, "=1+1"), vendors=(attack,)),
        deliveries=(examples.Delivery("demand", Verdict.ACCEPTED, 1, 0, attack, (attack,)),),
        roster=examples.RosterFacts((attack,), (), 3, attack, {attack: attack}, (attack,)),
        what_left=(examples.Left(attack, attack),),
        versions={attack: attack},
    )
    page = render_html(build_report(facts))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_simulated_networks_say_so() -> None:
    """The banner is there for a simulated network and only there."""
    assert "Simulated data" in render_html(build_report(examples.facts()))
    assert "Simulated data" not in render_html(build_report(examples.facts(simulated=False)))


def test_colours_follow_the_page(page: str) -> None:
    """Charts take their colours from the page's variables, so that dark mode and print reach them."""
    charts = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--first)" in charts
    assert not re.search(r"#[0-9a-f]{6}", charts)
    assert "prefers-color-scheme: dark" in page
    assert "@media print" in page


def test_page_without_figures() -> None:
    """Without a simulation the page has no charts, and says what is missing and what to do."""
    page = render_html(build_report(examples.refused()))
    assert "<svg" not in page
    assert "What is missing" in page
    assert "deliver again" in page


def test_page_of_a_first_round() -> None:
    """Only a local forecaster, no total demand, no supplier known: the page still stands."""
    lone = Quality({"local": {"wape": 0.3, "bias": 0.0, "wql": 0.2, "coverage": 0.8}}, "local", "it is the only one")
    unknown = examples.simulation(("a",), stock=False, vendors=("unknown",))
    page = render_html(build_report(examples.facts(quality=lone, fan=None, simulation=unknown)))
    assert "Suppliers are not known" in page
    assert page.count("<svg") == 1


def test_stock_that_outlasts_what_was_simulated_is_told_as_such() -> None:
    """Beyond the horizon there is no number of days, only more than that; without stock there are none at all."""
    simulated = examples.simulation(("a", "b"))
    series = simulated.series.assign(days_of_supply=None, days_of_supply_flag=[">horizon", ""])
    page = render_html(build_report(examples.facts(simulation=replace(simulated, series=series))))
    cells = re.findall(r'<td class="n">(&gt;\d+|\u2013)</td>', page)
    assert cells[:2] == ["&gt;91", "\u2013"]


def test_a_closed_site_is_told_and_not_coloured() -> None:
    """It sells nothing while it is down, whatever it holds; a supplier whose items fail before it is back is coloured."""
    found = examples.simulation(("a", "b", "c"))
    sells = [True, *[False] * (len(found.exposure) - 1)]
    rows = found.exposure.assign(tts_p50=0.0, tts_p10=0.0, node_ttr_days=28.0, sells=sells)
    page = render_html(build_report(examples.facts(simulation=replace(found, exposure=rows))))
    assert page.count('<td class="n">at once <span class="se">closed</span>') == 1
    assert page.count('<td class="n risk">at once <span class="se">(at once)</span>') == len(rows) - 1
    assert "Closed: customers buy at the site itself" in page
