"""Two files: the clean rows, and the quarantined rows with the rules they broke. Together they are the delivery."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from decai_forecast.contracts.check.delivery import LINE, ROW, UNREADABLE, Delivery
from decai_forecast.contracts.check.scan import Marks
from decai_forecast.contracts.model import Rule

__all__ = ["split"]


def split(delivery: Delivery, marks: Marks, broken: Sequence[Rule], folder: Path) -> int:
    """Writes ``clean.parquet`` and, if any row broke one of ``broken``, ``quarantine.parquet``; returns its rows.

    The quarantine has ``row_nr`` (from 0) and ``rules``, the list of the rules a row broke.
    """
    clean, con = folder / "clean.parquet", delivery.con
    con.execute(f"CREATE TEMP TABLE bad AS SELECT {ROW}, {marks.names(broken)} AS rules FROM marks WHERE {marks.test(broken)}")
    quarantined = int(delivery.one("SELECT count(*) FROM bad"))
    if not quarantined and not delivery.helpers:
        shutil.copyfile(delivery.path, clean)
        return 0
    helpers = "".join(f", {name}" for name in sorted(delivery.helpers & {UNREADABLE, LINE}))
    delivery.write(f"SELECT * EXCLUDE ({ROW}{helpers}) FROM delivery ANTI JOIN bad USING ({ROW})", clean)
    if quarantined:
        delivery.write(
            f"SELECT delivery.*, rules FROM delivery JOIN bad USING ({ROW}) ORDER BY {ROW}", folder / "quarantine.parquet"
        )
    return quarantined
