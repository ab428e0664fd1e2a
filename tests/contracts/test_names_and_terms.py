"""Names, versions, prices and shapes that would only hurt later are told when the contract is read."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import contract_text, demand
from judging import Judged, own

from decai_forecast.contracts import lint_contract, load_contract
from decai_forecast.errors import ContractError

TYPES = "use one of string, integer, number, date, timestamp, boolean"
FAULTS = [  # (in the drafted text, instead, text of the line it is reported at, the message)
    ("version: 1.0.0", "version: latest", "version",
     "version 'latest' is not a version of three numbers such as 1.0.0 (semver.org)"),
    ("version: 1.0.0", "version: 2026-02-30", "version",
     "version '2026-02-30' is not a version of three numbers such as 1.0.0 (semver.org)"),
    ("version: 1.0.0", "version: 1.0", "version", "'version' must be text, not 1.0"),
    ("version: 1.0.0", "version: 1.0.0\nversion: 2.0.0", "version: 2",
     "key 'version' is there twice (first in line 7); keep one of them"),
    ("apiVersion: v3.2.0", "apiVersion: v9.9.9", "apiVersion",
     "'v9.9.9' is not one of v3.2.0, v3.1.0, v3.0.2, v3.0.1, v3.0.0, v2.2.2, v2.2.1, v2.2.0"),
    ("required: true", "required: maybe", "required", "'required' must be true or false, not 'maybe'"),
    ("priceAmount: 0", "priceAmount: -5", "priceAmount", "priceAmount must be a number of at least 0, not -5"),
    ("priceCurrency: EUR", "priceCurrency: EURO", "priceCurrency",
     "priceCurrency 'EURO' is not a currency of ISO 4217; did you mean 'EUR'?"),
    ('name: "price"', 'name: "Quantity"', "Quantity",
     "column 'Quantity' differs from 'quantity' in nothing but capital letters; rename one"),
    ('name: "price"', 'name: "price"\n        physicalName: "quantity"', "physicalName",
     "physicalName 'quantity' is the source of 'quantity' already; one column feeds one name"),
    ('name: "price"', 'name: "_decai_line"', "_decai",
     "the name '_decai_line' is used by the check itself; choose another (physicalName may stay)"),
    ("timeZone, value: UTC", "timeZone, value: Europe/Pariss", "Pariss",
     "timeZone 'Europe/Pariss' is not an IANA name such as Europe/Paris; did you mean 'Europe/Paris'?"),
    ("value: demand,", "value: demnad,", "demnad",
     "customProperties needs dataSet, one of demand, stock, items, receipts, open_orders, prices, locations, lanes, "
     "bill_of_materials; found 'demnad'; "
     "did you mean 'demand'?"),
    ("    properties:\n", "    properties:\n      -\n", "      -",
     "an entry of 'properties' must be a mapping, not None"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "said"), FAULTS)
def test_the_whole_message(tmp_path: Path, old: str, new: str, at: str, said: str) -> None:
    """The only one, at its line."""
    text = contract_text(tmp_path)
    assert old in text
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text.replace(old, new, 1))
    found = lint_contract(path)
    assert [problem.text for problem in found] == [said]
    assert at in path.read_text().splitlines()[found[0].line - 1]


SHAPES = [  # (instead of the whole schema, the message)
    ("", "1:1: missing required key 'schema' in the contract: which columns does the delivery have?"),
    ("schema: []\n", "1:1: schema is empty; it needs one table with its properties, the columns"),
    ("schema: [{name: demand}]\n", "1:10: the table has no properties: which columns does the delivery have?"),
]


@pytest.mark.parametrize(("schema", "said"), SHAPES)
def test_a_contract_without_columns(tmp_path: Path, schema: str, said: str) -> None:
    """Says what is not there, instead of failing over it."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(f"{schema}apiVersion: v3.2.0\nkind: DataContract\nid: x\nversion: 1.0.0\nstatus: active\n")
    with pytest.raises(ContractError) as error:
        load_contract(path)
    assert str(error.value).splitlines()[0] == f"{path}:{said}"


@pytest.mark.parametrize(("kind", "meant"), [("decimal", "number"), ("int", "integer"), ("datetime", "timestamp")])
def test_a_type_of_another_system_is_told_once(tmp_path: Path, kind: str, meant: str) -> None:
    """With what it is called here; what else stands at the column is not blamed."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(contract_text(tmp_path).replace("logicalType: number", f"logicalType: {kind}", 1))
    said = f"logicalType {kind!r} is not supported; did you mean {meant!r}?; {TYPES}"
    assert [problem.text for problem in lint_contract(path)] == [said]


def test_a_column_may_be_called_as_it_likes(judged: Judged) -> None:
    """Also as queries of the check call theirs."""
    frame = demand().assign(d=lambda f: f["item_id"])
    price = '      - name: "price"\n'
    extra = ((price, f"      - name: d\n        logicalType: string\n{price}"),)
    rule = own("rule: calendar, column: date, every: D, by: [d]")
    assert judged(frame.drop(index=7), rule, changes=extra).broken[0].note == "the first gap is after 2026-03-27"
