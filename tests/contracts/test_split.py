"""Whatever is delivered: clean and quarantined rows together are the delivery, and what is clean is accepted again."""

from __future__ import annotations

import math
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
from deliveries import AS_OF, contract, demand, save
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decai_forecast.contracts import Arrival, check_delivery
from decai_forecast.contracts.report import to_text
from decai_forecast.contracts.reserved import ROW as ROW_NR
from decai_forecast.contracts.reserved import RULES
from decai_forecast.delivery import pull

ROW = st.fixed_dictionaries(
    {
        "date": st.none() | st.integers(-3, 400).map(lambda k: AS_OF - timedelta(days=k)),
        "item_id": st.none() | st.sampled_from(["a", "b", "c", "Ünicode", "x,'\"\n"]),
        "quantity": st.none() | st.floats(-5, 1e9) | st.just(math.inf),
        "price": st.none() | st.floats(allow_nan=False),
    }
)
TYPES = {"item_id": object, "quantity": float, "price": float}


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, min_size=1, max_size=60))
def test_nothing_is_lost_and_nothing_doubled(rows: list[dict]) -> None:
    """Row numbers, counts and values add up; checking the clean rows finds no broken row."""
    with TemporaryDirectory() as folder:
        there = Path(folder)
        promised = contract(there)
        path = save(there, pd.concat([pd.DataFrame(rows), demand()], ignore_index=True).astype(TYPES))
        found = check_delivery(promised, path, AS_OF, there)
        clean = pd.read_parquet(there / "clean.parquet")
        bad = there / "quarantine.parquet"
        quarantined = pd.read_parquet(bad) if bad.exists() else pd.DataFrame({ROW_NR: [], RULES: []})
        assert len(clean) + len(quarantined) == found.rows == len(rows) + 200
        assert len(quarantined) == found.quarantined == quarantined[ROW_NR].nunique()
        assert quarantined[RULES].map(len).gt(0).all()
        together = pd.concat([clean, quarantined[clean.columns]] if len(quarantined) else [clean])
        delivered = pd.read_parquet(path)
        pd.testing.assert_frame_equal(in_order(together), in_order(delivered), check_dtype=False)
        again = check_delivery(promised, there / "clean.parquet", AS_OF, None)
        assert again.quarantined == 0


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(frame.columns)).reset_index(drop=True)


DATES = st.integers(-60, 90).map(lambda k: AS_OF + timedelta(days=k)) | st.sampled_from(["2031-01-01", "", "31.12.2026"])
LINES = st.lists(st.tuples(DATES, st.sampled_from(["a", "b", ""]), st.sampled_from(["1", "-1", "1,5", "x,y,z"])), max_size=30)


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(lines=LINES)
def test_every_line_ends_in_one_place(lines: list[tuple]) -> None:
    """From the partner's file on: clean, quarantined or held back for a later night; the report tells all three."""
    with TemporaryDirectory() as folder:
        there = Path(folder)
        rows = [f"{day},{item},{number if number != '1,5' else chr(34) + number + chr(34)},1" for day, item, number in lines]
        (there / "rows.csv").write_text("\n".join([demand().to_csv(index=False).strip(), *rows]) + "\n")
        promised = contract(there, ("sources/demand.parquet", "rows.csv"), ("format: parquet", "format: csv"))
        pulled = pull(promised, there, AS_OF, there / "landed.parquet")
        found = check_delivery(promised, there / "landed.parquet", AS_OF, there, arrival=Arrival((), pulled.held_back))
        clean, bad = (there / f"{name}.parquet" for name in ("clean", "quarantine"))
        kept = len(pd.read_parquet(clean)), len(pd.read_parquet(bad)) if bad.exists() else 0
        assert (sum(kept) + found.held_back, kept[1]) == (200 + len(lines), found.quarantined)
        assert (f"{found.held_back:,} held back" in to_text(found)) == (found.held_back > 0)
