"""The contract of a data set that we made ourselves, in our own column names: nothing has to be guessed."""

from __future__ import annotations

from pathlib import Path

from decai_forecast.contracts.draft.names import AMOUNTS, usual_key
from decai_forecast.contracts.draft.profile import logical_type
from decai_forecast.contracts.draft.rhythm import LATENCY_DAYS
from decai_forecast.contracts.draft.text import DraftColumn, DraftFacts, contact_of, render
from decai_forecast.errors import ConfigError
from decai_forecast.sql import text as literal

__all__ = ["draft_contract"]

NEEDED = ("quantity", "on_hand", "vendor")


def draft_contract(
    partner: str,
    data_set: str,
    delivery: Path,
    *,
    source: str,
    frequency: str,
    schedule: str = "0 1 * * *",
    time_zone: str = "UTC",
    missing: str = "zero",
) -> str:
    """ODCS 3.2 text for the Parquet file ``delivery``: its columns and types, the key, ranges, freshness, a price of zero.

    ``missing``: what a period without a row says of demand, ``zero`` or ``unknown``.
    """
    types = _types(delivery)
    key = [name for name in usual_key(data_set) if name in types]
    if not key:
        raise ConfigError(
            f"{delivery}: a {data_set} delivery needs the columns {', '.join(usual_key(data_set))}; it has {', '.join(types)}"
        )
    columns = tuple(
        DraftColumn(
            name, logical_type(kind) or "string", key.index(name) + 1 if name in key else 0, name in NEEDED,
            options={"minimum": 0} if name in AMOUNTS else {},
        )
        for name, kind in types.items()
    )  # fmt: skip
    facts = DraftFacts(
        partner, data_set, source, "parquet", columns, schedule, time_zone, contact_of(partner),
        dated=f"{data_set}.date" if "date" in types else "", latency=LATENCY_DAYS[frequency],
        missing_periods=missing if data_set == "demand" else "",
    )  # fmt: skip
    return render(facts)


def _types(delivery: Path) -> dict[str, str]:
    import duckdb

    with duckdb.connect() as con:
        described = con.execute(f"DESCRIBE SELECT * FROM read_parquet({literal(str(delivery))})").fetchall()
    return {row[0]: row[1] for row in described}
