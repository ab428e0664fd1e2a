"""A contract and deliveries that keep or break it."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd

from decai_forecast.contracts import Contract, draft_contract, load_contract

AS_OF = date(2026, 6, 29)
DAYS = 100


def demand() -> pd.DataFrame:
    """Two items, a hundred days up to the day before AS_OF: 200 rows."""
    days = [AS_OF - timedelta(days=k) for k in range(DAYS, 0, -1)]
    return pd.DataFrame(
        {
            "date": days * 2,
            "item_id": ["a"] * DAYS + ["b"] * DAYS,
            "quantity": [float(k) for k in range(2 * DAYS)],
            "price": [1.5] * (2 * DAYS),
        }
    )


def save(folder: Path, frame: pd.DataFrame) -> Path:
    path = folder / "delivery.parquet"
    frame.to_parquet(path, index=False)
    return path


def contract_text(folder: Path) -> str:
    """The drafted contract for :func:`demand`."""
    return draft_contract("acme", "demand", save(folder, demand()), source="sources/demand.parquet", frequency="D")


def contract(folder: Path, *changes: tuple[str, str]) -> Contract:
    """The drafted contract with parts of its text replaced."""
    text = contract_text(folder)
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path = folder / "demand.odcs.yaml"
    path.write_text(text)
    return load_contract(path)
