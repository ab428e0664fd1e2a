"""The sketch that the peer is held against: 14 rules in hand-written DuckDB SQL, bad rows into a table, then the keys.

Usage: contract_sketch.py FOLDER ROWS.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from harness import cpu_seconds, said

folder, rows = Path(sys.argv[1]), sys.argv[2]
RULES = (
    "item_id IS NULL",
    "location_id IS NULL",
    "NOT regexp_full_match(item_id, '[0-9]{14}')",
    "NOT regexp_full_match(location_id, '[0-9]{13}')",
    "uom_code NOT IN ('EA', 'CS', 'KGM')",
    "NOT (on_hand BETWEEN 0 AND 1e6)",
    "NOT (unit_cost BETWEEN 0 AND 1e5)",
    "date > DATE '2026-10-01'",
    "on_hand < reserved",
)
imports = cpu_seconds()
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
src = f"read_parquet('{folder}/inventory-{rows}.parquet', file_row_number = true)"
mask = " + ".join(f"(CASE WHEN {test} THEN {1 << bit} ELSE 0 END)" for bit, test in enumerate(RULES))
either = " OR ".join(f"coalesce({test}, false)" for test in RULES)
twice = 1 << len(RULES)
con.execute(f"CREATE TEMP TABLE bad AS SELECT file_row_number AS row_nr, ({mask})::INT AS v FROM {src} WHERE ({either})")
con.execute(f"CREATE TEMP TABLE keys AS SELECT date, location_id, item_id FROM {src} GROUP BY ALL HAVING count(*) > 1")
con.execute(
    f"INSERT INTO bad SELECT file_row_number, {twice} FROM {src} a WHERE EXISTS (SELECT 1 FROM keys d WHERE "
    "a.date IS NOT DISTINCT FROM d.date AND a.location_id IS NOT DISTINCT FROM d.location_id "
    "AND a.item_id IS NOT DISTINCT FROM d.item_id)"
)
con.execute(f"SELECT count(*), max(reported_at), avg(on_hand) FROM {src}").fetchone()
counted = ", ".join(f"count(*) FILTER (v & {1 << bit} > 0)" for bit in range(len(RULES) + 1))
found = con.execute(f"SELECT {counted}, count(DISTINCT row_nr) FROM bad").fetchone()
said(cpu=cpu_seconds() - imports, imports=imports, counts=list(found))
