"""`decai`: joins the commands that the rooms offer."""

from __future__ import annotations

import os
import sys

import typer
import typer.core

from decai_forecast import __version__
from decai_forecast.commands.backtest import backtest
from decai_forecast.commands.contract import contract_app
from decai_forecast.commands.coordinator import coordinator_app
from decai_forecast.commands.demo import demo, up
from decai_forecast.commands.federation import federation_app
from decai_forecast.commands.forecast import forecast_app
from decai_forecast.commands.learn import learn_command
from decai_forecast.commands.network import network_app, partner_app
from decai_forecast.commands.report import report_app
from decai_forecast.commands.round import app as round_app
from decai_forecast.commands.simulate import simulate_command
from decai_forecast.errors import DecaiError

__all__ = ["app", "main"]

typer.core.HAS_RICH = False  # help is plain text; typer would escape its brackets wherever rich is installed
app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help=f"decai_forecast {__version__}: competitors forecast demand together and stay in possession of their data.",
)
app.add_typer(network_app, name="network")
app.add_typer(partner_app, name="partner")
app.add_typer(contract_app, name="contract")
app.add_typer(round_app, name="round")
app.add_typer(forecast_app, name="forecast")
app.add_typer(report_app, name="report")
app.add_typer(federation_app, name="federation")
app.add_typer(coordinator_app, name="coordinator")
app.command("backtest")(backtest)
app.command("simulate")(simulate_command)
app.command("learn")(learn_command)
app.command("demo")(demo)
app.command("up")(up)


def main() -> None:
    """Exit codes: 0 done, 1 the round failed, 2 wrong use or an expected error (one line on stderr)."""
    code = 2
    try:
        app(standalone_mode=True)
    except DecaiError as error:
        print(f"error: {error}", file=sys.stderr)
    except KeyboardInterrupt:
        code = 130
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 2
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(code)  # DuckDB's binding prints a page about leaked types when the interpreter shuts down in order
