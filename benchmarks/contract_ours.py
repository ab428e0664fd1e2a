"""Our check of the benchmark's delivery. Usage: contract_ours.py FOLDER ROWS check|files."""

from __future__ import annotations

import sys
import tempfile
from datetime import date
from pathlib import Path

from harness import cpu_seconds, said

import decai_forecast.contracts.check.gx  # noqa: F401  its import is a fixed cost of the process
from decai_forecast.contracts import check_delivery, load_contract

folder, rows, mode = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
contract = load_contract(folder / "common.odcs.yaml" if mode == "check14" else Path(__file__).with_name("inventory.odcs.yaml"))
imports = cpu_seconds()
out = Path(tempfile.mkdtemp(dir=folder)) if mode == "files" else None
found = check_delivery(
    contract, folder / f"inventory-{rows}.parquet", date(2026, 10, 1), out, references={"items": folder / "items.parquet"}
)
counts = {result.rule: result.bad_rows for result in found.results if result.bad_rows}
for path in out.iterdir() if out else ():
    path.unlink()
said(
    cpu=cpu_seconds() - imports, imports=imports, verdict=found.verdict, quarantined=found.quarantined, counts=counts,
    rules=len(found.results),
)  # fmt: skip
