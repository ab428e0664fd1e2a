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

from decai_forecast.contracts import check_delivery
from decai_forecast.contracts.reserved import ROW, RULES

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
        quarantined = pd.read_parquet(bad) if bad.exists() else pd.DataFrame({ROW: [], RULES: []})
        assert len(clean) + len(quarantined) == found.rows == len(rows) + 200
        assert len(quarantined) == found.quarantined == quarantined[ROW].nunique()
        assert quarantined[RULES].map(len).gt(0).all()
        together = pd.concat([clean, quarantined[clean.columns]] if len(quarantined) else [clean])
        delivered = pd.read_parquet(path)
        pd.testing.assert_frame_equal(in_order(together), in_order(delivered), check_dtype=False)
        again = check_delivery(promised, there / "clean.parquet", AS_OF, None)
        assert again.quarantined == 0


def in_order(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.sort_values(list(frame.columns)).reset_index(drop=True)
