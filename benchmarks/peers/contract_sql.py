"""The peer: the 23 rules of the benchmark's contract as a capable person writes them in DuckDB SQL.

One scan counts all rules about rows, one GROUP BY finds repeated keys; three sample rows of each broken rule.
Usage: contract_sql.py FOLDER ROWS 23|14. The 14 are those that the sketch and Great Expectations on pandas have too.
"""

from __future__ import annotations

import sys
from pathlib import Path

import duckdb
from harness import cpu_seconds, said

folder, rows, which = Path(sys.argv[1]), sys.argv[2], sys.argv[3]
KEY = "date, location_id, item_id"
COMMON = {
    "item_id.required": "item_id IS NULL",
    "location_id.required": "location_id IS NULL",
    "item_id.pattern": "NOT regexp_full_match(item_id, '[0-9]{14}')",
    "location_id.pattern": "NOT regexp_full_match(location_id, '[0-9]{13}')",
    "uom_code.enum": "uom_code NOT IN ('EA', 'CS', 'KGM')",
    "on_hand.range": "NOT (on_hand BETWEEN 0 AND 1e6)",
    "unit_cost.range": "NOT (unit_cost BETWEEN 0 AND 1e5)",
    "date.range": "date < DATE '2020-01-01' OR date > DATE '2026-10-01'",
    "reserved_le_on_hand": "on_hand < reserved",
}
MORE = {
    "date.required": "date IS NULL",
    "on_hand.required": "on_hand IS NULL",
    "uom_code.required": "uom_code IS NULL",
    "currency.required": "currency IS NULL",
    "reported_at.required": "reported_at IS NULL",
    "reserved.range": "reserved < 0",
    "currency.pattern": "NOT regexp_full_match(currency, '[A-Z]{3}')",
    "item_id.reference": "item_id IS NOT NULL AND item_id NOT IN (SELECT item_id FROM items)",
    "reported_at.future": "reported_at >= TIMESTAMPTZ '2026-10-01'",
}
rules = COMMON | (MORE if which == "23" else {})
if which == "23":
    rules["date.range"] = "date < DATE '2020-01-01'"
imports = cpu_seconds()
con = duckdb.connect()
con.execute("SET TimeZone = 'UTC'")
con.execute(f"CREATE VIEW d AS SELECT * FROM read_parquet('{folder}/inventory-{rows}.parquet', file_row_number = true)")
con.execute(f"CREATE TABLE items AS SELECT item_id FROM read_parquet('{folder}/items.parquet')")
types = {row[0]: row[1] for row in con.execute("DESCRIBE d").fetchall()}
assert (types["date"], types["reported_at"]) == ("DATE", "TIMESTAMP WITH TIME ZONE")
counted = ", ".join(f"count(*) FILTER ({test})" for test in rules.values())
total, newest, mean, *bad = con.execute(f"SELECT count(*), max(reported_at), avg(on_hand), {counted} FROM d").fetchone()
con.execute(f"CREATE TEMP TABLE twice AS SELECT {KEY} FROM d GROUP BY ALL HAVING count(*) > 1")
same = " AND ".join(f"d.{name} IS NOT DISTINCT FROM t.{name}" for name in KEY.split(", "))
repeated = con.execute(f"SELECT file_row_number FROM d WHERE EXISTS (SELECT 1 FROM twice t WHERE {same})").fetchall()
counts = {name: n for name, n in zip(rules, bad, strict=True) if n} | ({"unique_key": len(repeated)} if repeated else {})
samples = {name: con.execute(f"SELECT * FROM d WHERE {rules[name]} LIMIT 3").fetchall() for name in counts if name in rules}
first = ", ".join(str(row[0]) for row in repeated[:3]) or "-1"
samples["unique_key"] = con.execute(f"SELECT * FROM d WHERE file_row_number IN ({first})").fetchall()
kept = 1000 <= total <= 100_000_000 and newest is not None and 50 <= mean <= 120
said(cpu=cpu_seconds() - imports, imports=imports, counts=counts, rows=total, kept=bool(kept), samples=len(samples))
