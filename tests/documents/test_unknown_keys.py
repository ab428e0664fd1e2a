"""A misspelt key is told once, with what was meant, and does not blame its neighbours."""

from __future__ import annotations

from pathlib import Path

import pytest
from deliveries import contract_text

from decai_forecast.contracts import load_contract
from decai_forecast.errors import ContractError

KEYS = [  # (in the drafted text, instead, message)
    ("version: 1.0.0", "versoin: 1.0.0", "unknown key 'versoin'; did you mean 'version'?"),
    ("    format: parquet", "    format: parquet\n    encodng: cp1252", "unknown key 'encodng'; did you mean 'encoding'?"),
    ("    format: parquet", "    format: parquet\n    host: x", "unknown key 'host'; extensions belong under customProperties"),
    ("{minimum: 0}", "{minimun: 0}", "unknown key 'minimun'; did you mean 'minimum'?"),
    ("  priceUnit: trainingRun", "  priceUnt: trainingRun", "unknown key 'priceUnt'; did you mean 'priceUnit'?"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), KEYS)
def test_an_unknown_key_is_the_only_complaint(tmp_path: Path, old: str, new: str, said: str) -> None:
    """At any depth: the whole message, with its place, line and caret."""
    text = contract_text(tmp_path)
    assert old in text
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(text.replace(old, new, 1))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    key = said.split("'")[1]
    number, line = next((k, line) for k, line in enumerate(path.read_text().splitlines(), start=1) if f"{key}:" in line)
    column = line.index(key)
    assert str(error.value) == f"{path}:{number}:{column + 1}: {said}\n  {number:>4} | {line}\n       | {' ' * column}^"


def test_a_misspelt_type_leaves_the_column_without_one(tmp_path: Path) -> None:
    """Both are told, once each, and no rule is blamed for it."""
    path = tmp_path / "demand.odcs.yaml"
    path.write_text(contract_text(tmp_path).replace("logicalType: date", "logicalTyp: date", 1))
    with pytest.raises(ContractError) as error:
        load_contract(path)
    found = [line.split(": ", 1)[1] for line in str(error.value).splitlines() if line.startswith(str(path))]
    types = "string, integer, number, date, timestamp, boolean"
    assert sorted(found) == [
        f"a column needs logicalType; use one of {types}",
        "unknown key 'logicalTyp'; did you mean 'logicalType'?",
    ]
