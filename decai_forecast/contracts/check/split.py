"""Two files: the clean rows, and the quarantined rows with the rules they broke. Together they are the delivery."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from decai_forecast.contracts.check.delivery import Delivery
from decai_forecast.contracts.check.scan import Marks
from decai_forecast.contracts.model import Rule
from decai_forecast.contracts.reserved import LINE, ROW, RULES, UNREADABLE

__all__ = ["split"]


def split(delivery: Delivery, marks: Marks, broken: Sequence[Rule], folder: Path) -> int:
    """Writes ``clean.parquet`` and, if any row broke one of ``broken``, ``quarantine.parquet``; returns its rows.

    The quarantine also has the row's number (from 0) and the list of the rules it broke; see ``contracts/reserved.py``.
    """
    clean, con = folder / "clean.parquet", delivery.con
    chosen = f"{ROW}, {marks.names(broken)} AS {RULES}"
    con.execute(f"CREATE TEMP TABLE bad AS SELECT {chosen} FROM marks WHERE {marks.test(broken)}")
    quarantined = int(delivery.one("SELECT count(*) FROM bad"))
    if not quarantined and not delivery.helpers:
        shutil.copyfile(delivery.path, clean)
        return 0
    helpers = "".join(f", {name}" for name in sorted(delivery.helpers & {UNREADABLE, LINE}))
    delivery.write(f"SELECT * EXCLUDE ({ROW}{helpers}) FROM delivery ANTI JOIN bad USING ({ROW})", clean)
    if quarantined:
        delivery.write(
            f"SELECT delivery.*, {RULES} FROM delivery JOIN bad USING ({ROW}) ORDER BY {ROW}", folder / "quarantine.parquet"
        )
    return quarantined
