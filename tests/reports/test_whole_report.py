"""A report with every part: valid, in money, small, inert, told in the order in which it is read, the same bytes every time."""

from __future__ import annotations

import csv
import io
import json
import re
from hashlib import sha256
from html import unescape

import examples
import pytest
from jsonschema import Draft202012Validator
from pages import Outline

from decai_forecast.periods import Calendar
from decai_forecast.reports import build_report, render_html, stock_targets_csv
from decai_forecast.reports.compare import MINIMUM, aggregate
from decai_forecast.reports.days_of_supply import days_of_supply_json
from decai_forecast.reports.report import schema
from decai_forecast.simulation import Simulation

ORDER = (
    "What to do first", "Exposure", "Service, with and without", "Stock", "Forecast", "Bullwhip", "What changed",
    "Beside the others", "What left the company", "Assumptions",
)  # fmt: skip
GOLDEN = {
    "report.json": "964bef0ac30c3f35",
    "report.html": "47a788d0d18d9764",
    "stock_targets.csv": "a5be62d5d5107712",
    "days_of_supply.json": "09a5ab8db489bf57",
}  # SHA-256 of each file; they change with its form, never by themselves


@pytest.fixture(scope="module")
def report() -> dict:
    return build_report(examples.complete())


@pytest.fixture(scope="module")
def page(report: dict) -> str:
    return render_html(report)


def test_the_whole_report_keeps_its_schema_through_json(report: dict) -> None:
    """And comes out the same from a simulation that travelled as JSON."""
    Draft202012Validator(schema()).validate(json.loads(json.dumps(report, allow_nan=False)))
    stored = Simulation.from_json(json.loads(json.dumps(examples.whole().to_json(), default=str, allow_nan=False)))
    assert build_report(examples.complete(simulation=stored)) == report


def test_the_same_input_gives_the_same_bytes(report: dict, page: str) -> None:
    """Byte by byte what it was when it was last looked at."""
    files = {
        "report.json": json.dumps(report, indent=1, sort_keys=True, ensure_ascii=False).encode(),
        "report.html": page.encode(),
        "stock_targets.csv": stock_targets_csv(report).encode(),
        "days_of_supply.json": json.dumps(days_of_supply_json(report, examples.whole()), sort_keys=True).encode(),
    }
    assert {name: sha256(data).hexdigest()[:16] for name, data in files.items()} == GOLDEN


def test_the_page_is_told_in_the_order_in_which_it_is_read(page: str) -> None:
    """The three sentences, what to do first, then what stands behind them; assumptions late, the rest at the end."""
    headings = [unescape(text) for text in re.findall(r"<h2[^>]*>(.*?)</h2>", page)]
    found = [next(k for k, heading in enumerate(headings) if heading.startswith(wanted)) for wanted in ORDER]
    assert found == sorted(found)
    assert page.index("Best action") < page.index("What to do first")
    assert len(page.encode()) < 300_000
    assert Outline(page).open == []


def test_the_best_action_is_told_in_money(report: dict) -> None:
    """What all targets together save, which items first, and what service becomes; without a currency in cost units."""
    saved = report["stock"]["policy"]["saving"]
    assert f"cost falls by EUR {saved:,.2f} a week" in report["headline"]["sentences"][2]
    assert [row["kind"] for row in report["actions"]] == ["set_level"] * 5 + ["second_source"]
    gains = [row["gain"] for row in report["actions"][:5]]
    assert gains == sorted(gains, reverse=True)
    bare = build_report(examples.complete(simulation=examples.whole(currency="")))
    assert f"cost falls by {saved:,.0f} cost units a week" in bare["headline"]["sentences"][2]


def test_levels_of_today_that_nobody_knows_are_not_compared() -> None:
    """The best action is then told in units, the table has the proposed levels only, and nothing reads as 100 % served."""
    found = examples.whole()
    for name in ("level_now", "cost_now", "fill_rate_now"):
        found.targets[name] = float("nan")
    report = build_report(examples.complete(simulation=found))
    policy = report["stock"]["policy"]
    assert (policy["compared"], policy["cost_now"], policy["saving"], policy["fill_rate_now"]) == (0, None, None, None)
    assert "make up" in report["headline"]["sentences"][2]
    assert {row["kind"] for row in report["actions"]} == {"hold_more", "second_source"}
    text = render_html(report)
    assert "levels are not known, so that there is nothing to compare with" in text
    assert "\u2013 \u2192" not in text


def test_times_beyond_the_horizon_are_told_as_such(page: str) -> None:
    """Never as a number that means something else."""
    assert "&gt;91" in page
    assert "999" not in re.sub(r"<svg.*?</svg>|<style.*?</style>", "", page, flags=re.DOTALL)


