"""Invented inventory snapshots: one row per location and item, 0.05 % defects of each of eight kinds, one faulty key each.

Usage: inventory.py FOLDER ROWS. Writes ``inventory-ROWS.parquet`` and ``items.parquet`` (a master that lacks two items).
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

ITEMS = 5000
GROUP = 250_000  # rows per row group
DEFECTS = 0.0005  # share of rows, for each kind
DAY = np.datetime64("2026-09-30")


def group(first: int, rows: int, seed: int) -> pa.Table:
    """Rows ``first`` and following, with their defects."""
    rng = np.random.default_rng([seed, first])
    index = np.arange(first, first + rows)
    on_hand = rng.gamma(2.0, 40.0, rows).astype("int64").astype(float)
    reserved = np.minimum(on_hand, rng.integers(0, 30, rows)).astype(float)
    cost = np.round(rng.lognormal(2.0, 0.8, rows), 4) + 0.01
    unit = np.array(["EA", "CS", "KGM"], dtype=object)[rng.integers(0, 3, rows)]
    date = np.full(rows, DAY)
    reported = np.datetime64("2026-09-30T22:00:00", "us") + rng.integers(0, 7200, rows).astype("timedelta64[s]")
    location = np.array([f"{4000000000000 + k:013d}" for k in index // ITEMS], dtype=object)
    gtin = np.array([f"{4012345000000 + k:014d}" for k in index % ITEMS], dtype=object)

    def some() -> np.ndarray:
        return rng.choice(rows, max(1, int(rows * DEFECTS)), replace=False)

    on_hand[some()] *= -1
    gtin[some()] = None
    location[some()] = "40000"
    unit[some()] = "PCE?"
    date[some()] += np.timedelta64(40, "D")
    cost[some()] = -1.0
    reserved[some()] = 1e6
    twice = some()
    twice = twice[twice > 0]
    location[twice], gtin[twice] = location[twice - 1], gtin[twice - 1]
    return pa.table(
        {
            "date": pa.array(date, pa.date32()), "location_id": pa.array(location, pa.string()),
            "item_id": pa.array(gtin, pa.string()), "on_hand": on_hand, "reserved": reserved, "unit_cost": cost,
            "uom_code": pa.array(unit, pa.string()), "currency": pa.array(np.full(rows, "EUR", dtype=object), pa.string()),
            "reported_at": pa.array(reported.astype("datetime64[us]"), pa.timestamp("us", tz="UTC")),
        }
    )  # fmt: skip


def make(folder: Path, rows: int, seed: int = 7) -> Path:
    """The file with ``rows`` rows; made once."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"inventory-{rows}.parquet"
    if not path.exists():
        part = path.with_suffix(".part")
        with pq.ParquetWriter(part, group(0, 1, seed).schema, compression="zstd") as writer:
            for first in range(0, rows, GROUP):
                writer.write_table(group(first, min(GROUP, rows - first), seed))
        part.rename(path)
    master = pa.table({"item_id": [f"{4012345000000 + k:014d}" for k in range(ITEMS - 2)]})
    pq.write_table(master, folder / "items.parquet")
    return path


if __name__ == "__main__":
    make(Path(sys.argv[1]), int(sys.argv[2]))
