"""`decai backtest`: what own, shared and combined forecasts would have been, on a table of several companies."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from decai_forecast.errors import ConfigError

if TYPE_CHECKING:
    import pandas as pd

    from decai_forecast.demand.backtest import Backtest

__all__ = ["backtest"]

MEASURES = ("wape", "wql", "bias", "mase", "rmsse", "pit_coverage", "coverage", "cost")
ORDER = ("combined", "shared", "local", "tsb", "sba", "croston", "moving_average", "seasonal_naive")


def backtest(
    data: Annotated[Path, typer.Argument(help="A long table: partner_id, date, item_id, quantity (Parquet or CSV).")],
    partner: Annotated[str, typer.Option(help="Whose scores to show; all of them train the shared forecaster.")] = "all",
    origins: Annotated[int, typer.Option(help="Cut-offs to score, one horizon apart.")] = 6,
    horizon: Annotated[int, typer.Option(help="Periods ahead; default 28 days, 13 weeks or 3 months.")] = 0,
    missing: Annotated[str, typer.Option(help="What a period without a row means: zero or unknown.")] = "zero",
    out: Annotated[Path | None, typer.Option(help="A folder for forecasts.parquet, choices.csv and scores.json.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the scores as JSON.")] = False,
) -> None:
    """Backtests every company of a table at rolling cut-offs: nothing later than a cut-off is used at it.

    Three more cut-offs before the scored ones let each company choose between own and shared, and calibrate.

    Examples:

      decai backtest orders.parquet --partner all --origins 6 --horizon 13

      decai backtest orders.csv --partner acme --json | jq .scores
    """
    from decai_forecast.demand.backtest import backtest as run
    from decai_forecast.demand.long_table import read_long

    if missing not in ("zero", "unknown"):
        raise ConfigError(f"--missing is zero or unknown, not {missing!r}")
    calendar, tables = read_long(data, horizon=horizon, missing=missing)
    if partner not in ("all", *tables):
        raise ConfigError(f"{data}: no partner {partner!r}; there are {', '.join(tables)}")
    found = run(tables, calendar, origins=origins, progress=lambda text: print(text, file=sys.stderr, flush=True))
    result = _result(found, partner)
    if out is not None:
        _write(out, found, result)
    print(json.dumps(result, indent=1)) if as_json else _show(result)


def _result(found: Backtest, partner: str) -> dict[str, Any]:
    """Scores by model (means over partners), by partner, the choices, and who could not be forecast and why."""
    from decai_forecast.demand.metrics import summarise

    rows = found.forecasts if partner == "all" else found.forecasts[found.forecasts["partner"] == partner]
    if rows.empty:
        raise ConfigError("no partner has enough history for one of these cut-offs; ask for fewer --origins")
    scores = summarise(rows, by=["model", "partner"])
    means = scores.groupby("model")[list(MEASURES)].mean().reindex([m for m in ORDER if m in set(scores["model"])])
    return {
        "scores": json.loads(means.to_json(orient="index")),
        "partners": json.loads(scores[["partner", "model", *MEASURES]].to_json(orient="records")),
        "choices": _plain(found.choices),
        "skipped": _plain(found.skipped),
        "better_than_local": _better(scores),
    }


def _plain(frame: pd.DataFrame) -> list[dict[str, str]]:
    return [{str(k): str(v) for k, v in row.items()} for row in frame.to_dict("records")]


def _better(scores: pd.DataFrame) -> dict[str, float]:
    """Share of partners whose combination is better than their own forecaster, by measure."""
    found = {}
    for measure in ("wape", "wql"):
        wide = scores.pivot(index="partner", columns="model", values=measure)
        found[measure] = float((wide["combined"] < wide["local"]).mean())
    return found


def _write(out: Path, found: Backtest, result: dict[str, Any]) -> None:
    out.mkdir(parents=True, exist_ok=True)
    found.forecasts.to_parquet(out / "forecasts.parquet", index=False)
    found.choices.to_csv(out / "choices.csv", index=False)
    (out / "scores.json").write_text(json.dumps(result, indent=1))


def _show(result: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="Means over partners", title_justify="left", box=None, pad_edge=False)
    table.add_column("model")
    for measure in MEASURES:
        table.add_column(measure.replace("_", " "), justify="right")
    for model, row in result["scores"].items():
        table.add_row(model.replace("_", " "), *(("" if row[m] is None else f"{row[m]:.3f}") for m in MEASURES))
    Console().print(table)
    better = result["better_than_local"]
    print(f"Combined is better than local for {better['wape']:.0%} of partners in WAPE, {better['wql']:.0%} in WQL.")
    for row in result["skipped"]:
        print(f"no forecast for {row['partner']} at {row['origin'][:10]}: {row['reason']}")