def test_targets_carry_the_flag_an_erp_needs() -> None:
    """Type and target of service, level and safety stock as proposed, and why."""
    report = build_report(examples.complete(units={"item-000": "KGM"}))
    rows = list(csv.DictReader(io.StringIO(stock_targets_csv(report))))
    assert {row["service_type"] for row in rows} == {"F"}
    assert {row["service_target"] for row in rows} == {"0.985"}
    assert {row["item"]: row["uom"] for row in rows}["item-000"] == "KGM"
    exact = {row["item_id"]: row["target"]["level_proposed"] for row in report["stock"]["rows"]}
    assert all(-0.001 < float(row["order_up_to"]) - exact[row["item"]] < 1 for row in rows)  # kilograms are not rounded up


def test_names_and_reasons_are_inert_everywhere() -> None:
    """Markup is text on the page, a formula is text in the table, wherever a name or a reason can stand."""
    attack, cell = examples.ATTACK, '=HYPERLINK("http://x")'
    found = examples.whole((attack, cell, "plain"))
    found.targets.loc[:, "reason"] = cell
    found.bullwhip.loc[:, "echelon"] = attack
    found.ripple.loc[:, "affected"] = attack
    report = build_report(examples.complete((attack, cell, "plain"), simulation=found, model=attack))
    text = render_html(report)
    assert "<script" not in text
    assert text.count("&lt;script&gt;") > 5
    cells = [cell for row in csv.reader(io.StringIO(stock_targets_csv(report))) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]


def test_days_of_supply_keep_the_shape_of_the_standard(report: dict) -> None:
    """CX-0157: a UUID, a direction, numbers of site and address, one value per date; the same ids every time."""
    found = days_of_supply_json(report, examples.whole())
    assert [(e["location_id"], e["item_id"]) for e in found["entries"]] == [("north", "item-001"), ("south", "item-000")]
    payload = found["entries"][0]["payload"]
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", payload["materialGlobalAssetId"])
    (stock,) = payload["allocatedDaysOfSupply"]
    assert re.fullmatch(r"BPNS[a-zA-Z0-9]{12}", stock["stockLocationBPNS"])
    assert re.fullmatch(r"BPNA[a-zA-Z0-9]{12}", stock["stockLocationBPNA"])
    assert [day["daysOfSupply"] for day in stock["amountOfAllocatedDaysOfSupply"]] == [14.0, 11.0, 8.0]
    assert stock["amountOfAllocatedDaysOfSupply"][0]["date"] == "2026-11-23T00:00:00Z"


def test_what_changed_is_found(report: dict) -> None:
    """Ranks, service and levels against the last report; without one, or with one of another form, nothing is compared."""
    assert report["changes"]["fill_rate"] == {"before": 0.93, "now": 0.982}
    assert report["changes"]["targets"] == {"changed": 0, "new": 0, "gone": 0, "rows": []}
    turned = examples.whole()
    turned = examples.dataclasses.replace(turned, exposure=turned.exposure.iloc[::-1].reset_index(drop=True))
    ranks = build_report(examples.complete(simulation=turned))["changes"]["ranks"]
    assert {"node": "south", "before": 5, "now": 1} in ranks
    for earlier in (None, {"format": "decai-report/1"}):
        assert build_report(examples.complete(previous=earlier))["changes"] is None


def test_fewer_than_five_companies_are_not_shown() -> None:
    """Not even how many they are; five are, in whole per cents, with nobody's own figure between them."""
    figures = [{"fill_rate": 0.9137 + k / 100} for k in range(MINIMUM)]
    assert aggregate(figures[1:]) == {}
    assert aggregate(figures)["fill_rate"] == {"companies": 5, "q25": 0.92, "q50": 0.93, "q75": 0.94}
    few = build_report(examples.complete(others={"round": "2026-11-17", "measures": aggregate(figures[1:])}, opted_in=False))
    assert "fewer than 5 companies gave their figures for comparison. alder_foods gives none." in render_html(few)


def test_months_are_periods_too() -> None:
    """A network of months gets a report as well."""
    monthly = build_report(examples.complete(calendar=Calendar("M", 13), previous=None))
    assert monthly["calendar"]["period"] == "month"
    assert "Cost a month" in render_html(monthly)


def test_a_what_if_says_so(page: str) -> None:
    """Its page cannot be taken for a night's report."""
    told = examples.dataclasses.replace(examples.whole(), scenario="<b>port strike</b>")
    assert "What if: &lt;b&gt;port strike&lt;/b&gt;." in render_html(build_report(examples.complete(simulation=told)))
    assert "What if" not in page
