"""Contract files: what is read, and what is said about a wrong one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from deliveries import contract, contract_text, demand, save
from support import ROOT

from decai_forecast.contracts import draft_contract, lint_contract, load_contract
from decai_forecast.contracts.vocabulary import DATA_SETS
from decai_forecast.errors import ContractError

COMMITTED = sorted((ROOT / "data_contracts").glob("*/*.odcs.yaml"))

FAULTS = [  # (in the drafted text, instead, text of the line it is reported at, message)
    ("status: active", "status: [active", None, "did not find expected ',' or ']' (while parsing a flow sequence"),
    ("version: 1.0.0", "versoin: 1.0.0", "versoin", "unknown key 'versoin'; did you mean 'version'?"),
    ("version: 1.0.0", "version: 1.0.0\nversion: 2.0.0", "version: 2",
     "key 'version' is there twice (first in line 7); keep one of them"),
    ("apiVersion: v3.2.0", "apiVersion: v4.0.0", "apiVersion", "'v4.0.0' is not one of v3.2.0, v3.1.0"),
    ("required: true", "required: yes please", "yes please", "'required' must be true or false, not 'yes please'"),
    ("logicalTypeOptions:", "logicalTypeOption:", "logicalTypeOption:", "did you mean 'logicalTypeOptions'?"),
    ("logicalType: date", "logicalType: dates", "logicalType: dates", "'dates' is not supported; did you mean 'date'?"),
    ("status: active", "owner: me", "owner: me", "unknown key 'owner'; extensions belong under customProperties"),
    ("tenant: acme", "domain: acme", None, "missing required key 'tenant' in the contract"),
    ("unit: percent", "unit: d", "errorRate", "errorRate needs a value from 0 to 100 and unit: percent"),
    ("element: demand.date", "element: demand.day", "element", "'demand.day', which is not a column; there are item_id, date"),
    ('name: "price"', 'name: "quantity"', 'name: "quantity"', "column 'quantity' is there twice"),
    ("primaryKey: true", "primaryKey: false", "properties:", "no column is marked primaryKey: true"),
    ("type: local", "type: kafka\n    host: x", "type: kafka", "server type 'kafka' is not supported; use one of local, s3"),
    ("format: parquet", "format: avro", "format: avro", "format 'avro' is not supported; use one of parquet, csv, json"),
    ("value: demand,", "value: orders,", "value: orders", "customProperties needs dataSet, one of demand, stock, items"),
    ("timeZone, value: UTC", "timeZone, value: Mars", "value: Mars", "timeZone 'Mars' is not an IANA name"),
    ("property: missingPeriods, value: zero", "property: expectedDemand, value: -5", "value: -5", "must be a number above 0"),
    ("property: missingPeriods", "property: missingPeriod", "missingPeriod", "did you mean 'missingPeriods'?"),
    ("mustBeGreaterThan: 0", "mustBe: 0\n        mustNotBe: 1", "row_count", "needs exactly one of mustBe, mustNotBe"),
    ("mustBeGreaterThan: 0", "mustBeBetween: [5, 1]", "mustBeBetween", "two numbers, the lower first, not [5, 1]"),
    ("metric: rowCount", "metric: rowCounts", "metric", "metric 'rowCounts' is not known; did you mean 'rowCount'?"),
    ("severity: error", "severity: fatal", "severity: fatal", "severity must be one of error, warning, info, not 'fatal'"),
    ("schedule: '0 1 * * *'", "schedule: '61 1 * * *'", "schedule: '61", "schedule '61 1 * * *' is not a cron expression"),
    ("scope: notifications", "scope: issues", "support:", "support needs a channel with scope: notifications"),
    ("priceUnit: trainingRun", "id: x", "price:", "price needs priceUnit"),
    ("format: parquet", "format: csv\n    customProperties: [{property: x}]", "property: x", "missing required key 'value'"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "said"), FAULTS, ids=[fault[3][:40] for fault in FAULTS])
def test_a_fault_is_named_with_its_place(tmp_path: Path, old: str, new: str, at: str | None, said: str) -> None:
    """File, line, column, what is wrong and what would be right."""
    text = contract_text(tmp_path)
    assert old in text
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text.replace(old, new))
    found = [problem for problem in lint_contract(path) if said in problem.text]
    assert found, [problem.text for problem in lint_contract(path)]
    if at is not None:
        assert found[0].line in [k for k, line in enumerate(path.read_text().splitlines(), start=1) if at in line]


RULE_FAULTS = [  # (a quality rule, message)
    ("{rule: standrad, column: item_id, is: gtin}", "rule 'standrad' is not known; did you mean 'standard'?; use one of"),
    ("{rule: standard, column: item, is: gtin}", "'item' is not a column; did you mean 'item_id'?; there are item_id, date"),
    ("{rule: standard, column: item_id, is: ean}", "is must be one of gtin, gln, sscc, currency, country, unit, not 'ean'"),
    ("{rule: compare, left: price, operator: =<, right: quantity}", "operator must be one of <, <=, >, >=, =, !=, not '=<'"),
    ("{rule: drift, column: price, maxmum: 1}", "unknown key 'maxmum'; did you mean 'maximum'?"),
    ("{rule: unit_slip, column: price, factors: [0.5]}", "factors must be numbers above 1, not [0.5]"),
    ("{rule: calendar, column: date, every: week}", "every must be one of D, W, M, not 'week'"),
    ("{rule: balance, opening: price, closing: quantity, plus: date}", "plus must be a list of columns"),
]


@pytest.mark.parametrize(("rule", "said"), RULE_FAULTS)
def test_a_faulty_rule_is_explained(tmp_path: Path, rule: str, said: str) -> None:
    """Our own rules complain as precisely as the standard's parts."""
    path = tmp_path / "demand.odcs.yaml"
    own = f"      - {{id: own, type: custom, engine: decai, implementation: {rule}}}\n\nslaProperties:"
    path.write_text(contract_text(tmp_path).replace("\nslaProperties:", own, 1))
    found = lint_contract(path)
    assert [said in problem.text for problem in found] == [True], found
    assert "implementation" in path.read_text().splitlines()[found[0].line - 1]


