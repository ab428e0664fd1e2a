"""The partner's own SQL: untrusted code.

It runs in a DuckDB connection of its own that can read the one delivery file and nothing else: no other file, no network,
no extension, no setting. It must be one SELECT, gives one number, and has a time limit.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Timer
from typing import TYPE_CHECKING, Any

from decai_forecast import sql
from decai_forecast.contracts.check.delivery import MEMORY, Delivery
from decai_forecast.contracts.model import Rule
from decai_forecast.errors import DecaiError

if TYPE_CHECKING:
    import duckdb

__all__ = ["SECONDS", "UnsafeRule", "run_query"]

SECONDS = 60.0  # a query may take
FORBIDDEN = ("getenv", "duckdb_secrets", "duckdb_settings", "current_setting", "query(", "query_table(")


class UnsafeRule(DecaiError):
    """A partner's own rule is not what may run; it was not run, or was stopped."""

    code = "rule"


def run_query(rule: Rule, delivery: Delivery, *, seconds: float = SECONDS) -> float:
    """The one number that the rule's query gives; :class:`UnsafeRule` says why there is none."""
    query = _prepared(rule, delivery)
    with _locked(delivery) as con:
        _one_select(rule, con, query)
        return _number(rule, _timed(rule, con, query, seconds))


def _prepared(rule: Rule, delivery: Delivery) -> str:
    """ODCS placeholders, and the schema object's own name, stand for the delivery."""
    query = str(rule.arguments["query"]).strip().rstrip(";")
    for mark in ("${table}", "{table}", "${object}", "{object}"):
        query = query.replace(mark, sql.name(delivery.contract.table))
    for mark in ("${column}", "{column}", "${property}", "{property}"):
        query = query.replace(mark, sql.name(rule.column))
    return query


def _locked(delivery: Delivery) -> duckdb.DuckDBPyConnection:
    import duckdb

    path = str(delivery.path.resolve())
    con = duckdb.connect(config={"memory_limit": MEMORY})
    for setting in (
        "autoinstall_known_extensions=false",
        "autoload_known_extensions=false",
        f"allowed_paths=[{sql.text(path)}]",
    ):
        con.execute(f"SET {setting}")
    con.execute("SET TimeZone='UTC'")
    con.execute(f"CREATE VIEW {sql.name(delivery.contract.table)} AS SELECT * FROM read_parquet({sql.text(path)})")
    con.execute("SET enable_external_access=false")
    con.execute("SET lock_configuration=true")
    return con


def _one_select(rule: Rule, con: duckdb.DuckDBPyConnection, query: str) -> None:
    import duckdb

    if word := next((word for word in FORBIDDEN if word in query.lower()), None):
        raise UnsafeRule(f"rule {rule.id!r}: {word.rstrip('(')} may not be used")
    try:
        statements = con.extract_statements(query)
    except duckdb.Error as error:
        raise UnsafeRule(f"rule {rule.id!r}: {_first_line(error)}") from None
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        raise UnsafeRule(f"rule {rule.id!r}: only one SELECT is allowed")


def _timed(rule: Rule, con: duckdb.DuckDBPyConnection, query: str, seconds: float) -> list[tuple[Any, ...]]:
    import duckdb

    guard = Timer(seconds, con.interrupt)
    guard.start()
    try:
        return _fetch(con.execute, query)
    except duckdb.InterruptException:
        raise UnsafeRule(f"rule {rule.id!r}: stopped after {seconds:g} s") from None
    except duckdb.Error as error:
        raise UnsafeRule(f"rule {rule.id!r}: {_first_line(error)}") from None
    finally:
        guard.cancel()


def _fetch(execute: Callable[[str], duckdb.DuckDBPyConnection], query: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = execute(query).fetchmany(2)
    return rows


def _number(rule: Rule, rows: list[tuple[Any, ...]]) -> float:
    if len(rows) != 1 or len(rows[0]) != 1:
        raise UnsafeRule(f"rule {rule.id!r}: the query must give one row with one number")
    try:
        return float(rows[0][0])
    except (TypeError, ValueError):
        raise UnsafeRule(f"rule {rule.id!r}: the query gave {rows[0][0]!r}, not a number") from None


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
