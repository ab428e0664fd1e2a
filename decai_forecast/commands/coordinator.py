"""`decai coordinator ...`: what the coordinator runs for companies on machines of their own."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Annotated

import typer

from decai_forecast.commands.membership import desk_of
from decai_forecast.coordinator.context import coordinator_context, reception
from decai_forecast.errors import ConfigError
from decai_forecast.network import COORDINATOR, Network

__all__ = ["coordinator_app"]

coordinator_app = typer.Typer(no_args_is_help=True, help="What the coordinator runs for companies on machines of their own.")
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]


@coordinator_app.callback()
def _several() -> None:
    """Keeps `serve` a command of its own: typer makes the only one the whole."""


@coordinator_app.command("serve")
def serve(
    home: Home = None,
    listen: Annotated[str, typer.Option(help="Address to listen at; default: that of `decai federation found`.")] = "",
    port: Annotated[int, typer.Option(help="Port to listen at; default: the link port of `decai federation found`.")] = 0,
) -> None:
    """Takes companies' messages over HTTPS and shows them what is public, until it is stopped.

    A company is known by the certificate that `decai federation admit` signed for it. Whoever is invited can hand over its
    answer and hear what became of it. Nobody else gets a connection.

    Examples:

      decai coordinator serve

      decai coordinator serve --listen 0.0.0.0 --port 9096
    """
    from decai_forecast.federation.superlink.link import Link
    from decai_forecast.link.service import server
    from decai_forecast.link.tls import TlsFiles

    network = Network.load(home)
    link = Link(network.home / "federation" / COORDINATOR)
    host, given, ports = link.facts()
    tls = TlsFiles(*(link.folder / name for name in ("server.key", "server.crt", "authority.crt", "inviting.crt")))
    where = (listen or given, port or ports.link)
    with _bound(*where) as bound:
        for number in (signal.SIGTERM, signal.SIGINT):  # the server ends in order, and then raises what it was stopped with
            signal.signal(number, lambda *_: None)
        print(f"https://{host}:{where[1]}: serving {network.name}", flush=True)
        with _log_kept(network):
            server(reception(network), tls, *where, desk=desk_of(network)).run(sockets=[bound])
    print(f"https://{host}:{where[1]}: stopped", flush=True)


@contextmanager
def _log_kept(network: Network) -> Iterator[None]:
    """Statements of companies go into the log while the service runs."""
    from decai_forecast.coordinator.statements import keep_log

    stopped = Event()
    keeper = Thread(
        target=keep_log, args=(lambda: coordinator_context(Network.load(network.home)), stopped), name="log", daemon=True
    )
    keeper.start()
    try:
        yield
    finally:
        stopped.set()
        keeper.join()


def _bound(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        return socket.create_server((address, port), family=family)
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else str(error)
        raise ConfigError(
            f"nobody can listen at {address}:{port}: {why}; choose another --listen or --port, or end what has the port "
            f"(`ss -ltnp sport = :{port}` names it)"
        ) from None
