"""One partner's query in a process of its own; see ``sandbox``. Run as a file: it imports nothing of ours.

Standard input is JSON with ``query``, ``table``, ``path`` (the delivery, all it may read), ``memory`` (DuckDB's) and
``bytes`` (of the whole process). Standard output is JSON with ``rows`` (at most two, as texts) or ``error``.
"""

from __future__ import annotations

import json
import sys
from typing import Any

TOO_LARGE = "the query needs more memory than a rule may use"


def main() -> None:
    json.dump(_answer(json.load(sys.stdin)), sys.stdout)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    import duckdb

    _limit(asked["bytes"])
    try:
        with duckdb.connect(config={"memory_limit": asked["memory"]}) as con:
            for statement in _locked(asked["table"], asked["path"]):
                con.execute(statement)
            rows = con.execute(asked["query"]).fetchmany(2)
        return {"rows": [[None if value is None else str(value) for value in row] for row in rows]}
    except (MemoryError, duckdb.OutOfMemoryException):
        return {"error": TOO_LARGE}
    except duckdb.Error as error:
        return {"error": str(error).splitlines()[0] if str(error) else type(error).__name__}


def _limit(size: int) -> None:
    """A function may ask for gigabytes past DuckDB's own limit, such as repeat('x', 2000000000)."""
    try:
        import resource
    except ImportError:  # not on Windows
        return
    resource.setrlimit(resource.RLIMIT_AS, (size, size))


def _locked(table: str, path: str) -> list[str]:
    """No other file, no network, no extension, no setting."""
    name, file = '"' + table.replace('"', '""') + '"', "'" + path.replace("'", "''") + "'"
    return [
        "SET autoinstall_known_extensions=false", "SET autoload_known_extensions=false", f"SET allowed_paths=[{file}]",
        "SET TimeZone='UTC'", f"CREATE VIEW {name} AS SELECT * FROM read_parquet({file})",
        "SET enable_external_access=false", "SET lock_configuration=true",
    ]  # fmt: skip


if __name__ == "__main__":
    main()
