"""`decai round ...`: running, showing and listing rounds without Airflow."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from decai_forecast.commands.table import print_summary, screen
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.round_status import rounds_of
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.round import Round, round_at

__all__ = ["app", "chosen_round"]

app = typer.Typer(no_args_is_help=True, help="Rounds: one night's joint run of a network.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
RoundOption = Annotated[str, typer.Option("--round", help="YYYY-MM-DD, or YYYY-MM-DD.2 for a further one of that night.")]
AsOf = Annotated[str, typer.Option("--as-of", help="Data cut-off, exclusive (YYYY-MM-DD); default: the round's day.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]


def chosen_round(network: Network, round_id: str, as_of: str) -> Round:
    """The round the options name; without any, the one a replay is for, else tonight's."""
    if round_id:
        return Round.of(round_id, as_of)
    if as_of:
        return Round.of(as_of)
    return Round.of(network.replay_as_of) if network.replay_as_of else round_at(network.zone, datetime.now(UTC))


@app.command("run")
def run(round_id: RoundOption = "", as_of: AsOf = "", home: Home = None, as_json: Json = False) -> None:
    """Runs a whole round in this process: deliver, train together, close, report.

    Example: decai round run --round 2022-01-03

    Exit code 1 if the round is below quorum. Repeating a round changes nothing.
    """
    from decai_forecast.one_machine.run import run_round

    network = Network.load(home)
    round = chosen_round(network, round_id, as_of)
    closing = run_round(network, round, progress=lambda text: print(text, file=sys.stderr, flush=True))
    _show(summarise(network, round), as_json)
    raise typer.Exit(0 if closing.status == "closed" else 1)


@app.command("show")
def show(round_id: RoundOption = "", home: Home = None, as_json: Json = False) -> None:
    """Shows a round: per partner verdict, rows, errors, worst exposure and report. Default: the newest one.

    Example: decai round show --json | jq .partners
    """
    network = Network.load(home)
    known = rounds_of(coordinator_context(network))
    round = next((n for n in known if n.id == round_id), None) if round_id else next(iter(known), None)
    if round is None:
        raise ConfigError(f"no round {round_id or 'yet'}; there are {', '.join(n.id for n in known) or 'none'}")
    _show(summarise(network, round), as_json)


@app.command("list")
def listing(home: Home = None, as_json: Json = False) -> None:
    """Lists the rounds, newest first: id, how it ended, and the coordinator's note.

    Example: decai round list
    """
    network = Network.load(home)
    rows = [
        {k: v for k, v in summarise(network, round, scores=False).items() if k in ("round", "as_of", "status", "note")}
        for round in rounds_of(coordinator_context(network))
    ]
    if as_json:
        print(json.dumps(rows, indent=1))
    else:
        for row in rows:
            print(f"{row['round']}  {row['status']:<13}  {row['note']}")


def _show(summary: dict[str, object], as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, indent=1))
    else:
        print_summary(summary, screen())
