"""A network from one long table of several companies: one source and one set of contracts for each of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from decai_forecast.contracts import draft_contract
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant, valid_id
from decai_forecast.periods import Calendar
from decai_forecast.sql import name as quoted
from decai_forecast.sql import text as literal
from decai_forecast.store import Store

__all__ = ["HORIZONS", "Columns", "from_table"]

HORIZONS = {"D": 28, "W": 13, "M": 3}  # periods: four weeks of days, a quarter of weeks or months
STEPS: dict[int, Literal["D", "W", "M"]] = {
    1: "D",
    7: "W",
    28: "M",
    29: "M",
    30: "M",
    31: "M",
}  # days between periods -> frequency
ITEM_FACTS = ("vendor", "category", "description", "lead_time_days", "unit_cost")  # about an item, not about a period


@dataclass(frozen=True)
class Columns:
    """The table's own names of the columns a network needs."""

    partner: str = "partner_id"
    date: str = "date"
    item: str = "item_id"
    quantity: str = "quantity"
    location: str = "location_id"
    stock: str = "on_hand"  # units on hand at the end of the row's period; a table need not have it


def _slug(name: str) -> str:
    return valid_id(re.sub(r"[^a-z0-9]+", "_", name.lower()).strip("_")[:40] or "x")


def from_table(
    home: Path, table: Path, *, name: str, columns: Columns | None = None, time_zone: str = "UTC", horizon: int = 0
) -> Network:
    """Writes sources, contracts and ``network.yaml`` below ``home``; ``table`` is a Parquet or CSV file."""
    import duckdb

    columns = columns or Columns()
    con = duckdb.connect()
    reader = "read_csv" if table.suffix in (".csv", ".gz", ".tsv") else "read_parquet"
    try:
        con.execute(f"CREATE VIEW long AS SELECT * FROM {reader}({literal(str(table))})")
        have = [row[0] for row in con.execute("DESCRIBE long").fetchall()]
    except duckdb.Error as error:
        raise ConfigError(f"{table}: cannot be read as Parquet or CSV ({str(error).splitlines()[0]})") from None
    _need(table, have, columns)
    frequency, newest = _rhythm(con, table, columns)
    named = _companies(con, table, columns.partner)
    for partner, value in named.items():
        _found_partner(con, home, partner, value, have, columns, frequency, time_zone)
    network = Network(
        retry_minutes=0.5,
        home=home, name=name, frequency=frequency, horizon=horizon or HORIZONS[frequency], time_zone=time_zone,
        participants=tuple(Participant(partner) for partner in named),
        replay_as_of=Calendar(frequency, 1).add(newest, 1).isoformat(),
    )  # fmt: skip
    network.save()
    return network


def _companies(con: Any, table: Path, column: str) -> dict[str, str]:
    """Id -> the table's own name of each company; two names that would share an id are refused, not merged."""
    found: dict[str, str] = {}
    for value, rows in con.execute(f"SELECT {quoted(column)}, count(*) FROM long GROUP BY ALL ORDER BY 1").fetchall():
        if value is None:
            raise ConfigError(f"{table}: {rows} rows have no {column}; every row needs its company")
        partner = _slug(str(value))
        if partner in found:
            raise ConfigError(f"{table}: companies {found[partner]!r} and {value!r} would both be {partner!r}; rename one")
        found[partner] = str(value)
    return found


def _need(table: Path, have: list[str], columns: Columns) -> None:
    wanted = {"partner": columns.partner, "date": columns.date, "item": columns.item, "quantity": columns.quantity}
    if missing := {role: column for role, column in wanted.items() if column not in have}:
        said = ", ".join(f"{column!r} (--{role}-column)" for role, column in missing.items())
        raise ConfigError(f"{table}: no column {said}; the table has {', '.join(have)}")


