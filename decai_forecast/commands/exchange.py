"""`decai exchange ...`: offers, grants and uses of data sets, forecasters, reports and solutions."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

import typer

from decai_forecast.errors import ConfigError
from decai_forecast.exchange.vocabulary import Action, Kind, Purpose
from decai_forecast.network import Network
from decai_forecast.store import Store

if TYPE_CHECKING:
    from decai_forecast.exchange.card import Card
    from decai_forecast.exchange.desk import Desk
    from decai_forecast.exchange.offer import Offer

__all__ = ["exchange_app"]

exchange_app = typer.Typer(
    no_args_is_help=True, help="The exchange: offer, grant and use what companies and contributors have."
)
Home = Annotated[Path | None, typer.Option(envvar="DECAI_HOME", help="The network's home.", show_default=".decai/demo")]
Partner = Annotated[str, typer.Option(envvar="DECAI_PARTNER", help="The participant whose own exchange it is.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Listing = Annotated[str, typer.Argument(help="Owner and name: acme/demand.")]
KindOption = Annotated[Kind, typer.Option(help="What is offered.")]


@exchange_app.command("offer")
def offer_(
    terms: Annotated[Path, typer.Argument(help="A contract, or a file of terms.")],
    partner: Partner,
    kind: KindOption = Kind.DATA_SET,
    odrl: Annotated[bool, typer.Option("--odrl", help="Print the policy as the Dataspace Protocol has it.")] = False,
    home: Home = None,
) -> None:
    """Says in words what would be enforced, and what would not; publishes nothing.

    Exit code 2 if a term cannot be enforced, with its line.

    Example: decai exchange offer contracts/acme/demand.odcs.yaml --partner acme
    """
    from decai_forecast.exchange.odrl import policy_of

    offer = _offer(Network.load(home), partner, terms, kind)
    if odrl:
        print(json.dumps(policy_of(offer, f"urn:decai-forecast:offer:{partner}"), indent=1))
        return
    _say_terms(offer)


@exchange_app.command("publish")
def publish(
    terms: Annotated[Path, typer.Argument(help="The contract of a data set, or a file of terms.")],
    partner: Partner,
    name: Annotated[str, typer.Option(help="The listing's name: demand.")],
    title: Annotated[str, typer.Option(help="One line that says what it is.")],
    licence: Annotated[str, typer.Option(help="An expression of SPDX: CC-BY-4.0.")],
    intended_use: Annotated[str, typer.Option(help="One line: what it is for.")],
    kind: KindOption = Kind.DATA_SET,
    file: Annotated[Path | None, typer.Option(help="What is published; of a data set the contract is, its rows stay.")] = None,
    parent: Annotated[list[str] | None, typer.Option(help="What it was made from: acme/demand@1; repeat it.")] = None,
    contributors: Annotated[int, typer.Option(help="Companies whose data are in it.", min=0)] = 0,
    home: Home = None,
) -> None:
    """Publishes the next version of a listing; the same one again changes nothing.

    Example: decai exchange publish terms.yaml --partner acme --kind report --file report.html --name risks
    --title "Supplier risks" --licence CC-BY-4.0 --intended-use "Planning of safety stock"
    """
    from decai_forecast.exchange.card import Draft, licence_of
    from decai_forecast.exchange.listings import publish as publish_

    network = Network.load(home)
    if file is None and kind is not Kind.DATA_SET:
        raise ConfigError(f"a {kind.value} needs --file: what is published?")
    if file is not None and kind is Kind.DATA_SET:
        raise ConfigError("the rows of a data set stay with their owner: leave out --file")
    draft = Draft(name, kind, title, licence_of(licence), intended_use, tuple(parent or ()), contributors)
    card = publish_(_desk(network, partner), draft, _offer(network, partner, terms, kind), _read(file or terms))
    print(f"{card.listing}@{card.number}: published; the log hears of it in the next night of {partner}")
    _say_terms(card.offer)


@exchange_app.command("list")
def list_(partner: Partner = "", home: Home = None, as_json: Json = False) -> None:
    """What is offered, of one participant or of all whose stores are here.

    Example: decai exchange list
    """
    from decai_forecast.exchange.database import has_exchange
    from decai_forecast.exchange.listings import expire, listed

    network, cards = Network.load(home), list["Card"]()
    for name in [partner] if partner else [one.id for one in network.participants]:
        if has_exchange(Store(network.address(name), name)):
            desk = _desk(network, name)
            expire(desk)
            cards += listed(desk)
    if as_json:
        print(json.dumps([json.loads(card.to_bytes()) for card in cards], indent=1))
        return
    for card in cards:
        print(f"{card.listing}@{card.number:<4} {card.kind.value:<11} {_price(card.offer):<16} {card.licence:<14} {card.title}")
    if not cards:
        print("nothing is offered; decai exchange publish offers something")


@exchange_app.command("catalogue")
def catalogue(
    partner: Partner,
    endpoint: Annotated[str, typer.Option(help="The address that the catalogue names for its data service.")],
    home: Home = None,
) -> None:
    """Prints what a participant offers as a catalogue of the Dataspace Protocol 2025-1, each offer as an ODRL policy.

    Example: decai exchange catalogue --partner acme --endpoint https://acme.example/dsp
    """
    from decai_forecast.exchange.catalogue import catalogue_of
    from decai_forecast.exchange.listings import listed

    print(json.dumps(catalogue_of(partner, listed(_desk(Network.load(home), partner)), endpoint), indent=1))


@exchange_app.command("show")
def show(listing: Listing, home: Home = None, as_json: Json = False) -> None:
    """One listing: its card, what will be enforced, and (for its owner) who has a grant and how often it was used.

    Example: decai exchange show acme/demand
    """
    from decai_forecast.exchange.desk import moment_of
    from decai_forecast.exchange.grants import grants
    from decai_forecast.exchange.listings import newest_card

    desk = _desk_of(Network.load(home), listing)
    card = newest_card(desk, listing)
    if as_json:
        print(card.to_bytes().decode())
        return
    print(f"{card.listing}@{card.number}  {card.title}\n{card.kind.value}, licence {card.licence}, for: {card.intended_use}")
    print(f"SHA-256 {card.file}, {card.size:,} bytes, published {card.published}")
    print(f"made from {', '.join(card.parents)}" if card.parents else "made from nothing that is listed")
    _say_terms(card.offer)
    for grant in grants(desk, listing):
        ends = f", until {moment_of(grant.ends).isoformat()}" if grant.ends else ""
        state = "withdrawn" if grant.withdrawn is not None else f"used {grant.used:,} of {grant.quota or 'any number'}{ends}"
        print(f"grant {grant.id} for {grant.party} ({', '.join(grant.purposes)}): {state}")


@exchange_app.command("grant")
def grant(
    listing: Listing,
    to: Annotated[str, typer.Option(help="The participant that gets it.")],
    purpose: Annotated[list[Purpose], typer.Option(help="For what; repeat it.")],
    uses: Annotated[int | None, typer.Option(help="How often; default: as offered.")] = None,
    days: Annotated[int | None, typer.Option(help="For how many days; default: as offered.")] = None,
    approver: Annotated[str, typer.Option(help="Who agreed, where the terms ask for somebody.")] = "",
    home: Home = None,
) -> None:
    """The owner gives a grant under the terms of its newest offer.

    Example: decai exchange grant acme/demand --to bolt --purpose demand-forecasting --uses 10
    """
    from decai_forecast.exchange.grants import Wish, give

    network = Network.load(home)
    network.participant(to)
    made = give(_desk_of(network, listing), Wish(listing, to, tuple(purpose), uses, days, approver))
    print(f"grant {made.id}: {to} may use {listing} {made.quota or 'any number of'} times")


@exchange_app.command("use")
def use(
    version: Annotated[str, typer.Argument(help="Which version: acme/risks@1.")],
    grant: Annotated[str, typer.Option(help="The grant's id.")],
    party: Annotated[str, typer.Option("--as", help="The participant that uses it; its key signs the request.")],
    purpose: Annotated[Purpose, typer.Option(help="For what.")],
    out: Annotated[Path, typer.Option(help="The file to write.")],
    action: Annotated[Action, typer.Option(help="What is done with it.")] = Action.READ,
    key: Annotated[str, typer.Option(help="Yours; the same key is the same use. Default: a new one.")] = "",
    home: Home = None,
) -> None:
    """Uses a version under a grant: the request is signed, checked at the owner's node, metered, and its file written.

    Example: decai exchange use acme/risks@1 --grant 4f0c... --as bolt --purpose resilience-simulation --out risks.html
    """
    from decai_forecast.exchange.answer import answer
    from decai_forecast.exchange.card import reference_of
    from decai_forecast.exchange.request import Request, sealed_request
    from decai_forecast.identity import Keyring

    network, (listing, number) = Network.load(home), reference_of(version)
    asked = Request(grant, key or uuid4().hex, party, listing, number, action, purpose)
    identity = Keyring(Store(network.address(network.participant(party).id), party)).identity()
    desk = _desk_of(network, listing)
    done, data = answer(desk, sealed_request(asked, identity), Keyring(desk.store).pinned())
    _write(out, data)
    print(f"{out}: {version}, use {done.number} of grant {grant}; key {asked.key}")


@exchange_app.command("withdraw")
def withdraw(
    what: Annotated[str, typer.Argument(help="A listing (acme/demand), or a grant's id with --partner.")],
    partner: Partner = "",
    home: Home = None,
) -> None:
    """The owner takes a listing back (grants hold to their end), or ends a grant now.

    Example: decai exchange withdraw acme/demand
    """
    from decai_forecast.exchange.grants import end
    from decai_forecast.exchange.listings import take_back

    network = Network.load(home)
    if "/" in what:
        take_back(_desk_of(network, what), what)
    elif partner:
        end(_desk(network, partner), what)
    else:
        raise ConfigError(f"{what!r}: a listing is owner/name; for a grant name its owner with --partner")
    print(f"{what}: withdrawn")


@exchange_app.command("open")
def open_(
    listing: Listing,
    event: Annotated[str, typer.Option(help="The id of the disruption notification.")],
    close: Annotated[bool, typer.Option("--close", help="The disruption is over: close it again.")] = False,
    home: Home = None,
) -> None:
    """A disruption notification opens the grants of a listing for the days of its terms; the same one opens them once.

    Example: decai exchange open acme/stock --event flood-2026-11
    """
    from decai_forecast.exchange.desk import moment_of
    from decai_forecast.exchange.listings import close_opening, open_for

    desk = _desk_of(Network.load(home), listing)
    if close:
        was = close_opening(desk, listing, event)
        print(f"{listing}: {event} {'is closed' if was else 'held nothing open'}")
        return
    print(f"{listing}: open by {event} until {moment_of(open_for(desk, listing, event).ends).isoformat()}")


def _desk(network: Network, name: str) -> Desk:
    from decai_forecast.exchange.desk import Desk

    return Desk.of(Store(network.address(network.participant(name).id), name))


def _desk_of(network: Network, listing: str) -> Desk:
    """The owner's."""
    return _desk(network, listing.partition("/")[0])


def _offer(network: Network, partner: str, terms: Path, kind: Kind) -> Offer:
    from decai_forecast.exchange.terms_file import Seller, read_offer

    network.participant(partner)
    seller = Seller(partner, tuple(one.id for one in network.participants), network.privacy)
    return read_offer(terms, kind, seller)


def _say_terms(offer: Offer) -> None:
    from decai_forecast.exchange.offer_words import enforced, not_enforced

    print("Enforced:", *(f"  - {line}" for line in enforced(offer)), sep="\n")
    print("Said to people, and enforced by nothing:", *(f"  - {line}" for line in not_enforced(offer)), sep="\n")


def _price(offer: Offer) -> str:
    from decai_forecast.exchange.money import in_words

    return in_words(offer.price, offer.currency) if offer.price else "free"


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({error.strerror or type(error).__name__})") from None


def _write(path: Path, data: bytes) -> None:
    try:
        path.write_bytes(data)
    except OSError as error:
        raise ConfigError(
            f"{path}: cannot be written ({error.strerror or type(error).__name__}); use the same --key again"
        ) from None