def test_all_faults_are_shown_at_once(tmp_path: Path) -> None:
    """Each with file, line, column, the line itself and a caret."""
    text = contract_text(tmp_path)
    path = tmp_path / "demand.odcs.yaml"
    text = text.replace("format: parquet", "format: avro").replace("status: active", "staus: active")
    path.write_text(text.replace("logicalType: date", "logicalType: dates"))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    assert len(error.value.problems) == 3
    shown = str(error.value).splitlines()
    at = next(k for k, line in enumerate(text.splitlines(), start=1) if "format: avro" in line)
    place = shown.index(f"{path}:{at}:13: format 'avro' is not supported; use one of parquet, csv, json")
    assert shown[place + 1 : place + 3] == [f"  {at:>4} |     format: avro", "       |             ^"]


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    """Both are contract errors, at line 1."""
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list.yaml").write_text("- 1")
    for name, said in (
        ("nothing.yaml", "cannot be read"),
        ("x.yaml", "not UTF-8 text: byte 0 is 0xff"),
        ("list.yaml", "expected an ODCS"),
    ):
        with pytest.raises(ContractError, match=said):
            load_contract(tmp_path / name)


def test_the_contract_says_what_the_night_needs(tmp_path: Path) -> None:
    """Schedule, time zone, source, key, budget."""
    found = contract(
        tmp_path, ('value: "UTC"' if 'value: "UTC"' in contract_text(tmp_path) else "value: UTC", "value: Europe/Paris")
    )
    assert (found.partner, found.data_set, found.version) == ("acme", "demand", "1.0.0")
    assert (found.schedule, found.time_zone) == ("0 1 * * *", "Europe/Paris")
    assert (found.source.location, found.source.format) == ("sources/demand.parquet", "parquet")
    assert found.key == ("item_id", "date")
    assert found.error_rate == 0.01
    assert found.missing_periods == "zero"


def test_light_loading_loads_nothing_heavy(tmp_path: Path) -> None:
    """Airflow's parser reads contracts every few seconds."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(contract_text(tmp_path))
    code = f"""
import sys
from pathlib import Path
from decai_forecast.contracts import load_contract
load_contract(Path({str(path)!r}), strict=False)
heavy = ("great_expectations", "duckdb", "jsonschema", "open_data_contract_standard", "pandas")
print(*[name for name in heavy if name in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("path", COMMITTED, ids=lambda p: f"{p.parent.name}/{p.name}")
def test_committed_contracts_and_templates_are_valid(path: Path) -> None:
    """What a partner copies loads strictly."""
    assert load_contract(path).data_set == path.name.removesuffix(".odcs.yaml")


def test_there_are_templates_for_every_data_set() -> None:
    """Ready to be copied."""
    names = {p.name for p in COMMITTED if p.parent.name == "templates"}
    assert names == {f"{name}.odcs.yaml" for name in DATA_SETS}


def test_a_draft_quotes_what_yaml_would_misread(tmp_path: Path) -> None:
    """A column named `on: "x"` is a column, not YAML."""
    frame = demand().rename(columns={"price": 'on: "x"'})
    text = draft_contract("acme", "demand", save(tmp_path, frame), source="a: b.parquet", frequency="W")
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text)
    found = load_contract(path)
    assert found.columns[-1].name == 'on: "x"'
    assert found.source.location == "a: b.parquet"
