"""Drafting a contract for a sample delivery, for a person to read and to sharpen."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from decai_forecast.errors import ConfigError

__all__ = ["draft_contract"]

KEYS = {"demand": ("location_id", "item_id", "date"), "stock": ("location_id", "item_id", "date"), "items": ("item_id",)}
NOT_NEGATIVE = ("quantity", "on_hand", "price", "list_price", "lead_time_days", "unit_cost")
NEEDED = ("quantity", "on_hand", "vendor")
PURPOSES = {
    "demand": "Units sold or ordered per item and period, for demand forecasting.",
    "stock": "Stock on hand per item and period, for the resilience report.",
    "items": "Facts about items: supplier, lead time, cost.",
}
LATENCY_DAYS = {"D": 10, "W": 21}
LOGICAL = {
    "VARCHAR": "string",
    "ENUM": "string",
    "DATE": "date",
    "TIMESTAMP": "timestamp",
    "BOOLEAN": "boolean",
    "DOUBLE": "number",
    "FLOAT": "number",
    "DECIMAL": "number",
}


def draft_contract(
    partner: str,
    data_set: str,
    delivery: Path,
    *,
    source: str,
    frequency: str,
    schedule: str = "0 1 * * *",
    time_zone: str = "UTC",
) -> str:
    """ODCS 3.2 text for the Parquet file ``delivery``: its columns and types, the key, ranges, freshness, a price of zero."""
    import duckdb

    with duckdb.connect() as con:
        path = str(delivery).replace("'", "''")
        types = {row[0]: row[1] for row in con.execute(f"DESCRIBE SELECT * FROM read_parquet('{path}')").fetchall()}
    key = [name for name in KEYS[data_set] if name in types]
    if not key:
        raise ConfigError(
            f"{delivery}: a {data_set} delivery needs the columns {', '.join(KEYS[data_set])}; it has {', '.join(types)}"
        )
    columns = [
        {
            "name": name,
            "type": _logical(kind),
            "key": key.index(name) + 1 if name in key else 0,
            "required": name in NEEDED,
            "minimum": 0 if name in NOT_NEGATIVE else None,
        }
        for name, kind in types.items()
    ]
    folder = FileSystemLoader(Path(__file__).parent)
    here = Environment(loader=folder, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)  # YAML, not HTML
    return here.get_template("contract.yaml.j2").render(
        partner=partner, data_set=data_set, source=source, columns=sorted(columns, key=lambda c: (c["key"] or 99)),
        schedule=schedule, time_zone=time_zone, purpose=PURPOSES[data_set],
        latency=LATENCY_DAYS[frequency], dated="date" in types,
    )  # fmt: skip


def _logical(kind: str) -> str:
    return next(
        (logical for prefix, logical in LOGICAL.items() if kind.startswith(prefix)), "integer" if "INT" in kind else "string"
    )
