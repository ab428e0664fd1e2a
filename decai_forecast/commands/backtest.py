"""`decai backtest`: what own, shared and combined forecasts would have been, on a table of several companies."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decai_forecast.errors import ConfigError
from decai_forecast.network import SEED

if TYPE_CHECKING:
    from decai_forecast.reports.backtest.facts import BacktestFacts

__all__ = ["backtest", "show", "write"]

LIBRARIES = ("decai-forecast", "lightgbm", "prophet", "pandas", "numpy", "scipy")
SLIPS = 5  # that are named; the report has all
SHOWN = ("wape", "wql", "mase", "rmsse", "bias", "pit_coverage", "cost")  # what fits 80 columns; the report has the others


def backtest(
    data: Annotated[Path, typer.Argument(help="A long table: partner_id, date, item_id, quantity (Parquet or CSV).")],
    partner: Annotated[str, typer.Option(help="Whose scores to show; all of them train the shared forecaster.")] = "all",
    origins: Annotated[int, typer.Option(help="Cut-offs to score, one horizon apart.")] = 6,
    horizon: Annotated[int, typer.Option(help="Periods ahead; default 28 days, 13 weeks or 3 months.")] = 0,
    missing: Annotated[str, typer.Option(help="What a period without a row means: zero or unknown.")] = "zero",
    week_labels: Annotated[str, typer.Option(help="The day of its week that a weekly date names: first or last.")] = "first",
    keep_last: Annotated[bool, typer.Option("--keep-last", help="Keep a last period that looks cut off.")] = False,
    holding: Annotated[float, typer.Option(help="Cost of one unit left over, in multiples of its price.")] = 1.0,
    shortage: Annotated[float, typer.Option(help="Cost of one unit short, in multiples of its price.")] = 9.0,
    out: Annotated[
        Path | None, typer.Option(help="A folder for report.html, report.json, forecasts.parquet and choices.csv.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
) -> None:
    """Backtests every company of a table at rolling cut-offs: nothing later than a cut-off is used at it.

    DATA is a long table, Parquet or CSV: partner_id, date, item_id, quantity; location_id, price, promotion if there are any.
    Three more cut-offs before the scored ones let each company choose between own and shared, and calibrate.

    Examples:

      decai backtest orders.parquet --origins 6 --horizon 13 --out backtest

      decai backtest orders.csv --partner acme --holding 0.02 --shortage 0.18 --out acme

      decai backtest orders.csv --json | jq .scores.models
    """
    from decai_forecast.demand.backtest import backtest as run
    from decai_forecast.demand.long_table import read_long
    from decai_forecast.reports.backtest import BacktestFacts, build_backtest_report

    _check(origins, horizon, missing, week_labels, holding, shortage, out)
    calendar, tables = read_long(
        data, horizon=horizon, missing=missing, labels=week_labels, keep_last=keep_last, tell=_progress
    )
    if partner not in ("all", *tables):
        raise ConfigError(f"{data}: no partner {partner!r}; there are {', '.join(tables)}")
    found = run(tables, calendar, origins=origins, seed=SEED, progress=_progress)
    facts = BacktestFacts(
        found, tables, calendar, data.name, partner, missing=missing, seed=SEED, holding=holding, shortage=shortage,
        versions={name: version(name) for name in LIBRARIES},
    )  # fmt: skip
    report = build_backtest_report(facts)
    if out is not None:
        write(out, facts, report)
    print(json.dumps(report, indent=1, ensure_ascii=False)) if as_json else show(report)


def _progress(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _check(origins: int, horizon: int, missing: str, labels: str, holding: float, shortage: float, out: Path | None) -> None:
    """What can be wrong is said before minutes of work, not after."""
    if origins < 1:
        raise ConfigError(f"--origins is at least 1, not {origins}")
    if horizon < 0:
        raise ConfigError(f"--horizon is at least 1 period, or 0 for the default, not {horizon}")
    if missing not in ("zero", "unknown"):
        raise ConfigError(f"--missing is zero or unknown, not {missing!r}")
    if labels not in ("first", "last"):
        raise ConfigError(f"--week-labels is first or last, not {labels!r}")
    for name, cost in (("--holding", holding), ("--shortage", shortage)):
        if not 0 < cost < float("inf"):
            raise ConfigError(f"{name} is a cost above 0, not {cost:g}")
    if out is not None and out.exists() and not out.is_dir():
        raise ConfigError(f"--out {out} is a file; name a folder")


def write(out: Path, facts: BacktestFacts, report: Mapping[str, Any]) -> None:
    """Page, figures, forecasts and choices into the folder ``out``, which is made where it is not there."""
    from decai_forecast.reports.backtest import render_backtest

    out.mkdir(parents=True, exist_ok=True)
    facts.rows.to_parquet(out / "forecasts.parquet", index=False)
    facts.found.choices.to_csv(out / "choices.csv", index=False)
    (out / "report.json").write_text(json.dumps(report, indent=1, ensure_ascii=False), encoding="utf-8")
    (out / "report.html").write_text(render_backtest(report), encoding="utf-8")
    print(f"report: {out / 'report.html'} (the figures: {out / 'report.json'})", file=sys.stderr)


def show(report: Mapping[str, Any]) -> None:
    """The main scores, the four sentences, what looks like a slip, and who could not be forecast."""
    from rich.console import Console
    from rich.table import Table

    from decai_forecast.demand.table import EVERYWHERE

    several = len(report["partners"]) > 1
    table = Table(title="Means over companies" if several else None, title_justify="left", box=None, pad_edge=False)
    table.add_column("model", no_wrap=True)
    measures = [measure for measure in report["scores"]["measures"] if measure["name"] in SHOWN]
    for measure in measures:
        table.add_column(measure["label"], justify="right", no_wrap=True)
    for model, row in report["scores"]["models"].items():
        table.add_row(model.replace("_", " "), *("" if row[m["name"]] is None else f"{row[m['name']]:.3f}" for m in measures))
    Console().print(table)
    print(f"\n{report['headline']['title']}.", *report["headline"]["sentences"], sep="\n")
    for row in report["slips"][:SLIPS]:
        item = f"item {row['item']}" + (f" at {row['location']}" if row["location"] != EVERYWHERE else "")
        told = f"{row['delivered']:,.10g} units look like a slip and count as {row['counted']:,.4g}; correct it if it is one"
        print(f"{row['partner']}, {item}, {row['date']}: {told}")
    for row in report["skipped"]:
        print(f"no forecast for {row['partner']} at {', '.join(row['origins'])}: {row['reason']}")
