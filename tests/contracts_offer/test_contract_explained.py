"""A contract in plain words."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import yaml
from support import ROOT

from decai_forecast.contracts.explain import explain

COMMITTED = sorted((ROOT / "data_contracts").glob("*/*.odcs.yaml"))
JARGON = ("cron", "null", "regex", "ODCS", "primaryKey", "rowCount", "{", "0 1 * * *", "quarantine", "None")


def read(path: Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_everybody_can_read_it(path: Path) -> None:
    """No line is wider than 100 columns, and no word is from a programmer's vocabulary."""
    text = explain(read(path))
    assert max(map(len, text.splitlines())) <= 100
    assert [word for word in JARGON if word in text] == []


def test_the_receipts_template_word_for_word() -> None:
    """What somebody signs."""
    assert explain(read(ROOT / "data_contracts/templates/receipts.odcs.yaml")) == RECEIPTS


def test_it_does_not_depend_on_the_order_of_keys() -> None:
    """The same contract gives the same text."""
    contract = read(ROOT / "data_contracts/templates/demand.odcs.yaml")
    keys = random.Random(1).sample(sorted(contract), len(contract))
    assert explain({key: contract[key] for key in keys}) == explain(contract)


def test_terms_of_a_data_market_are_said() -> None:
    """Price, purposes, conditions, approval, budget."""
    contract = read(ROOT / "data_contracts/templates/stock.odcs.yaml")
    contract["price"] = {"priceAmount": 12.5, "priceCurrency": "EUR", "priceUnit": "trainingRun"}
    contract["roles"] = [{
        "role": "trainer", "access": "train", "firstLevelApprovers": "owner@acme.example",
        "customProperties": [{"property": "allowedPurposes", "value": ["demand-forecasting"]}],
    }]  # fmt: skip
    policy = {"permitted": ["demand-forecasting"], "prohibited": ["resale"], "minContributors": 10}
    budget = {"unit": "location-day", "epsilon": 3.0, "delta": 1e-6, "period": "P30D"}
    contract["customProperties"] += [
        {"property": "usagePolicy", "value": policy},
        {"property": "privacyBudget", "value": budget},
    ]
    text = explain(contract)
    for said in (
        "12.5 EUR for each training run.",
        "Allowed: demand-forecasting.",
        "Forbidden: resale.",
        "Results may be shown only if at least 10 parties or places contributed to them.",
        "- trainer may train for demand-forecasting, after owner@acme.example agreed.",
        "What can be learned about one location-day is limited: epsilon 3.0 (delta 1e-06) in 30 days.",
    ):
        assert said in text


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("0 1 * * *", "every day at 01:00"),
        ("30 22 * * 5", "every Friday at 22:30"),
        ("*/5 * * * *", "at the times '*/5 * * * *' (minute, hour, day, month, weekday)"),
    ],
)
def test_schedules(schedule: str, said: str) -> None:
    """Simple ones in words, others as they are written."""
    contract = {"slaProperties": [{"property": "timeOfAvailability", "value": schedule, "schedule": schedule}]}
    assert f"The data are fetched {said}." in explain(contract)


def test_what_a_newcomer_expects_is_said() -> None:
    """In units, of all items together."""
    own = {"customProperties": [{"property": "expectedDemand", "value": 1200, "vendor": "decai"}]}
    assert "1,200 units are expected in each period, of all items together." in " ".join(explain(own).split())


def test_an_empty_contract_says_what_it_lacks() -> None:
    """Nothing fails, and silence about the terms is not taken for consent."""
    text = explain({})
    assert "The contract does not say what the data may be used for." in text
    assert "The contract names no price." in text


RECEIPTS = """\
your_company - receipts, version 1.0.0
======================================

Who provides the data
  your_company provides the data. This contract is in force. Its number is your_company-receipts.

What the data are
  Goods received per order and item, for lead times.
  One row per order, item and day of receipt.
  There is at most one row for each order_id, item_id and received_on.

What each column means
  - order_id (text): The purchase order. Always filled.
  - item_id (text): The item, by your own number; a text, so that leading zeros stay. Always filled.
    Found in the data set items.
  - received_on (day): The day the goods came in. Always filled.
  - ordered_on (day): The day of the order; the lead time is received_on less ordered_on. May be
    empty.
  - location_id (text): The store, warehouse or plant, by your own number. May be empty.
  - vendor (text): Who delivered. May be empty.
  - quantity (number): Units received. Always filled. Above 0.
  - unit (text): The unit of the quantities, UN/ECE Recommendation 20 (EA each, KGM kilogram, XCS
    case). May be empty.

What is tested besides
  - The number of rows must be more than 0.
  - Every unit is a unit of UN/ECE Recommendation 20.
  - In every row, ordered_on is not after or above received_on.
  - The new values of quantity are spread as those of the last accepted delivery (a warning only).

When and from where they come
  The data are fetched every day at 01:00 (Europe/Paris).
  When they are used, the newest received_on is at most 10 days old.
  They come from /data/your_company/receipts.parquet (local, parquet).

What happens to bad rows
  Every delivery is tested before a row of it is used. Rows that break a promise are set aside, and
  used by nobody.
  If more than 1 percent of the rows are set aside, the whole delivery is refused; so is an empty
  one.

What may be done with the data
  Training and use of demand forecasters inside the federation; rows stay with your_company.
  Limits: No resale, no re-identification, no use in price negotiations.

What they cost
  Nothing is charged.

How much may be learned from them
  The contract sets no limit on how much can be learned from the data in the course of time.

Who is told
  - data@your-company.example is told of refused deliveries.
"""
