"""`decai plan`: what the page types gives the answers of the books."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from decai_forecast.commands.plan import plan_app

RUN = CliRunner()


def answer(*words: str) -> dict[str, object]:
    found = RUN.invoke(plan_app, [*words, "--json"])
    assert found.exit_code == 0, found.output
    return dict(json.loads(found.stdout))


def test_safety_stock_of_a_file(tmp_path: Path) -> None:
    """The camera waits for its parts, which hold all the stock that is needed."""
    (tmp_path / "stages.yaml").write_text(
        "stages:\n- {name: wafers, time: 5, holding_cost: 0.03}\n"
        "- {name: camera, time: 2, holding_cost: 0.5, deviation: 10, promise: 2, suppliers: [wafers]}\n"
    )
    found = answer("placement", str(tmp_path / "stages.yaml"))
    assert (found["promises"], found["covered"]) == ({"wafers": 0, "camera": 2}, {"wafers": 5, "camera": 0})
    assert found["cost"] == pytest.approx(1.645 * 10 * 5**0.5 * 0.03)
    shown = RUN.invoke(plan_app, ["placement", str(tmp_path / "stages.yaml")]).stdout
    assert "36.8" in shown
    assert "Holding it costs 1.103 per period." in shown


def test_a_quantity() -> None:
    """Snyder and Shen's example 9.1, with the days of an outage instead of a rate."""
    costs = ("--order-cost", "8", "--holding-cost", "0.225", "--lost-cost", "5")
    words = ("quantity", "--demand", "1300", *costs, "--outages-per-year", "1.5")
    found = answer(*words, "--outage-days", str(365 / 14))
    assert found["quantity"] == pytest.approx(772.811, abs=1e-3)
    assert found["quantity_without_outages"] == pytest.approx(304.0468, abs=1e-3)
    assert found["its_cost"] > found["cost"]
    refused = RUN.invoke(plan_app, [*words, "--outage-days", "0"])
    assert "recoveries_per_year is 0; expected numbers above 0" in str(refused.exception)


def test_what_sharing_saves() -> None:
    """Said in the words of the supplier."""
    words = ("sharing", "--correlation", "0.7", "--deviation", "50", "--own-lead", "5", "--supplier-lead", "5")
    assert answer(*words)["saving"] == pytest.approx(0.2087, abs=1e-4)
    assert "Its safety stock can be 20.9% lower" in RUN.invoke(plan_app, words).stdout


def test_a_warehouse_and_its_shops() -> None:
    """All alike."""
    shop = ("--shops", "4", "--demand", "1", "--shop-lead", "1", "--shop-holding-cost", "1.5", "--backorder-cost", "20")
    words = ("warehouse", "--lead", "2", "--holding-cost", "1", *shop)
    assert (answer(*words)["level"], answer(*words)["shops"]) == (9, [3, 3, 3, 3])
    assert "the warehouse serves 59.3% of orders at once" in RUN.invoke(plan_app, words).stdout
