"""Publishing a version of a listing, seeing what is listed, taking a listing back, and letting go what is past its time."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import sqlalchemy as sa

from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.card import Card, Draft
from decai_forecast.exchange.desk import DAY, Desk, moment_of
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.tables import LISTINGS, OPENINGS, VERSIONS
from decai_forecast.exchange.vocabulary import Kind

__all__ = ["close_opening", "expire", "listed", "newest_card", "open_for", "publish", "take_back"]


@dataclass(frozen=True)
class Opening:
    """For how long a disruption notification opens the grants of a listing; seconds since 1970."""

    listing: str
    event: str
    begins: int
    ends: int


def publish(desk: Desk, draft: Draft, offer: Offer, data: bytes) -> Card:
    """The next version; where the newest one has the same file, words and terms, that one: a retry publishes nothing twice.

    :class:`ExchangeError` (``exchange_kind``) if the listing is of another kind, (``exchange_withdrawn``) if it was taken back.
    """
    listing, file = draft.listing(desk.owner), desk.keep(data)
    _check_contributors(listing, draft, offer)
    with desk.engine.begin() as connection:
        _ensure(desk, connection, listing, draft)
        last = _newest(connection, listing)
        card = _card(desk, draft, offer, file, len(data), last.number + 1 if last else 1)
        if last is not None and _same(last, card):
            return last
        until = desk.now() + int(offer.kept_days * DAY) if offer.kept_days else None
        values = {
            "listing": listing, "number": card.number, "file": file, "card": card.to_bytes().decode(),
            "published": desk.now(), "kept_until": until,
        }  # fmt: skip
        connection.execute(sa.insert(VERSIONS).values(values))
        desk.note(connection, "listing", {"listing": listing, "number": card.number, "card": card.digest})
    return card


def _check_contributors(listing: str, draft: Draft, offer: Offer) -> None:
    if draft.kind is not Kind.DATA_SET and draft.contributors < offer.min_contributors:
        few = f"{draft.contributors} companies contributed to {listing}, and its terms ask for {offer.min_contributors}"
        raise ExchangeError("too_few_contributors", few)


def _ensure(desk: Desk, connection: sa.Connection, listing: str, draft: Draft) -> None:
    row = connection.execute(sa.select(LISTINGS).where(LISTINGS.c.id == listing).with_for_update()).one_or_none()
    if row is None:
        values = {"id": listing, "owner": desk.owner, "kind": draft.kind.value, "title": draft.title, "published": desk.now()}
        connection.execute(sa.insert(LISTINGS).values(values))
    elif row.kind != draft.kind:
        raise ExchangeError("exchange_kind", f"{listing} is a {row.kind}; publish the {draft.kind.value} under another name")
    elif row.withdrawn is not None:
        raise ExchangeError("exchange_withdrawn", f"{listing} was taken back; publish under another name")


def _card(desk: Desk, draft: Draft, offer: Offer, file: str, size: int, number: int) -> Card:
    words = {key: value for key, value in asdict(draft).items() if key != "name"}
    published = moment_of(desk.now()).isoformat()
    return Card(
        listing=draft.listing(desk.owner), number=number, owner=desk.owner, file=file, size=size, published=published,
        offer=offer, **words,
    )  # fmt: skip


def _same(one: Card, other: Card) -> bool:
    """But for number and moment."""
    fixed = {"number": 0, "published": ""}
    return asdict(one) | fixed == asdict(other) | fixed


def _newest(connection: sa.Connection, listing: str) -> Card | None:
    of = sa.select(VERSIONS.c.card).where(VERSIONS.c.listing == listing).order_by(VERSIONS.c.number.desc()).limit(1)
    text = connection.execute(of).scalar()
    return Card.parse(text) if text else None


def newest_card(desk: Desk, listing: str) -> Card:
    """:class:`ExchangeError` (``exchange_unknown``) if nothing is listed under this id, or it was taken back."""
    with desk.engine.connect() as connection:
        row = connection.execute(sa.select(LISTINGS).where(LISTINGS.c.id == listing)).one_or_none()
        card = _newest(connection, listing) if row is not None and row.withdrawn is None else None
    if card is None:
        raise ExchangeError("exchange_unknown", f"{desk.owner} lists no {listing}; see decai exchange list")
    return card


def listed(desk: Desk) -> list[Card]:
    """The newest version of every listing of this owner that was not taken back, by id."""
    with desk.engine.connect() as connection:
        of = sa.select(LISTINGS.c.id).where(LISTINGS.c.owner == desk.owner, LISTINGS.c.withdrawn.is_(None))
        names: list[str] = list(connection.execute(of.order_by(LISTINGS.c.id)).scalars())
        return [card for name in names if (card := _newest(connection, name))]


def take_back(desk: Desk, listing: str) -> None:
    """No grant is given any more; those that were given hold to their end. A second time nothing happens."""
    _any_card(desk, listing)
    of = sa.update(LISTINGS).where(LISTINGS.c.id == listing, LISTINGS.c.withdrawn.is_(None)).values(withdrawn=desk.now())
    with desk.engine.begin() as connection:
        if connection.execute(of).rowcount:
            desk.note(connection, "withdrawal", {"listing": listing})


def _any_card(desk: Desk, listing: str) -> Card:
    """Also of a listing that was taken back."""
    with desk.engine.connect() as connection:
        card = _newest(connection, listing)
    if card is None or card.owner != desk.owner:
        raise ExchangeError("exchange_unknown", f"{desk.owner} lists no {listing}; see decai exchange list")
    return card


def open_for(desk: Desk, listing: str, event: str) -> Opening:
    """A disruption notification opens the listing's grants for the days of its terms; the same one a second time opens them
    no longer."""
    days = newest_card(desk, listing).offer.during_disruption
    if not days:
        raise ExchangeError("exchange_always_open", f"{listing} needs no disruption to be used")
    made = Opening(listing, event, desk.now(), desk.now() + days * DAY)
    of = sa.select(OPENINGS).where(OPENINGS.c.listing == listing, OPENINGS.c.event == event)
    with desk.engine.begin() as connection:
        if (row := connection.execute(of).one_or_none()) is not None:
            return Opening(**row._mapping)
        connection.execute(sa.insert(OPENINGS).values(asdict(made)))
    return made


def close_opening(desk: Desk, listing: str, event: str) -> bool:
    """The disruption is over; False if it did not open this listing, or is closed."""
    open_ = (OPENINGS.c.listing == listing, OPENINGS.c.event == event, OPENINGS.c.ends > desk.now())
    with desk.engine.begin() as connection:
        return bool(connection.execute(sa.update(OPENINGS).where(*open_).values(ends=desk.now())).rowcount)


def expire(desk: Desk) -> list[str]:
    """Deletes the files of versions whose time is over, unless a version that is still kept has the same; their digests."""
    own = sa.select(VERSIONS.c.file, VERSIONS.c.kept_until).where(
        VERSIONS.c.listing.startswith(f"{desk.owner}/", autoescape=True)
    )
    with desk.engine.connect() as connection:
        rows = connection.execute(own).all()
    over = {row.file for row in rows if row.kept_until is not None and row.kept_until <= desk.now()}
    kept = {row.file for row in rows if row.kept_until is None or row.kept_until > desk.now()}
    return [digest for digest in sorted(over - kept) if desk.drop(digest)]
