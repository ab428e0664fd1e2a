"""Contract files: what is read, and what is said about a wrong one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from deliveries import contract, contract_text, demand, save
from support import ROOT

from decai_forecast.contracts import draft_contract, load_contract
from decai_forecast.errors import ContractError

COMMITTED = sorted((ROOT / "data_contracts").glob("*/*.odcs.yaml"))

FAULTS = [  # (in the drafted text, instead, line it is reported at, message)
    ("status: active", "status: [active", None, "not valid YAML"),
    ("version: 1.0.0", "versoin: 1.0.0", "versoin", "unknown key 'versoin'; did you mean 'version'?"),
    ("logicalTypeOptions:", "logicalTypeOption:", "logicalTypeOption:", "did you mean 'logicalTypeOptions'?"),
    ("logicalType: date", "logicalType: dates", "logicalType: dates", "'dates' is not one of"),
    ("tenant: acme", "domain: acme", None, "missing required key 'tenant'"),
    ("unit: percent", "unit: d", "errorRate", "errorRate needs a value from 0 to 100 and unit: percent"),
    ("element: demand.date", "element: demand.day", "latency", "'demand.day', which is not a column; there are item_id, date"),
    ('name: "price"', 'name: "quantity"', 'name: "quantity"', "column 'quantity' is there twice"),
    ("primaryKey: true", "primaryKey: false", "properties:", "no column is marked primaryKey: true"),
    ("type: local", "type: custom", "type: custom", "server type 'custom' is not supported yet; use local"),
    ("format: parquet", "format: avro", "server: own", "format 'avro' is not supported; use parquet or csv"),
    ("value: demand,", "value: orders,", "customProperties:", "customProperties needs dataSet, one of demand, stock, items"),
    ("mustBeGreaterThan: 0", "mustNotBe: 0", "row_count", "a rowCount rule needs mustBeBetween"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "said"), FAULTS, ids=[fault[3][:40] for fault in FAULTS])
def test_a_fault_is_named_with_its_line(tmp_path: Path, old: str, new: str, at: str | None, said: str) -> None:
    """File, line, what is wrong and what would be right."""
    text = contract_text(tmp_path)
    assert old in text
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text.replace(old, new))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    assert said in error.value.problem
    assert str(error.value).startswith(f"{path}:{error.value.line}: ")
    if at is not None:
        last = [k for k, line in enumerate(path.read_text().splitlines(), start=1) if at in line]
        assert error.value.line in last


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path) -> None:
    """Both are contract errors, at line 1."""
    (tmp_path / "x.yaml").write_bytes(b"\xff\xfe\x00")
    (tmp_path / "list.yaml").write_text("- 1")
    for name, said in (("nothing.yaml", "cannot be read"), ("x.yaml", "cannot be read"), ("list.yaml", "expected an ODCS")):
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
    """Three of them."""
    names = {p.name for p in COMMITTED if p.parent.name == "templates"}
    assert names == {"demand.odcs.yaml", "stock.odcs.yaml", "items.odcs.yaml"}


def test_a_draft_quotes_what_yaml_would_misread(tmp_path: Path) -> None:
    """A column named `on: "x"` is a column, not YAML."""
    frame = demand().rename(columns={"price": 'on: "x"'})
    text = draft_contract("acme", "demand", save(tmp_path, frame), source="a: b.parquet", frequency="W")
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text)
    found = load_contract(path)
    assert found.columns[-1].name == 'on: "x"'
    assert found.source.location == "a: b.parquet"
