"""`decai federation renew | rotate | approve | revoke`: keys and certificates of those who are admitted."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decai_forecast.commands.membership import (
    HURRY,
    answers_of,
    company_of,
    joined,
    revoked_at_the_coordinator,
)
from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.network import COORDINATOR, Network

if TYPE_CHECKING:  # these modules import gRPC
    from decai_forecast.founding.apart import Exchange
    from decai_forecast.founding.apart.approve import KeyChanges

__all__ = ["keys_app"]

keys_app = typer.Typer()
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Who = Annotated[str, typer.Argument(help="The company; default: the one that joined in this home.")]
Out = Annotated[Path | None, typer.Option(help="Write the request into this file, to be carried, and send nothing.")]
Package = Annotated[Path | None, typer.Option(help="The coordinator's answer, as a file that was carried here.")]
Wait = Annotated[float, typer.Option(help="Seconds to wait for the coordinator's answer.", min=0)]
LOOK = 2.0  # seconds between two looks whether the coordinator has answered


@keys_app.command("renew")
def renew(partner: Who = "", out: Out = None, package: Package = None, wait: Wait = 0.0, home: Home = None) -> None:
    """A company asks for another certificate, with a new key that it makes and keeps; the coordinator for its servers.

    The company stays who it is: its signing key is the same. The certificate before holds until its own end, so nothing stops
    meanwhile. Run it again to take the coordinator's answer.

    Examples:

      decai federation renew --wait 600

      decai federation renew coordinator

    Exit code 1 while the coordinator has not answered.
    """
    network = Network.load(home)
    if partner == COORDINATOR:
        link = answers_of(network).link
        print(f"The servers' certificate holds until {link.renew_server():%Y-%m-%d}. Start again, one after the other:")
        print("`decai federation up` and `decai coordinator serve`; companies notice nothing.")
        return
    raise typer.Exit(_exchanged(_exchange(network, partner), out, package, wait, everything=False))


@keys_app.command("rotate")
def rotate(partner: Who = "", out: Out = None, package: Package = None, wait: Wait = 0.0, home: Home = None) -> None:
    """A company exchanges all its keys for new ones, and stays the company that it is.

    The old signing key signs the new one, so every other company knows it as the same, with its past and what it has begun. The
    coordinator compares the new fingerprint aloud. Both keys are taken for 14 days. A key that somebody else may have is taken
    back instead (`decai federation revoke`). Run it again to take the coordinator's answer.

    Example: decai federation rotate --wait 600

    Exit code 1 while the coordinator has not answered.
    """
    raise typer.Exit(_exchanged(_exchange(Network.load(home), partner), out, package, wait, everything=True))


def _exchange(network: Network, partner: str) -> Exchange:
    from decai_forecast.founding.apart import Exchange
    from decai_forecast.link.calls import Patience

    company, keyring = company_of(network, partner or joined(network))
    company.admission()
    return Exchange(network.name, company, keyring, Patience(step=HURRY, tries=HURRY))


def _exchanged(exchange: Exchange, out: Path | None, package: Path | None, wait: float, *, everything: bool) -> int:
    """The exit code."""
    name = exchange.company.partner
    if exchange.is_begun and exchange.exchanges_all != everything:
        other = "rotate" if exchange.exchanges_all else "renew"
        raise ConfigError(f"{name}: {other} is under way; finish it, or remove {exchange.folder}")
    fingerprint = exchange.prepare(everything=everything)
    if package:
        exchange.take(package.read_bytes())
    elif out:
        out.write_bytes(exchange.request.read_bytes())
        print(f"{out}: the request, no secret; carry it to the coordinator, who takes it with `decai federation approve`.")
        return 1
    else:
        exchange.ask()
    if not _answered(exchange, time.monotonic() + wait):
        aloud = f"read the fingerprint of {name} aloud to the coordinator: {fingerprint}"
        print(f"{name}: asked; {aloud if everything else 'the coordinator approves it'}. Then run this again.")
        return 1
    exchange.finish()
    until = exchange.company.admission().ends
    print(f"{name}: in place; the certificate holds until {until:%Y-%m-%d}. A node that runs takes it by itself.")
    return 0


def _answered(exchange: Exchange, end: float) -> bool:
    while not exchange.fetch():
        if time.monotonic() >= end:
            return False
        time.sleep(LOOK)
    return True


@keys_app.command("approve")
def approve(
    partners: Annotated[list[str] | None, typer.Argument(help="Companies, or files with requests; default: all.")] = None,
    fingerprint: Annotated[
        list[str] | None, typer.Option(help="As a company that exchanges its key reads it aloud; in their order.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Also write the answers into this folder, to be carried.")] = None,
    home: Home = None,
) -> None:
    """The coordinator signs what companies ask for: another certificate, or new keys in the place of old ones.

    A company that only renews is known by its signing key; nothing is compared. Of one that exchanges its keys the new
    fingerprint is. The SuperLink must be running then.

    Examples:

      decai federation approve

      decai federation approve acme --fingerprint 1f3a-77c0-9e21-b5d4-08aa
    """
    answers = answers_of(Network.load(home))
    changes = answers.changes
    names = [answers.take_request(Path(one)) if one.endswith(".json") else one for one in partners or changes.waiting()]
    if not names:
        raise ConfigError("no request has come; `decai coordinator serve` takes them, or name the file that a company carried")
    heard = iter(fingerprint or [])
    for name in names:
        changes.approve(name, _heard(changes, name, heard))
        print(f"{name}: approved; `decai federation renew` or `rotate` there takes it.")
        if out:
            out.mkdir(parents=True, exist_ok=True)
            (out / f"{name}.package.json").write_bytes(answers.desk.store.read_bytes(answers.desk.package_key(name)))
    answers.tell()


def _heard(changes: KeyChanges, name: str, given: Iterator[str]) -> str:
    """The company's new fingerprint, once it is confirmed; nothing where its signing key stays."""
    request = changes.request(name)
    if request.succession is None:
        return ""
    shown = request.passport.fingerprint
    if (heard := next(given, None)) is not None:
        return heard
    if typer.confirm(f"{name} exchanges its key for {shown}. Does {name} itself read the same aloud?"):
        return shown
    raise LinkError("other_fingerprint", f"{name} is not approved; ask it, and take its key back if it knows nothing of this")


