"""Every source that the documentation shows is a contract that loads."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from deliveries import contract_text
from support import ROOT

from decai_forecast.contracts import load_contract

TEXT = (ROOT / "docs/how-to/sources.md").read_text()
SERVERS = [block for block in re.findall(r"```yaml\n(.*?)```", TEXT, re.S) if block.startswith("servers:")]


@pytest.mark.parametrize("servers", SERVERS, ids=lambda text: re.search(r"type: (\w+)", text)[1])
def test_a_documented_source_loads(tmp_path: Path, servers: str) -> None:
    """Copied as it stands into a contract."""
    text = re.sub(r"servers:\n(  .*\n)+", servers, contract_text(tmp_path), count=1)
    (tmp_path / "demand.odcs.yaml").write_text(text)
    found = load_contract(tmp_path / "demand.odcs.yaml").source
    assert found.format in ("parquet", "csv", "json")
    assert found.type in servers


def test_all_kinds_are_shown() -> None:
    """Files, object stores, databases, interfaces, a portal."""
    assert len(SERVERS) == 5
