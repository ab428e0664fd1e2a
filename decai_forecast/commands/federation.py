"""`decai federation ...`: the runtime between companies, each on machines of its own."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from threading import Event, Thread
from typing import TYPE_CHECKING, Annotated

import typer

from decai_forecast.commands.own_node import node_lock
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

if TYPE_CHECKING:  # these modules import gRPC
    from decai_forecast.federation.superlink.link import Link
    from decai_forecast.federation.superlink.node import Company
    from decai_forecast.identity import Keyring

__all__ = ["federation_app"]

federation_app = typer.Typer(
    no_args_is_help=True, help="Training between companies on machines of their own, over a SuperLink."
)
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
PassportFile = Annotated[Path, typer.Argument(help="The passport that the company sent.")]
PassportFiles = Annotated[list[Path], typer.Argument(help="The passports of the other companies.")]
AdmissionFile = Annotated[Path, typer.Argument(help="The coordinator's answer to the passport.")]
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
    print(f"{link.folder}: made; keep it from everybody else. Start the SuperLink with `decai federation up`.")


@federation_app.command("up")
def up(home: Home = None) -> None:
    """The coordinator runs the SuperLink, until it is stopped.

    Example: decai federation up
    """
    link = _link(_network(home))
    command = link.command()
    os.execve(command[0], command, link.environment())  # in this process's place: who stops it stops the SuperLink


@federation_app.command("passport")
def passport(partner: Partner, out: Annotated[Path, typer.Option(help="The file to write.")], home: Home = None) -> None:
    """A company writes its public keys, for the coordinator and for all other companies.

    Example: decai federation passport acme --out acme.passport.json
    """
    from decai_forecast.federation.superlink.passport import apply

    company, keyring = _company(_network(home), partner)
    made = apply(company.files, partner, keyring)
    made.write(out)
    print(f"{out}: send it to the coordinator; hand it to the other companies in a way that the coordinator does not control.")
    print(f"Fingerprint, for who wants to hear it from you: {made.fingerprint}")


@federation_app.command("admit")
def admit(file: PassportFile, out: Annotated[Path, typer.Option(help="The file to write.")], home: Home = None) -> None:
    """The coordinator admits a company; the SuperLink must be running.

    Example: decai federation admit acme.passport.json --out acme.admission.json
    """
    from decai_forecast.federation.superlink.passport import Passport
    from decai_forecast.identity import Keyring

    network = _network(home)
    shown, keyring = Passport.read(file), Keyring(Store(network.address(COORDINATOR), COORDINATOR))
    network.participant(shown.partner)
    answer = _link(network).admit(shown, keyring.identity().public)
    keyring.pin({shown.partner: bytes.fromhex(shown.signing_key)})
    answer.write(out)
    print(f"{out}: send it to {shown.partner}, which is known by {shown.fingerprint}; ask it whether that is right.")
    print(f"Fingerprint of the coordinator, for who wants to hear it from you: {answer.fingerprint}")


@federation_app.command("enter")
def enter(partner: Partner, file: AdmissionFile, home: Home = None) -> None:
    """A company takes the coordinator's answer.

    Example: decai federation enter acme acme.admission.json
    """
    from decai_forecast.federation.superlink.passport import Admission

    company, keyring = _company(_network(home), partner)
    answer = Admission.read(file)
    company.enter(answer)
    keyring.pin({COORDINATOR: bytes.fromhex(answer.signing_key)})
    print(f"The coordinator is known by {answer.fingerprint}; ask it whether that is right.")
    print(f"{partner} is admitted; pin the other companies' passports, then `decai federation node {partner}`.")


@federation_app.command("pin")
def pin(partner: Partner, files: PassportFiles, home: Home = None) -> None:
    """A company learns the other companies' signing keys from their passports.

    Example: decai federation pin acme bolt.passport.json corex.passport.json
    """
    from decai_forecast.federation.superlink.passport import Passport

    _, keyring = _company(_network(home), partner)
    shown = [Passport.read(file) for file in files]
    keyring.pin({one.partner: bytes.fromhex(one.signing_key) for one in shown} | {partner: keyring.identity().public})
    for one in shown:
        print(f"{one.partner} is known by {one.fingerprint}; ask it whether that is right")


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
    company, _ = _company(network, partner)
    stop = Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    if until_closed:
        Thread(target=_stop_at_the_end_of_input, args=(stop,), daemon=True).start()
    with node_lock(network.home, partner):
        serve(company, lambda text: print(text, flush=True), stop)
        print(f"{partner}: stopped", flush=True)
        os._exit(0)  # an answer may be under way inside LightGBM, which waits for the others; only the process's end ends it


def _stop_at_the_end_of_input(stop: Event) -> None:
    """Whoever started this process holds the other end, until it ends."""
    sys.stdin.read()
    stop.set()


def _link(network: Network) -> Link:
    from decai_forecast.federation.superlink.link import Link

    return Link(network.home / "federation" / COORDINATOR)


def _company(network: Network, partner: str) -> tuple[Company, Keyring]:
    from decai_forecast.federation.preflight import agreed_by
    from decai_forecast.federation.superlink.node import Company
    from decai_forecast.federation.superlink.passport import Files
    from decai_forecast.identity import Keyring

    network.participant(partner)
    store = Store(network.address(partner), partner)
    files = Files.of(network.home, partner)
    privacy = network.privacy.terms if network.privacy else ""
    return Company(partner, store.url, files, agreed_by(network), network.strategy, privacy), Keyring(store)
