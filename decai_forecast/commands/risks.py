"""A year of risks on the screen."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

__all__ = ["tell_risks"]


def tell_risks(key: str, found: Mapping[str, Any], *, as_json: bool) -> None:
    """What the events cost, what each mitigation buys, the best package, and which outages break the limit of service."""
    if as_json:
        print(json.dumps({"file": key} | dict(found), indent=1))
        return
    from decai_forecast.commands.table import screen

    console, unit = screen(), _unit(found)
    tables = [_bought(found, unit), _smallest(found), *([_against(found)] if found["stock_against"] else [])]
    for title, table in tables:
        console.print(title, highlight=False, markup=False, soft_wrap=True)
        console.print(table)
        console.print()
    console.print(f"Best: {_best(found, unit)}", highlight=False)
    console.print(f"file: {key}", highlight=False, soft_wrap=True)


def _unit(found: Mapping[str, Any]) -> str:
    return (found["currency"] or "cost units") if found["year"]["in_money"] else "units"


def _table(*columns: str) -> Any:
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for k, name in enumerate(columns):
        table.add_column(name, justify="right" if k else "left", overflow="fold")
    return table


def _bought(found: Mapping[str, Any], unit: str) -> tuple[str, Any]:
    year = found["year"]
    title, table = (
        f"{found['name']}: loss of a year, {unit}",
        _table("with", "cost", "expected", "1 year in 20", "mean of these"),
    )
    for row in (year["now"], *year["mitigations"], year["best"]):
        name = " + ".join(row["mitigations"]) or "as things stand"
        figures = (row[key] for key in ("cost_per_year", "expected", "value_at_risk", "expected_beyond"))
        table.add_row(f"best: {name}" if row is year["best"] else name, *(f"{value:,.0f}" for value in figures))
    return title, table


def _smallest(found: Mapping[str, Any]) -> tuple[str, Any]:
    title = f"Shortest outage after which less than {found['service_limit']:.0%} is served in some period"
    table = _table("place", "days", "served then")
    for row in found["smallest"]:
        table.add_row(row["place"], "none" if row["days"] is None else f"{row['days']:.0f}", f"{row['service']:.1%}")
    return title, table


def _against(found: Mapping[str, Any]) -> tuple[str, Any]:
    title = f"Stock that keeps {found['service_limit']:.0%} while the place recovers"
    table = _table("place", "down, days", "more, days of demand", "units", "held for, per year")
    for row in found["stock_against"]:
        figures = ("outage_days", "days", "units", "cost_per_year")
        table.add_row(row["place"], *("none does" if row[name] is None else f"{row[name]:,.0f}" for name in figures))
    return title, table


def _best(found: Mapping[str, Any], unit: str) -> str:
    best, now = found["year"]["best"], found["year"]["now"]
    within = "" if found["budget"] is None else f" within {found['budget']:,.0f} a year"
    if not best["mitigations"]:
        return f"no package{within} lowers expected loss by more than it costs."
    saved = now["expected"] - best["expected"]
    return (
        f"{' + '.join(best['mitigations'])}{within}: expected loss falls by {saved:,.0f} {unit} a year, for "
        f"{best['cost_per_year']:,.0f}."
    )
