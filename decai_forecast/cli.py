"""`decai`: joins the commands that the rooms offer. Only the one that is typed is loaded: pandas alone costs half a second."""

from __future__ import annotations

import errno
import os
import sys
from pkgutil import resolve_name
from typing import TYPE_CHECKING

import typer
import typer.core

from decai_forecast import __version__
from decai_forecast.errors import DecaiError
from decai_forecast.node_environment import go_on_with_flower

if TYPE_CHECKING:
    from click import Command, Context

__all__ = ["app", "main"]

COMMANDS = {  # in the order of the help; groups of commands, and single ones
    "network": "network:network_app",
    "partner": "network:partner_app",
    "contract": "contract:contract_app",
    "round": "round:app",
    "forecast": "forecast:forecast_app",
    "report": "report:report_app",
    "federation": "federation:federation_app",
    "coordinator": "coordinator:coordinator_app",
    "roles": "roles:app",
    "backtest": "backtest:backtest",
    "simulate": "simulate:simulate_command",
    "learn": "learn:learn_command",
    "plan": "plan:plan_app",
    "doctor": "upkeep:doctor",
    "prepare": "upkeep:prepare",
    "backup": "upkeep:backup",
    "restore": "upkeep:restore",
    "audit": "audit:audit_command",
    "ledger": "ledger:ledger_app",
    "exchange": "exchange:exchange_app",
    "demo": "demo:demo",
    "up": "demo:up",
}


WITH_FLOWER = ("round", "federation", "coordinator")  # what trains, or speaks to a SuperLink
WITHOUT_AIRFLOW = "install requirements/airflow.txt into an environment of its own, and call the `decai` of that one"
OF_THE_HOST = {  # what the host refuses, in words, with what to do
    errno.EROFS: "it lies on a read-only disk; mount it for writing, or set DECAI_HOME to another place",
    errno.EACCES: "this user may not; run it as the owner of the home, or give the home to this user (chown -R)",
    errno.ENOSPC: "no space is left on the disk; make room and run it again, nothing is lost",
    errno.EDQUOT: "the quota of the disk is used up; make room and run it again, nothing is lost",
}


class Rooms(typer.core.TyperGroup):
    """Loads a command when it is asked for."""

    def list_commands(self, ctx: Context) -> list[str]:
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Context, cmd_name: str) -> Command | None:
        return _loaded(cmd_name) if cmd_name in COMMANDS else super().get_command(ctx, cmd_name)


def _loaded(name: str) -> Command:
    offered = resolve_name(f"decai_forecast.commands.{COMMANDS[name]}")
    if isinstance(offered, typer.Typer):
        group: Command = typer.main.get_group(offered)  # also of one command only
        group.name = name
        return group
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(offered)
    return typer.main.get_command(alone)


typer.core.HAS_RICH = False  # help is plain text; typer would escape its brackets wherever rich is installed
app = typer.Typer(
    cls=Rooms,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=f"decai_forecast {__version__}: competitors forecast demand together and stay in possession of their data.",
)


@app.callback()
def _group() -> None:
    """Makes typer take the commands of :class:`Rooms`, though none is registered."""


def main() -> None:
    """Exit codes: 0 done, 1 the round failed, 2 wrong use or an expected error (one line on stderr)."""
    code = 2
    try:
        if sys.argv[1:2] and sys.argv[1] in WITH_FLOWER:
            go_on_with_flower(sys.argv[1:])
        app(standalone_mode=True)
    except DecaiError as error:
        print(f"error: {error}", file=sys.stderr)
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "airflow":
            raise
        print(f"error: Airflow is not installed in {sys.prefix}; {WITHOUT_AIRFLOW}", file=sys.stderr)
    except OSError as error:
        if error.errno not in OF_THE_HOST:
            raise
        print(f"error: {error.filename or 'a file'}: {OF_THE_HOST[error.errno]}", file=sys.stderr)
    except KeyboardInterrupt:
        code = 130
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # DuckDB's binding prints a page about leaked types when the interpreter shuts down in order