@keys_app.command("revoke")
def revoke(
    partner: Annotated[str, typer.Argument(help="Whose key; default: the company's own.")] = "",
    home: Home = None,
) -> None:
    """Takes a key back that somebody else may have, or a company's that leaves; from this moment on nothing of it is taken.

    At the coordinator: for everybody. At a company: its own key, for everybody, or another company's, for this one alone. With
    a new invitation the company comes back, with new keys that all compare.

    Examples:

      decai federation revoke bolt

      decai federation revoke
    """
    from decai_forecast.federation.superlink.link import Link

    network = Network.load(home)
    if Link(network.home / "federation" / COORDINATOR).is_founded:
        if not partner:
            raise ConfigError("name the company whose key is taken back")
        revoked_at_the_coordinator(network, partner)
        print(f"{partner}: its key and certificates are taken back, in this round too.")
        print(f"`decai federation invite {partner}` lets it come back, with new keys.")
        return
    own = joined(network)
    exchange = _exchange(network, own)
    if partner not in ("", own):
        _revoke_here(exchange, partner)
        return
    _revoke_own(exchange)


def _revoke_here(exchange: Exchange, partner: str) -> None:
    key = exchange.keyring.pinned().get(partner)
    if key is None:
        raise ConfigError(f"{partner}: no key of it is pinned here")
    exchange.keyring.revoke(partner, key, datetime.now(UTC).date())
    print(f"{partner}: {exchange.company.partner} trains with it no more, and uses no model that it signs; tell the others.")


def _revoke_own(exchange: Exchange) -> None:
    from decai_forecast.link import Revocation
    from decai_forecast.link.envelope import NO_ROUND, Kind, sealed

    name, identity, day = exchange.company.partner, exchange.keyring.identity(), datetime.now(UTC).date()
    exchange.take_back(sealed(Revocation(name, identity.public.hex(), day), Kind.REVOCATION, NO_ROUND, identity))
    exchange.keyring.revoke(name, identity.public, day)
    exchange.give_up()
    print(f"{name}: its key is taken back, for everybody. Ask the coordinator, by telephone, for a new invitation.")
