"""The summary of a round as a table for the terminal."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from rich.console import Console
from rich.table import Table

from decai_forecast.contracts import Verdict
from decai_forecast.one_machine.summary import gains_in_words, privacy_in_words

__all__ = ["print_summary", "screen"]

WIDE = 140  # columns where nobody watches: a log file wraps nothing
GOOD = {Verdict.ACCEPTED: "green", Verdict.ACCEPTED_IN_PART: "yellow"}


def screen(*, stderr: bool = False) -> Console:
    """The terminal, or a wide page where the output goes into a file."""
    console = Console(stderr=stderr)
    return console if console.is_terminal else Console(stderr=stderr, width=WIDE)


def print_summary(summary: Mapping[str, Any], console: Console) -> None:
    """Per partner: verdict, quality of its deliveries (0 to 100), rows, the three errors, worst exposure, the report's path."""
    console.print()
    if summary["simulated"]:
        console.print("[yellow]All companies and figures are simulated.[/]")
    table = Table(
        title=f"Round {summary['round']} of {summary['network']}: {summary['status'].replace('_', ' ')}",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for name, side in (
        ("partner", "left"),
        ("verdict", "left"),
        ("quality", "right"),
        ("rows", "right"),
        ("local", "right"),
        ("shared", "right"),
        ("combined", "right"),
        ("uses", "left"),
        ("worst exposure (share served)", "left"),
    ):
        table.add_column(name, justify=side, overflow="fold")  # type: ignore[arg-type]  # rich's literal type
    for row in summary["partners"]:
        errors = [f"{row['wape'][name]:.3f}" if name in row["wape"] else "" for name in ("local", "shared", "combined")]
        verdict = f"[{GOOD.get(row['verdict'], 'red')}]{row['verdict'].replace('_', ' ')}[/]" + (
            f" ({row['why']})" if row["why"] else " (late)" if row["late"] else ""
        )
        quality = "" if row["quality"] is None else f"{row['quality']:.0f}"
        rows = f"{row['rows']:,}" if row["rows"] else ""
        table.add_row(row["partner"], verdict, quality, rows, *errors, row["choice"], row["exposure"])
    console.print(table)
    console.print(f"\n{averages(summary)}\n{summary['note']}", highlight=False, soft_wrap=not console.is_terminal)
    if training := summary["training"]:
        what = "Trained together; last" if training["finished"] else f"Training together, at {training['at']}"
        console.print(f"{what}: {training['line']}", highlight=False, soft_wrap=not console.is_terminal)
    failed = f"The training failed: {summary['failure']}." if summary["failure"] else ""
    told = (failed, summary["verdict"], gains_in_words(summary["evaluation"]), privacy_in_words(summary["partners"]))
    for line in filter(None, told):
        console.print(line, highlight=False, soft_wrap=not console.is_terminal)
    for line in summary["expires"]:
        console.print(f"[yellow]{line}.[/]", highlight=False, soft_wrap=not console.is_terminal)
    console.print("Reports:", highlight=False)
    for row in summary["partners"]:
        where = os.path.relpath(row["report"], Path.cwd()) if row["report"] else "none"
        console.print(f"  {row['partner']}: {where}{_sent(row['sent'])}", highlight=False, soft_wrap=True)


def _sent(entries: Sequence[Mapping[str, Any]]) -> str:
    """What became of a report on its way: `` (erp sent, mail owed: send_unreachable)``."""
    told = [f"{e['target']} {e['status']}" + (f": {e['code']}" if e["code"] else "") for e in entries]
    return f" ({', '.join(told)})" if told else ""


def averages(summary: Mapping[str, Any]) -> str:
    """Partner means of the three errors, and how many partners chose each candidate."""
    rows = [row for row in summary["partners"] if "combined" in row["wape"]]
    if not rows:
        return "No partner has a forecast to judge yet."
    names = [name for name in ("local", "shared", "combined") if all(name in row["wape"] for row in rows)]
    errors = ", ".join(f"{name} {mean(row['wape'][name] for row in rows):.4f}" for name in names)
    chosen = ", ".join(f"{name} {count}" for name, count in Counter(row["choice"] for row in rows).most_common())
    what = f"Error (WAPE of the median over the last horizon, unseen by training and choice), mean of {len(rows)} partners"
    return f"{what}: {errors}. Partners that chose: {chosen}."
