"""`decai demo` and `decai up`: one whole round through a real Airflow on this machine."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from decai_forecast.commands.progress import progress_on
from decai_forecast.commands.table import print_summary, screen
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.errors import ConfigError
from decai_forecast.founding import found_simulated, from_table
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.round import Round, round_at
from decai_forecast.upkeep import faults_of_home

if TYPE_CHECKING:
    from decai_forecast.orchestration.environment import Stack

__all__ = ["demo", "up"]

Data = Annotated[
    Path | None,
    typer.Option(help="A long table of several companies (Parquet or CSV). Without it: the built-in simulated network."),
]
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home; default .decai/<name of the data>.")]
Port = Annotated[int, typer.Option(help="Port of Airflow's pages on 127.0.0.1; where it is taken, the next that is free.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]
PORT = 18080


def demo(data: Data = None, home: Home = None, port: Port = PORT, as_json: Json = False) -> None:
    """Runs one whole round through a real Airflow, prints a summary and stops.

    At its end it audits the log of the round, one line a check. Exit code 1 if the round is below quorum, or a check is red.

    Example: decai demo --data orders.parquet
    """
    raise typer.Exit(_run(data, home, port, keep=False, as_json=as_json))


def up(data: Data = None, home: Home = None, port: Port = PORT) -> None:
    """Runs one whole round as `decai demo` does, and keeps Airflow's pages running until Ctrl-C.

    Address and logins are printed when the round is over: the administrator's and, where Flask-AppBuilder's auth manager is
    installed (extra `roles`), that of an analyst of the first company; every company has one.

    Example: decai up --data orders.parquet
    """
    raise typer.Exit(_run(data, home, port, keep=True, as_json=False))


def _run(data: Path | None, home: Path | None, port: int, *, keep: bool, as_json: bool) -> int:
    from decai_forecast.orchestration.demo import drive_round, our_dags
    from decai_forecast.orchestration.environment import Stack, can_have_roles, has_airflow
    from decai_forecast.orchestration.stack import free_port, running

    if not has_airflow():
        raise ModuleNotFoundError("Airflow's processes would not start", name="airflow")
    console, began = screen(stderr=as_json), time.monotonic()
    network = _network(data, home, console)
    round = Round.of(network.replay_as_of) if network.replay_as_of else round_at(network.zone, datetime.now(UTC))
    if faults := list(faults_of_home(network.home)):
        raise ConfigError("\n".join(faults))
    stack = Stack(network, free_port(port), roles=keep and can_have_roles(), exported=os.environ)
    if stack.port != port:
        console.print(f"Port {port} is taken; this Airflow is on {stack.port} (--port chooses)", highlight=False)
    console.print(f"Starting Airflow on {stack.url} (log: {stack.home / 'stack.log'})", highlight=False, soft_wrap=True)
    with running(stack) as client:
        client.wait_dags(our_dags(network), 180.0)
        with progress_on(console, 2 * len(network.partners) + 2) as progress:
            drive_round(client, network, round, progress)
        _print(summarise(network, round), console, as_json)
        audit_code = _audit(network, round, console)
        console.print(f"\nDone in {time.monotonic() - began:.0f} s.", highlight=False)
        if keep:
            for line in _logins(stack, network):
                console.print(line, highlight=False, soft_wrap=True)
            _until_interrupted(client.check_health)
    closing = coordinator_context(network).link.closing(round.id)
    return audit_code if closing and closing.status == "closed" else 1


def _audit(network: Network, round: Round, console: Console) -> int:
    """The round that was just run, for everybody to see that its log holds; 1 if it does not."""
    from decai_forecast.commands.audit import audited
    from decai_forecast.one_machine.seal import seal

    if trouble := seal(network, round):
        console.print(f"ledger: {trouble}", highlight=False, markup=False, soft_wrap=True)
    console.print(f"\nAudit of the log (`decai audit --home {network.home}`):", highlight=False, soft_wrap=True)
    return audited(network, round.id, lambda line: console.print(line, highlight=False, markup=False, soft_wrap=True))


def _logins(stack: Stack, network: Network) -> Iterator[str]:
    """Where to log in and as whom; every participant has a login where there are roles, one is shown."""
    yield f"Airflow: {stack.url}  login: {stack.user} / {stack.password}  (Ctrl-C stops it)"
    if stack.roles and network.partners:
        first = network.partners[0]
        yield f"An analyst of {first} sees {first} alone: {first} / {stack.password_of(first)}  (the others: {stack.logins})"


def _network(data: Path | None, home: Path | None, console: Console) -> Network:
    name = data.name.split(".")[0] if data else "demo"
    home = (home or Path(".decai") / name).absolute()
    if (home / "network.yaml").exists():
        network = Network.load(home)
    else:
        network = from_table(home, data, name=name) if data else found_simulated(home, today=datetime.now(UTC).date())
    said = "[yellow]simulated[/] companies" if network.simulated else f"companies of {data or network.name}"
    console.print(f"Network {network.name}: {len(network.partners)} {said}; home {home}", highlight=False, soft_wrap=True)
    return network


def _print(summary: dict[str, object], console: Console, as_json: bool) -> None:
    if as_json:
        print(json.dumps(summary, indent=1))
    else:
        print_summary(summary, console)


def _until_interrupted(check: object) -> None:
    try:
        while callable(check):
            check()
            time.sleep(5.0)
    except KeyboardInterrupt:
        return
