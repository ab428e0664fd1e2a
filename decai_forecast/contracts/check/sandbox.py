"""The partner's own SQL: untrusted code.

It runs in a process of its own, in a DuckDB connection that can read the one delivery file and nothing else: no other file,
no network, no extension, no setting, no variable of our environment. It must be one SELECT, gives one number, and has a time
limit and a memory limit that no function can get past.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import MEMORY, Delivery
from decai_forecast.contracts.check.statement import why_not
from decai_forecast.contracts.model import Rule
from decai_forecast.errors import DecaiError

__all__ = ["SECONDS", "UnsafeRule", "run_query"]

SECONDS = 60.0  # a query may take, with the start of its process
BYTES = 2_000_000_000  # of address space, of which the libraries reserve up to 1 GB and DuckDB uses MEMORY
PROCESS = Path(__file__).with_name("query_process.py")
NEEDED = ("PATH", "LD_LIBRARY_PATH", "SYSTEMROOT", "TMPDIR")  # of the environment; everything else may be a secret


class UnsafeRule(DecaiError):
    """A partner's own rule is not what may run; it was not run, or was stopped."""

    code = "rule"


def run_query(rule: Rule, delivery: Delivery, *, seconds: float = SECONDS) -> float:
    """The one number that the rule's query gives; :class:`UnsafeRule` says why there is none."""
    query = _prepared(rule, delivery)
    if why := why_not(query):
        raise UnsafeRule(f"rule {rule.id!r}: {why}")
    table, path = delivery.contract.table, str(delivery.path.resolve())
    asked = {"query": query, "table": table, "path": path, "memory": MEMORY, "bytes": BYTES}
    return _number(rule, _answer(rule, asked, delivery.scratch, seconds))


def _prepared(rule: Rule, delivery: Delivery) -> str:
    """ODCS placeholders, and the schema object's own name, stand for the delivery."""
    query = str(rule.arguments["query"]).strip().rstrip(";")
    for mark in ("${table}", "{table}", "${object}", "{object}"):
        query = query.replace(mark, sql.name(delivery.contract.table))
    for mark in ("${column}", "{column}", "${property}", "{property}"):
        query = query.replace(mark, sql.name(rule.column))
    return query


def _answer(rule: Rule, asked: dict[str, Any], folder: Path, seconds: float) -> list[list[str | None]]:
    command = [sys.executable, "-I", str(PROCESS)]
    environment = {key: os.environ[key] for key in NEEDED if key in os.environ}
    try:
        done = subprocess.run(
            command, input=json.dumps(asked), capture_output=True, text=True, timeout=seconds, cwd=folder, env=environment,
            check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise UnsafeRule(f"rule {rule.id!r}: stopped after {seconds:g} s") from None
    answer = json.loads(done.stdout) if done.returncode == 0 else {"error": f"its process ended with {done.returncode}"}
    if "error" in answer:
        raise UnsafeRule(f"rule {rule.id!r}: {answer['error']}")
    rows: list[list[str | None]] = answer["rows"]
    return rows


def _number(rule: Rule, rows: list[list[str | None]]) -> float:
    if len(rows) != 1 or len(rows[0]) != 1:
        raise UnsafeRule(f"rule {rule.id!r}: the query must give one row with one number")
    try:
        return float(rows[0][0] or "")
    except ValueError:
        raise UnsafeRule(f"rule {rule.id!r}: the query gave {rows[0][0]!r}, not a number") from None
