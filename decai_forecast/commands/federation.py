"""`decai federation ...`: the runtime between companies, each on machines of its own."""

from __future__ import annotations

import os
import signal
import sys
from functools import partial
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from decai_forecast.commands.keys import keys_app
from decai_forecast.commands.membership import company_of, follow_members, membership_app
from decai_forecast.commands.opening import opening_app
from decai_forecast.commands.own_node import node_lock
from decai_forecast.network import COORDINATOR, Network

if TYPE_CHECKING:  # these modules import gRPC
    from decai_forecast.federation.superlink.link import Link

__all__ = ["federation_app"]

federation_app = typer.Typer(
    no_args_is_help=True, help="Training between companies on machines of their own, over a SuperLink."
)
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Partner = Annotated[str, typer.Argument(help="The company's id in network.yaml.")]


def _network(home: Path | None) -> Network:
    from decai_forecast.federation.run import FLOWER

    os.environ.update(FLOWER)
    return Network.load(home)


@federation_app.command("found")
def found(
    host: Annotated[str, typer.Option(help="The name by which companies reach this machine.")],
    home: Home = None,
    listen: Annotated[str, typer.Option(help="Address that the fleet and relay ports are bound to.")] = "127.0.0.1",
    fleet_port: Annotated[int, typer.Option(help="For companies: Flower's messages.")] = 9092,
    relay_port: Annotated[int, typer.Option(help="For companies: the relay.")] = 9095,
    link_port: Annotated[int, typer.Option(help="For companies: the messages of a night, `decai coordinator serve`.")] = 9096,
    control_port: Annotated[int, typer.Option(help="On this machine only.")] = 9093,
    appio_port: Annotated[int, typer.Option(help="On this machine only.")] = 9091,
) -> None:
    """The coordinator makes the federation's certificates.

    Example: decai federation found --host link.example.org --listen 0.0.0.0
    """
    from decai_forecast.federation.superlink.link import Ports

    network = _network(home)
    link = _link(network)
    link.found(host, Ports(fleet_port, relay_port, link_port, control_port, appio_port), listen=listen)
    print(f"{link.folder}: made; keep it from everybody else.")
    print("Next: `decai federation up` and `decai coordinator serve`, and `decai federation invite` for the companies.")


@federation_app.command("up")
def up(home: Home = None) -> None:
    """The coordinator runs the SuperLink, until it is stopped.

    Example: decai federation up
    """
    link = _link(_network(home))
    command = link.command()
    os.execve(command[0], command, link.environment())  # in this process's place: who stops it stops the SuperLink


@federation_app.command("node")
def node(
    partner: Partner,
    home: Home = None,
    until_closed: Annotated[bool, typer.Option(help="Stop when the standard input ends, too.")] = False,
) -> None:
    """A company takes part, until it is stopped: its SuperNode, and what answers with its own rows.

    Example: decai federation node acme
    """
    from decai_forecast.federation.superlink.node import serve

    network = _network(home)
    company, _ = company_of(network, partner)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if until_closed:
        Thread(target=_stop_at_the_end_of_input, args=(stop,), daemon=True).start()
    with node_lock(network.home, partner):
        serve(company, lambda text: print(text, flush=True), stop, partial(follow_members, network, partner))
        print(f"{partner}: stopped", flush=True)
        os._exit(0)  # an answer may be under way inside LightGBM, which waits for the others; only the process's end ends it


def _stop_at_the_end_of_input(stop: Event) -> None:
    """Whoever started this process holds the other end, until it ends."""
    sys.stdin.read()
    stop.set()


def _link(network: Network) -> Link:
    from decai_forecast.federation.superlink.link import Link

    return Link(network.home / "federation" / COORDINATOR)


federation_app.add_typer(membership_app)
federation_app.add_typer(keys_app)
federation_app.add_typer(opening_app)
