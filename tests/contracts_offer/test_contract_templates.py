"""The templates a partner starts from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from jsonschema import Draft201909Validator
from open_data_contract_standard.model import OpenDataContractStandard
from support import ROOT

from decai_forecast.contracts import load_contract
from decai_forecast.contracts.draft.names import map_columns, usual_key
from decai_forecast.contracts.vocabulary import DATA_SETS

TEMPLATES = sorted((ROOT / "data_contracts" / "templates").glob("*.odcs.yaml"))
DATED = {"demand", "stock", "receipts", "open_orders"}
EACH = pytest.mark.parametrize("path", TEMPLATES, ids=lambda p: p.name)


def read(path: Path) -> dict[str, Any]:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def test_there_is_one_for_every_data_set() -> None:
    """Named as the data set."""
    assert {path.name.removesuffix(".odcs.yaml") for path in TEMPLATES} == set(DATA_SETS)


@EACH
def test_it_keeps_the_standard(path: Path) -> None:
    """The JSON Schema of ODCS 3.2 has nothing to say."""
    schema: Any = OpenDataContractStandard.json_schema()
    schema = json.loads(schema) if isinstance(schema, str) else schema
    assert [error.message for error in Draft201909Validator(schema).iter_errors(read(path))] == []


@EACH
def test_it_loads_strictly(path: Path) -> None:
    """Our own profile has nothing to say either."""
    contract = load_contract(path)
    assert contract.data_set == path.name.removesuffix(".odcs.yaml")
    assert set(DATA_SETS[contract.data_set]) <= {column.name for column in contract.columns}
    assert contract.key


@EACH
def test_it_promises_what_a_consumer_needs(path: Path) -> None:
    """Rows, service, price, somebody to ask; freshness where rows have a day; a meaning for every column."""
    contract = read(path)
    levels = {item["property"] for item in contract["slaProperties"]}
    table = contract["schema"][0]
    assert {"timeOfAvailability", "errorRate"} <= levels
    assert ("latency" in levels) is (table["name"] in DATED)
    assert any(rule.get("metric") == "rowCount" for rule in table["quality"])
    assert any(item.get("scope") == "notifications" for item in contract["support"])
    assert set(contract["price"]) == {"priceAmount", "priceCurrency", "priceUnit"}
    assert all(column["description"].endswith(".") for column in table["properties"])


@EACH
def test_its_names_are_the_ones_a_draft_gives(path: Path) -> None:
    """A template's columns map to themselves, and its key is the usual one, as far as the column is there."""
    contract = read(path)
    data_set, names = contract["schema"][0]["name"], [c["name"] for c in contract["schema"][0]["properties"]]
    mapped = map_columns(data_set, names)
    assert all(name == ours for ours, name in mapped.items())
    key = {c["name"] for c in contract["schema"][0]["properties"] if c.get("primaryKey")}
    assert {name for name in usual_key(data_set) if name in names} <= key
