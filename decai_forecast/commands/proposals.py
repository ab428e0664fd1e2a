"""`decai network propose | diff | accept`: another network.yaml is a proposal until this home's operator takes it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from decai_forecast.errors import ConfigError, DecaiError
from decai_forecast.network import COORDINATOR, FILE, Network
from decai_forecast.store import Store, digest_bytes

if TYPE_CHECKING:
    from decai_forecast.network.proposal import Proposal

__all__ = ["news_of_proposal", "proposals_app"]

proposals_app = typer.Typer()
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
File = Annotated[Path | None, typer.Argument(help="A network.yaml that was sent; default: what the coordinator proposes.")]


@proposals_app.command("propose")
def propose(home: Home = None) -> None:
    """The coordinator proposes its network.yaml to all companies; none of them uses it before its operator accepts.

    Example: decai network propose
    """
    from decai_forecast.coordinator.context import coordinator_context
    from decai_forecast.network.common import common_part
    from decai_forecast.network.proposal import Proposal

    network = Network.load(home)
    proposal = Proposal(common_part(network))
    coordinator = coordinator_context(network)
    coordinator.link.publish_proposal(proposal)
    _approved(coordinator.store, proposal)
    print(f"{network.name}: proposed as {proposal.digest}; each company sees it with `decai network diff`.")


@proposals_app.command("diff")
def diff(file: File = None, home: Home = None) -> None:
    """Shows what another network.yaml would change here, key by key; changes nothing.

    Examples:

      decai network diff

      decai network diff sent.yaml

    Exit code 1 if it would change something.
    """
    network = Network.load(home)
    raise typer.Exit(1 if _shown(network, _proposal(network, file)) else 0)


@proposals_app.command("accept")
def accept(
    file: File = None,
    digest: Annotated[str, typer.Option(help="Of the proposal, as `decai network diff` shows it; asks nothing.")] = "",
    home: Home = None,
) -> None:
    """Takes another network.yaml in place of the own one, once you have seen what it changes.

    What is this home's own stays: stores, source folders, channels, supply. A node that runs goes on by the old one until it is
    started again.

    Examples:

      decai network accept

      decai network accept sent.yaml --digest 5f0c91d2a7b3e846
    """
    from decai_forecast.network.proposal import accepted
    from decai_forecast.partner.context import partner_context

    network = Network.load(home)
    proposal = _proposal(network, file)
    if not _shown(network, proposal):
        return
    if digest and digest != proposal.digest:
        raise ConfigError(f"the proposal is {proposal.digest}, not {digest}: look at it (`decai network diff`), then accept it")
    if not digest and not typer.confirm("Take this in place of your own network.yaml?"):
        raise ConfigError("not accepted; nothing was changed")
    accepted(network, proposal).save()
    for partner in _here(network):
        _approved(partner_context(network, partner, once=True).store, proposal)
    print(f"{network.home / FILE}: written. Start a node that runs again; it has read the old one.")


def _proposal(network: Network, file: Path | None) -> Proposal:
    from decai_forecast.network.proposal import read_proposal

    if file:
        return read_proposal(file)
    proposal = _offered(network)
    if proposal is None:
        raise ConfigError("the coordinator proposes nothing; name a file that was sent")
    return proposal


def _offered(network: Network) -> Proposal | None:
    """What the coordinator proposes, to the company of this home."""
    from decai_forecast.partner.context import partner_context

    return partner_context(network, _here(network)[0], once=True).link.proposal()


def _here(network: Network) -> tuple[str, ...]:
    """The companies of this home."""
    from decai_forecast.commands.membership import joined

    return (joined(network),) if network.link.way == "https" else network.partners


def _approved(store: Store, proposal: Proposal) -> None:
    """The log says so with the next round."""
    from decai_forecast.ledger.approvals import note_approval
    from decai_forecast.ledger.statements import Matter

    note_approval(store, Matter.NETWORK, f"network/{proposal.digest}", digest_bytes(proposal.text.encode()))


def _shown(network: Network, proposal: Proposal) -> bool:
    """Whether something would change; it is printed."""
    from decai_forecast.network.proposal import changes

    lines = changes(network, proposal)
    print(f"Proposal {proposal.digest} for {network.home / FILE}: {f'{len(lines)} lines' if lines else 'nothing would change'}")
    print("".join(f"  {line}\n" for line in lines), end="")
    return bool(lines)


def news_of_proposal(network: Network, partner: str) -> Iterator[str]:
    """That the coordinator proposes another network.yaml than this home has."""
    from decai_forecast.network.proposal import changes
    from decai_forecast.partner.context import partner_context

    if network.link.way != "https":
        return
    try:
        proposal = partner_context(network, partner, once=True).link.proposal()
    except DecaiError as error:  # it is for being told only
        yield f"{partner}: {error}"
        return
    if proposal and changes(network, proposal):
        which = f"the {COORDINATOR} proposes another {FILE} ({proposal.digest})"
        yield f"{partner}: {which}; it is not used: `decai network diff` shows it"
