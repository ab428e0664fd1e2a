"""The lines of a text file as a DuckDB table of texts, one column for each place of the header."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from decai_forecast.contracts.files.faults import FileFault
from decai_forecast.contracts.files.header import Header
from decai_forecast.sql import text

__all__ = ["read_lines"]


def read_lines(con: Any, path: Path, header: Header, name: str) -> str:
    """Reads ``path`` into temporary tables that begin with ``name``; returns a query for every line.

    Its columns are c0, c1, ... (the value at that place, NULL for nothing), ``line`` (the header is line 1 where nothing
    stands above it; a line break inside quotes does not count) and ``torn``: the raw text of a line with too few or too
    many fields, which has no values. :class:`FileFault` if a quote is never closed: it would swallow the rest of the file.
    """
    skipped = header.above + 1
    columns = ", ".join(f"'c{k}': 'VARCHAR'" for k in range(len(header.names)))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, row_number() OVER () AS n FROM read_csv({text(str(path))},
        header=false, skip={skipped}, delim={text(header.delimiter)}, quote='"', escape='"', columns={{{columns}}},
        auto_detect=false, null_padding=false, store_rejects=true, rejects_table='{name}_rejects',
        rejects_scan='{name}_scan', strict_mode=true)""")
    _closed(con, path, name)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {name}_torn AS SELECT line, any_value(csv_line) AS torn,
        line - {skipped} - row_number() OVER (ORDER BY line) AS before FROM {name}_rejects GROUP BY line""")
    if not con.execute(f"SELECT count(*) FROM {name}_torn").fetchone()[0]:
        return f"SELECT * EXCLUDE (n), n + {skipped} AS line, NULL::VARCHAR AS torn FROM {name}"
    moved = f"(SELECT count(*) FROM {name}_torn t WHERE t.before < c.n)"
    good = f"SELECT c.* EXCLUDE (n), (c.n + {skipped} + {moved})::BIGINT AS line, NULL::VARCHAR AS torn FROM {name} c"
    return f"({good}) UNION ALL BY NAME (SELECT line::BIGINT AS line, torn FROM {name}_torn)"


def _closed(con: Any, path: Path, name: str) -> None:
    opened = con.execute(f"SELECT min(line) FROM {name}_rejects WHERE error_type = 'UNQUOTED VALUE'").fetchone()[0]
    if opened is not None:
        raise FileFault(f"{path}: a quote opened in line {opened:,} is not closed; close it, or double a quote that is a text")