def _rhythm(con: Any, table: Path, columns: Columns) -> tuple[Literal["D", "W", "M"], date]:
    """The frequency of the table (the commonest distance of its dates) and its last date."""
    import duckdb

    query = f"SELECT DISTINCT {quoted(columns.date)}::DATE AS d FROM long WHERE d IS NOT NULL ORDER BY d"
    try:
        days = [row[0] for row in con.execute(query).fetchall()]
    except duckdb.Error as error:
        raise ConfigError(f"{table}: column {columns.date!r} holds no dates ({str(error).splitlines()[0]})") from None
    gaps = [(later - earlier).days for earlier, later in pairwise(days)]
    step = max(set(gaps), key=gaps.count) if gaps else 0
    if step not in STEPS:
        raise ConfigError(f"{table}: dates are {step} days apart; daily, weekly and monthly tables are supported")
    if STEPS[step] == "M" and (odd := [day for day in days if day.day != 1]):
        raise ConfigError(f"{table}: {columns.date} {odd[0]}: months begin on their first day; write {odd[0].replace(day=1)}")
    return STEPS[step], days[-1]


def _found_partner(
    con: Any, home: Path, partner: str, value: str, have: list[str], columns: Columns, frequency: str, time_zone: str
) -> None:
    folder = home / "sources" / partner
    folder.mkdir(parents=True, exist_ok=True)
    rename = {columns.date: "date", columns.item: "item_id", columns.quantity: "quantity", columns.location: "location_id"}
    chosen = ", ".join(_column(c, rename.get(c, c)) for c in have if c not in (columns.partner, columns.stock))
    rows = f"SELECT {chosen} FROM long WHERE CAST({quoted(columns.partner)} AS VARCHAR) = $value"
    _copy(con, f"{rows} ORDER BY item_id, date", folder / "demand.parquet", value)
    data_sets = ["demand"]
    if facts := [c for c in ITEM_FACTS if c in have]:
        latest = ", ".join(f"any_value({quoted(c)} ORDER BY date DESC) AS {quoted(c)}" for c in facts)
        _copy(con, f"SELECT item_id, {latest} FROM ({rows}) GROUP BY item_id ORDER BY item_id", folder / "items.parquet", value)
        data_sets.append("items")
    if counted := columns.stock in have:
        _copy(con, _stock(have, columns, frequency), folder / "stock.parquet", value)
        data_sets.append("stock")
    for data_set in data_sets:
        source = f"sources/{partner}/{data_set}.parquet"
        text = draft_contract(
            partner, data_set, home / source, source=source, frequency=frequency, time_zone=time_zone,
            missing="unknown" if counted else "zero",
        )  # fmt: skip
        Store(home, "network").write_bytes(f"contracts/{partner}/{data_set}.odcs.yaml", text.encode())


def _stock(have: list[str], columns: Columns, frequency: str) -> str:
    """The counts of a company, on the last day of their periods."""
    length = {"D": "1 DAY", "W": "7 DAY", "M": "1 MONTH"}[frequency]
    day = f"CAST(CAST({quoted(columns.date)} AS DATE) + INTERVAL {length} - INTERVAL 1 DAY AS DATE) AS date"
    where = [f"CAST({quoted(columns.location)} AS VARCHAR) AS location_id"] if columns.location in have else []
    keys = ", ".join([*where, f"CAST({quoted(columns.item)} AS VARCHAR) AS item_id", day])
    mine = f"CAST({quoted(columns.partner)} AS VARCHAR) = $value AND {quoted(columns.stock)} IS NOT NULL"
    return f"SELECT {keys}, {quoted(columns.stock)} AS on_hand FROM long WHERE {mine} ORDER BY item_id, date"


def _column(name: str, ours: str) -> str:
    kind = {"date": "DATE", "item_id": "VARCHAR", "location_id": "VARCHAR"}.get(ours)
    source = f"CAST({quoted(name)} AS {kind})" if kind else quoted(name)
    return f"{source} AS {quoted(ours)}"


def _copy(con: Any, query: str, target: Path, value: str) -> None:
    rows = query.replace("$value", literal(value))  # COPY takes no parameters
    con.execute(f"COPY ({rows}) TO {literal(str(target))} (FORMAT parquet, COMPRESSION zstd)")
