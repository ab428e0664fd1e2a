"""Whether a partner's query is one SELECT without a function that reaches beyond the delivery."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

__all__ = ["why_not"]

FORBIDDEN = frozenset({
    "getenv", "duckdb_secrets", "duckdb_settings", "current_setting", "which_secret", "query", "query_table",
    "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson", "read_parquet", "parquet_scan", "read_text",
    "read_blob", "glob", "sniff_csv", "parquet_metadata", "parquet_schema", "parquet_file_metadata", "parquet_kv_metadata",
})  # fmt: skip
NODE = re.compile(r'"type":"([A-Z_]+_NODE)"')
READING = frozenset({"SELECT_NODE", "SET_OPERATION_NODE", "RECURSIVE_CTE_NODE", "CTE_NODE"})  # a WITH may also hold a DELETE
MARKS = re.compile(r"\$?\{(table|object|column|property)\}")


def why_not(query: str) -> str:
    """What is wrong with ``query``, nothing if it may run. Only parsed, never run or planned."""
    import duckdb

    try:
        with duckdb.connect() as con:
            return _fault(con, MARKS.sub("placeholder", query).strip().rstrip(";"))
    except duckdb.Error as error:
        return f"not valid SQL: {str(error).splitlines()[0].removeprefix('Parser Error: ')}"


def _fault(con: duckdb.DuckDBPyConnection, query: str) -> str:
    """The functions are read from the parsed statement: in its text they can hide behind quotes, blanks and comments."""
    import duckdb

    statements = con.extract_statements(query)
    if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
        return "only one SELECT is allowed"
    parsed = con.execute("SELECT json_serialize_sql(?)", [query]).fetchall()[0][0]
    if parsed.startswith('{"error":true') or set(NODE.findall(parsed)) - READING:
        return "only one SELECT is allowed"
    used = {name.lower() for name in re.findall(r'"function_name":"([^"]*)"', parsed)}
    forbidden = sorted(used & FORBIDDEN)
    return f"{forbidden[0]} may not be used" if forbidden else ""
