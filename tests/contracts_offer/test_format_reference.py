"""The reference of the format says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

import yaml
from support import ROOT
from test_contract_diff import POLICY

from decai_forecast.contracts import load_contract
from decai_forecast.contracts.draft.names import usual_key
from decai_forecast.contracts.vocabulary import DATA_SETS, STANDARDS

TEXT = (ROOT / "docs/reference/contract-format.md").read_text(encoding="utf-8")
EXAMPLES = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)]
SOURCES = [*(ROOT / "decai_forecast/contracts/diff").glob("*.py")]
BUMPS = ("major", "minor", "patch")


def policy() -> dict[str, dict[str, str]]:
    """Kind -> bump -> what the table says."""
    rows = [row.split("|")[1:-1] for row in TEXT.split("## What a change means")[1].splitlines() if row.startswith("| `")]
    return {
        kind: {bump: cell.strip() for bump, cell in zip(BUMPS, cells, strict=True)}
        for names, *cells in rows
        for kind in re.findall(r"`([^`]+)`", names)
    }


def test_every_example_is_a_rule(tmp_path: Path) -> None:
    """All of them together in the stock template, at the place the text names."""
    contract = yaml.safe_load((ROOT / "data_contracts/templates/stock.odcs.yaml").read_text())
    table, column_rules = contract["schema"][0], EXAMPLES[1]
    table["quality"] = [rule for k, example in enumerate(EXAMPLES) if k != 1 for rule in example]
    next(c for c in table["properties"] if c["name"] == "unit")["quality"] = column_rules
    path = tmp_path / "stock.odcs.yaml"
    path.write_text(yaml.safe_dump(contract))
    loaded = {rule.id for rule in load_contract(path).rules}
    assert {rule["id"] for example in EXAMPLES for rule in example} <= loaded


def test_every_tested_change_is_in_the_table() -> None:
    """In the column of its bump."""
    table = policy()
    assert [(kind, bump) for kind, _, bump, _ in POLICY if not table.get(kind, {}).get(bump)] == []


def test_the_table_has_every_kind_and_no_other() -> None:
    """As the code names them."""
    code = "".join(path.read_text() for path in SOURCES)
    named = set(re.findall(r'Change\(\s*"([a-z ]+)"', code))
    made = {kind for kind in policy() if kind not in named}
    assert named <= set(policy())
    assert made <= {
        "required dropped", "unique dropped", "required added", "unique added", "limit loosened", "limit tightened",
        "purpose removed", "purpose added", "purpose list", "prohibition added", "prohibition removed",
    }  # fmt: skip


def test_data_sets_and_standards_are_listed() -> None:
    """With their required columns and their usual keys."""
    for data_set, columns in DATA_SETS.items():
        row = next(line for line in TEXT.splitlines() if line.startswith(f"| `{data_set}` |"))
        assert all(f"`{column}`" in row for column in (*columns, *usual_key(data_set)) if column != "order_line")
    assert all(f"\n| `{standard}` |" in TEXT for standard in STANDARDS)
