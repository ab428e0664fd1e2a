"""The lines of a text file as a DuckDB table of texts, one column for each place of the header."""

from __future__ import annotations

import csv
import shutil
import sys
from array import array
from pathlib import Path
from typing import Any

from decai_forecast.contracts.files.faults import FileFault
from decai_forecast.contracts.files.header import Header
from decai_forecast.sql import text

__all__ = ["read_lines"]

CHUNK = 4 * 1024 * 1024  # characters per read


def read_lines(con: Any, path: Path, header: Header, name: str, scratch: Path) -> str:
    """Reads ``path`` into temporary tables that begin with ``name``; returns a query for every record.

    Its columns are c0, c1, ... (the value at that place, NULL for nothing), ``line`` (where the record begins in the file,
    from 1) and ``torn``: the raw text of a record with too few or too many fields, which has no values. :class:`FileFault`
    if a quote is never closed: it would swallow the rest of the file.
    """
    body = _body(path, header, scratch / f"{name}.body")
    columns = ", ".join(f"'c{k}': 'VARCHAR'" for k in range(len(header.names)))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {name} AS SELECT *, row_number() OVER () AS n FROM read_csv({text(str(body))},
        header=false, skip=1, delim={text(header.delimiter)}, quote='"', escape='"', columns={{{columns}}},
        auto_detect=false, null_padding=false, store_rejects=true, rejects_table='{name}_rejects',
        rejects_scan='{name}_scan', strict_mode=true)""")
    opened = con.execute(f"SELECT min(line) FROM {name}_rejects WHERE error_type = 'UNQUOTED VALUE'").fetchall()[0][0]
    if opened is not None:
        line = opened + header.above
        raise FileFault(f"{path}: a quote opened in line {line:,} is not closed; close it, or double a quote that is a text")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE {name}_torn AS SELECT *, row_number() OVER (ORDER BY record) AS n
        FROM (SELECT line AS record, trim(any_value(csv_line), chr(10) || chr(13)) AS torn
        FROM {name}_rejects GROUP BY line)""")
    good, torn = con.execute(f"SELECT (SELECT count(*) FROM {name}), (SELECT count(*) FROM {name}_torn)").fetchall()[0]
    if good + torn + 1 != _lines(body) and _by_place(con, body, header, name, good, torn):
        found = f"SELECT c.* EXCLUDE (n), l.line, NULL::VARCHAR AS torn FROM {name} c JOIN {name}_good l USING (n)"
        return f"({found}) UNION ALL BY NAME (SELECT l.line, torn FROM {name}_torn JOIN {name}_bad l USING (n))"
    return _in_order(name, header.above + 1, torn)


def _in_order(name: str, first: int, torn: int) -> str:
    """Every record is a line: a good one is moved by the torn ones before it."""
    if not torn:
        return f"SELECT * EXCLUDE (n), n + {first} AS line, NULL::VARCHAR AS torn FROM {name}"
    moved = f"(SELECT count(*) FROM {name}_torn t WHERE t.record - 1 - t.n < c.n)"
    good = f"SELECT c.* EXCLUDE (n), (c.n + {first} + {moved})::BIGINT AS line, NULL::VARCHAR AS torn FROM {name} c"
    return f"({good}) UNION ALL BY NAME (SELECT (record + {first - 1})::BIGINT AS line, torn FROM {name}_torn)"


def _by_place(con: Any, body: Path, header: Header, name: str, good: int, torn: int) -> bool:
    """Tables of the lines where records begin, for a file with empty lines or line breaks inside quotes.

    DuckDB numbers records and passes over empty lines, so a second reader looks for the places; False if it sees the file
    otherwise than DuckDB does.
    """
    import pyarrow as pa

    places = {"good": array("q"), "bad": array("q")}
    csv.field_size_limit(sys.maxsize)
    with body.open(encoding="utf-8-sig", newline="") as file:
        reader, begins = csv.reader(file, delimiter=header.delimiter), header.above + 1
        for k, record in enumerate(reader):
            if k and record:
                places["good" if len(record) == len(header.names) else "bad"].append(begins)
            begins = header.above + reader.line_num + 1
    if (len(places["good"]), len(places["bad"])) != (good, torn):
        return False
    for kind, lines in places.items():
        con.register("places", pa.table({"n": pa.array(range(1, len(lines) + 1), pa.int64()), "line": pa.array(lines)}))
        con.execute(f"CREATE OR REPLACE TEMP TABLE {name}_{kind} AS SELECT n, line::BIGINT AS line FROM places")
        con.unregister("places")
    return True


def _lines(body: Path) -> int:
    """Lines of the file; the last may lack its end."""
    count, last = 0, "\n"
    with body.open(encoding="utf-8-sig") as file:
        while block := file.read(CHUNK):
            count, last = count + block.count("\n"), block[-1]
    return count + (last != "\n")


def _body(path: Path, header: Header, copy: Path) -> Path:
    """The file from its header on: DuckDB reads no header below other lines that end differently."""
    if not header.above:
        return path
    with path.open(encoding="utf-8-sig", newline="") as source, copy.open("w", encoding="utf-8", newline="") as target:
        for _ in range(header.above):
            source.readline()
        shutil.copyfileobj(source, target)
    return copy
