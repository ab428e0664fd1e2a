"""What the log is told of an exchange: listings in the open, grants and uses in digests.

What happened and that the log is to hear of it were written in one transaction, so a process that dies between a grant and its
statement leaves it for the next call. Uses are told by their numbers: a gap would be seen.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import sqlalchemy as sa

from decai_forecast.exchange.card import reference_of
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.grants import grant_of
from decai_forecast.exchange.tables import GRANTS, LISTINGS, OUTBOX
from decai_forecast.exchange.uses import uses
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import Granted, Head, Listed, Salts, UsesMade, Withdrawn
from decai_forecast.ledger.statements.statement import Subject
from decai_forecast.store import digest_json

__all__ = ["state_exchange"]

MOST = 10_000  # uses that one statement is about


@dataclass(frozen=True)
class _Claim:
    """A statement before it is signed."""

    kind: type[Head]
    subject: Subject
    more: dict[str, Any]


def state_exchange(desk: Desk, notebook: Notebook) -> int:
    """States in the round of ``notebook`` all that is not stated yet; so many statements. Killed at any moment, the next call
    goes on, and nothing is stated twice."""
    _gather(desk)
    rows = _open_rows(desk)
    for row in rows:
        _state(desk, notebook, row)
    return len(rows)


def _gather(desk: Desk) -> None:
    """Enters the uses of each grant that the log has not heard of."""
    of = sa.select(GRANTS.c.id, GRANTS.c.used, GRANTS.c.stated).join(LISTINGS)
    with desk.engine.begin() as connection:
        new = of.where(LISTINGS.c.owner == desk.owner, GRANTS.c.used > GRANTS.c.stated).with_for_update(of=GRANTS)
        for row in connection.execute(new).all():
            last = min(row.used, row.stated + MOST)
            desk.note(connection, "uses", {"grant": row.id, "first": row.stated + 1, "last": last})
            connection.execute(sa.update(GRANTS).where(GRANTS.c.id == row.id).values(stated=last))


def _open_rows(desk: Desk) -> list[Any]:
    of = sa.select(OUTBOX).where(OUTBOX.c.owner == desk.owner, OUTBOX.c.stated == 0).order_by(OUTBOX.c.number)
    with desk.engine.connect() as connection:
        return list(connection.execute(of))


def _state(desk: Desk, notebook: Notebook, row: Any) -> None:
    """In the round that was decided for it before, if it was signed there and the process died after that."""
    claim = CLAIMS[row.event](desk, Salts.of(notebook.identity), json.loads(row.content))
    earlier = replace(notebook, round=row.round) if row.round else None
    if earlier is None or not earlier.has(claim.kind, (claim.subject,)):
        _mark(desk, row.number, round=notebook.round)
        notebook.state(claim.kind, (claim.subject,), **claim.more)
    _mark(desk, row.number, stated=1)


def _mark(desk: Desk, number: int, **values: Any) -> None:
    with desk.engine.begin() as connection:
        connection.execute(sa.update(OUTBOX).where(OUTBOX.c.number == number).values(values))


def _listing(_desk: Desk, _salts: Salts, content: Mapping[str, Any]) -> _Claim:
    name, number = reference_of(f"{content['listing']}@{content['number']}")
    return _Claim(Listed, Subject(f"listing/{name}@{number}", content["card"]), {"listing": name, "version": number})


def _grant(desk: Desk, salts: Salts, content: Mapping[str, Any]) -> _Claim:
    grant = grant_of(desk, content["grant"])
    agreed = {key: value for key, value in asdict(grant).items() if key not in ("used", "withdrawn")}
    subject = Subject("grant", salts.hide(digest_json(agreed), "exchange", "agreement", grant.id), salted=True)
    return _Claim(Granted, subject, {"listing": grant.listing, "grant": _hidden_id(salts, grant.id)})


def _uses(desk: Desk, salts: Salts, content: Mapping[str, Any]) -> _Claim:
    grant, first, last = content["grant"], content["first"], content["last"]
    entered = [asdict(one) for one in uses(desk, grant) if first <= one.number <= last]
    fixed = [{key: value for key, value in one.items() if key not in ("state", "charge", "shared")} for one in entered]
    subject = Subject("uses", salts.hide(digest_json(fixed), "exchange", "uses", grant, str(first)), salted=True)
    return _Claim(UsesMade, subject, {"grant": _hidden_id(salts, grant), "first": first, "last": last})


def _withdrawal(_desk: Desk, salts: Salts, content: Mapping[str, Any]) -> _Claim:
    """Of a listing in the open, of a grant by its hidden id."""
    if "listing" in content:
        return _Claim(Withdrawn, Subject(f"listing/{content['listing']}", digest_json(content["listing"])), {})
    return _Claim(Withdrawn, Subject("grant", _hidden_id(salts, content["grant"]), salted=True), {})


def _hidden_id(salts: Salts, grant: str) -> str:
    return salts.hide(digest_json(grant), "exchange", "grant", grant)


CLAIMS: Mapping[str, Callable[[Desk, Salts, Mapping[str, Any]], _Claim]] = {
    "listing": _listing, "grant": _grant, "uses": _uses, "withdrawal": _withdrawal,
}  # fmt: skip
