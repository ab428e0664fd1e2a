"""Giving a grant, seeing grants, and ending one before its time."""

from __future__ import annotations

import json
from dataclasses import dataclass
from uuid import uuid4

import sqlalchemy as sa

from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.desk import DAY, Desk
from decai_forecast.exchange.listings import newest_card
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.tables import GRANTS, LISTINGS
from decai_forecast.exchange.vocabulary import Purpose

__all__ = ["Grant", "Wish", "end", "give", "grant_of", "grants"]


@dataclass(frozen=True)
class Wish:
    """What a party asks for; what it does not name (``uses``, ``days``) is as the offer has it. ``approver``: who agreed."""

    listing: str
    party: str
    purposes: tuple[Purpose, ...]
    uses: int | None = None
    days: int | None = None
    approver: str = ""


@dataclass(frozen=True)
class Grant:
    """``offer``: as it was agreed; moments are seconds since 1970; ``quota``, ``ends``: None, without limit."""

    id: str
    listing: str
    party: str
    purposes: tuple[Purpose, ...]
    offer: Offer
    given: int
    ends: int | None
    quota: int | None
    used: int
    withdrawn: int | None


def give(desk: Desk, wish: Wish, grant_id: str = "") -> Grant:
    """A grant under the newest offer of the listing; with the id of one that is there, that one, unchanged.

    :class:`ExchangeError` names the term that stands against it: ``wrong_party``, ``wrong_purpose``, ``not_approved``,
    ``beyond_offer``.
    """
    card = newest_card(desk, wish.listing)
    _check(wish, card.offer, desk.owner)
    made = _grant(desk, wish, card.offer, grant_id or uuid4().hex)
    with desk.engine.begin() as connection:
        there = connection.execute(sa.select(GRANTS).where(GRANTS.c.id == made.id)).one_or_none()
        if there is not None:
            return _of_row(there)
        connection.execute(sa.insert(GRANTS).values(_row(made)))
        desk.note(connection, "grant", {"grant": made.id, "listing": made.listing, "number": card.number, "party": made.party})
    return made


def _check(wish: Wish, offer: Offer, owner: str) -> None:
    if wish.party == owner or (offer.parties and wish.party not in offer.parties):
        allowed = ", ".join(offer.parties) or f"any participant but {owner}"
        raise ExchangeError("wrong_party", f"{wish.listing} is offered to {allowed}, not to {wish.party}")
    beyond = [one for one in wish.purposes if one not in offer.purposes]
    if beyond or not wish.purposes:
        named = ", ".join(beyond) or "no purpose at all"
        raise ExchangeError("wrong_purpose", f"{wish.listing} is offered for {', '.join(offer.purposes)}, not for {named}")
    if offer.approvers and wish.approver not in offer.approvers:
        raise ExchangeError("not_approved", f"a grant of {wish.listing} needs the word of {' or '.join(offer.approvers)}")
    for what, asked, most in (("uses", wish.uses, offer.max_uses), ("days", wish.days, offer.valid_days)):
        if asked is not None and (asked < 1 or (most is not None and asked > most)):
            raise ExchangeError(
                "beyond_offer", f"{asked:,} {what} of {wish.listing}: its terms allow 1 to {most or 'any number'}"
            )


def _grant(desk: Desk, wish: Wish, offer: Offer, grant_id: str) -> Grant:
    now, days = desk.now(), wish.days or offer.valid_days
    ends = now + days * DAY if days else None
    quota = wish.uses or offer.max_uses
    return Grant(grant_id, wish.listing, wish.party, wish.purposes, offer, now, ends, quota, 0, None)


def _row(grant: Grant) -> dict[str, object]:
    plain = {key: value for key, value in vars(grant).items() if key not in ("offer", "purposes")}
    return plain | {"offer": json.dumps(grant.offer.to_json()), "purposes": ",".join(grant.purposes)}


def _of_row(row: sa.Row[tuple[object, ...]]) -> Grant:
    value = {key: item for key, item in row._mapping.items() if key != "stated"}
    purposes = tuple(map(Purpose, str(value["purposes"]).split(",")))
    return Grant(**(value | {"offer": Offer.from_json(json.loads(str(value["offer"]))), "purposes": purposes}))


def grant_of(desk: Desk, grant_id: str) -> Grant:
    """:class:`ExchangeError` (``exchange_unknown``) if the owner gave none of this id."""
    of = sa.select(GRANTS).join(LISTINGS).where(GRANTS.c.id == grant_id, LISTINGS.c.owner == desk.owner)
    with desk.engine.connect() as connection:
        row = connection.execute(of).one_or_none()
    if row is None:
        raise ExchangeError("exchange_unknown", f"{desk.owner} gave no grant {grant_id}; see decai exchange show")
    return _of_row(row)


def grants(desk: Desk, listing: str) -> list[Grant]:
    """All that were given of a listing, the oldest first."""
    of = sa.select(GRANTS).where(GRANTS.c.listing == listing).order_by(GRANTS.c.given, GRANTS.c.id)
    with desk.engine.connect() as connection:
        return [_of_row(row) for row in connection.execute(of)]


def end(desk: Desk, grant_id: str) -> None:
    """Ends a grant now, also for a use that has begun and is not finished. A second time nothing happens."""
    grant_of(desk, grant_id)
    of = sa.update(GRANTS).where(GRANTS.c.id == grant_id, GRANTS.c.withdrawn.is_(None)).values(withdrawn=desk.now())
    with desk.engine.begin() as connection:
        if connection.execute(of).rowcount:
            desk.note(connection, "withdrawal", {"grant": grant_id})
