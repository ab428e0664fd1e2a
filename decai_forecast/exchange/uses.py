"""A use, from the request to the answer: checked and entered before anything is computed, checked again before it leaves.

Entering is one transaction: of two at the same time that would use up the last one, one is refused; the same key twice is one
use. A process that dies in between leaves a use that is begun, and the same request goes on with it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from typing import Any

import sqlalchemy as sa

from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.card import Card
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.money import shared_part
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.request import Request
from decai_forecast.exchange.tables import GRANTS, OPENINGS, USES, VERSIONS
from decai_forecast.exchange.verdict import Terms, refusal
from decai_forecast.exchange.vocabulary import Purpose

__all__ = ["State", "Use", "begin", "finish", "uses"]


class State(StrEnum):
    """How far a use is."""

    BEGUN = "begun"
    DONE = "done"
    STOPPED = "stopped"  # the grant was withdrawn in the middle: nothing left, nothing is owed


@dataclass(frozen=True)
class Use:
    """The ``number``-th of a grant. ``charge`` and the ``shared`` part of it: minor units; ``begun``: seconds since 1970."""

    grant_id: str
    number: int
    key: str
    version: int
    action: str
    purpose: str
    state: State
    begun: int
    charge: int
    shared: int


def begin(desk: Desk, asked: Request, contributors: int | None = None) -> Use:
    """Enters the use; the same request again gives the same use. :class:`ExchangeError` with the code of the term that stands
    against it. ``contributors``: companies in what would be answered, where the card does not say it."""
    try:
        with desk.engine.begin() as connection:
            return _entered(desk, connection, asked, contributors)
    except sa.exc.IntegrityError:  # the same key at the same time: the other one has entered it
        with desk.engine.begin() as connection:
            return _entered(desk, connection, asked, contributors)


def _entered(desk: Desk, connection: sa.Connection, asked: Request, contributors: int | None) -> Use:
    row = _row(connection, asked)
    if row is None or not row.listing.startswith(f"{desk.owner}/"):
        raise ExchangeError("exchange_unknown", f"{desk.owner} gave no grant {asked.grant}")
    terms = _terms(desk, connection, row, asked, contributors)
    if row.key is not None and asked.party == row.party:
        return _again(row, asked)
    if refused := refusal(terms, asked):
        raise ExchangeError(refused.code, f"grant {asked.grant}: {refused.text}")
    number = _counted(connection, asked.grant)
    if number is None:
        raise ExchangeError("quota_used_up", f"grant {asked.grant}: another use was faster, or it was withdrawn")
    use = _use(terms.offer, asked, number, terms.now)
    connection.execute(ENTER, dict(vars(use)))
    return use


def _row(connection: sa.Connection, asked: Request) -> Any:
    return connection.execute(GRANT_AND_USE, {"grant": asked.grant, "key": asked.key, "number": asked.number}).one_or_none()


# Built once: SQLAlchemy takes longer to build this statement than a database to answer it
GRANT_AND_USE = (
    sa.select(*GRANTS.c, *(column for column in USES.c if column.name != "grant_id"), VERSIONS.c.kept_until, VERSIONS.c.card)
    .select_from(
        GRANTS.outerjoin(USES, sa.and_(USES.c.grant_id == GRANTS.c.id, USES.c.key == sa.bindparam("key"))).outerjoin(
            VERSIONS, sa.and_(VERSIONS.c.listing == GRANTS.c.listing, VERSIONS.c.number == sa.bindparam("number"))
        )
    )
    .where(GRANTS.c.id == sa.bindparam("grant"))
)
ONE_MORE = (
    sa.update(GRANTS)
    .where(
        GRANTS.c.id == sa.bindparam("grant"), GRANTS.c.withdrawn.is_(None),
        sa.or_(GRANTS.c.quota.is_(None), GRANTS.c.used < GRANTS.c.quota),
    )
    .values(used=GRANTS.c.used + 1)
    .returning(GRANTS.c.used)
)  # fmt: skip
ENTER = sa.insert(USES)


def _terms(desk: Desk, connection: sa.Connection, row: Any, asked: Request, contributors: int | None) -> Terms:
    if row.card is None:
        raise ExchangeError("exchange_unknown", f"{desk.owner} lists no {asked.listing}@{asked.number}")
    offer, now = _offer(row.offer), desk.now()
    count = contributors if contributors is not None else Card.parse(row.card).contributors if offer.min_contributors else 0
    return Terms(
        listing=row.listing, party=row.party, purposes=tuple(map(Purpose, row.purposes.split(","))), offer=offer, used=row.used,
        quota=row.quota, ends=row.ends, withdrawn=row.withdrawn, kept_until=row.kept_until, contributors=count, now=now,
        opened=bool(offer.during_disruption) and _is_open(connection, row.listing, now),
    )  # fmt: skip


@lru_cache(maxsize=1024)
def _offer(text: str) -> Offer:
    """Read once for all uses of a grant."""
    return Offer.from_json(json.loads(text))


def _is_open(connection: sa.Connection, listing: str, now: int) -> bool:
    of = sa.select(sa.func.count()).where(OPENINGS.c.listing == listing, OPENINGS.c.begins <= now, OPENINGS.c.ends > now)
    return bool(connection.execute(of).scalar())


def _again(row: Any, asked: Request) -> Use:
    """The use that has this key, if it is the same one."""
    use = Use(row.id, *(getattr(row, name) for name in USE_FIELDS))
    if (use.version, use.action, use.purpose) != (asked.number, asked.action, asked.purpose):
        raise ExchangeError("key_reused", f"key {asked.key} of grant {asked.grant} is that of another use; choose a new one")
    if use.state == State.STOPPED:
        raise ExchangeError("grant_withdrawn", f"grant {asked.grant}: the grant was withdrawn in the middle of this use")
    return use


USE_FIELDS = tuple(column.name for column in USES.c if column.name != "grant_id")


def _counted(connection: sa.Connection, grant_id: str) -> int | None:
    """The number of the next use; None if there is none left, by what the row says now."""
    return connection.execute(ONE_MORE, {"grant": grant_id}).scalar()


def _use(offer: Offer, asked: Request, number: int, now: int) -> Use:
    shared = shared_part(offer.price, Decimal(offer.share))
    return Use(
        asked.grant,
        number,
        asked.key,
        asked.number,
        asked.action.value,
        asked.purpose.value,
        State.BEGUN,
        now,
        offer.price,
        shared,
    )


def finish(desk: Desk, use: Use) -> Use:
    """Before the answer leaves: the use is done. :class:`ExchangeError` (``grant_withdrawn``) if the grant was withdrawn in the
    middle; then nothing may leave, and nothing is owed."""
    of = sa.and_(USES.c.grant_id == use.grant_id, USES.c.number == use.number)
    with desk.engine.begin() as connection:
        row = connection.execute(sa.select(GRANTS.c.withdrawn).where(GRANTS.c.id == use.grant_id).with_for_update()).one()
        state = str(connection.execute(sa.select(USES.c.state).where(of)).scalar_one())
        over = row.withdrawn is not None and state != State.DONE
        after = {"state": State.STOPPED, "charge": 0, "shared": 0} if over else {"state": State.DONE}
        connection.execute(sa.update(USES).where(of).values(after))
        done = connection.execute(sa.select(USES).where(of)).one()
    if over:
        raise ExchangeError("grant_withdrawn", f"grant {use.grant_id}: the grant was withdrawn in the middle of this use")
    return Use(**done._mapping)


def uses(desk: Desk, grant_id: str) -> list[Use]:
    """All of a grant, in their order."""
    with desk.engine.connect() as connection:
        rows = connection.execute(sa.select(USES).where(USES.c.grant_id == grant_id).order_by(USES.c.number))
        return [Use(**row._mapping) for row in rows]
