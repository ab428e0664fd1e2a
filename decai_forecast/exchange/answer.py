"""The owner's answer to a request: from the door to the file that leaves."""

from __future__ import annotations

from collections.abc import Mapping

import sqlalchemy as sa

from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.card import Card
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.request import unsealed
from decai_forecast.exchange.tables import VERSIONS
from decai_forecast.exchange.uses import Use, begin, finish
from decai_forecast.exchange.vocabulary import Kind

__all__ = ["answer"]


def answer(desk: Desk, sealed: bytes, keys: Mapping[str, bytes]) -> tuple[Use, bytes]:
    """The file of the version that a signed request asks for; ``keys``: public keys that the owner has pinned.

    The use is entered first, the file is read and held against its digest, and the grant is looked at once more before the file
    leaves. :class:`ExchangeError` or :class:`MalformedMessage` otherwise; the rows of a data set are never an answer.
    """
    asked = unsealed(sealed, keys)
    card = _card(desk, asked.listing, asked.number)
    if card is not None and card.kind is Kind.DATA_SET:  # before it is counted: a refusal costs no use
        raise ExchangeError(
            "exchange_stays", f"the rows of {asked.listing} stay with {desk.owner}; a training is begun by its node"
        )
    use = begin(desk, asked)  # refuses a version that there is not
    data = desk.file(card.file) if card is not None else b""
    return finish(desk, use), data


def _card(desk: Desk, listing: str, number: int) -> Card | None:
    of = sa.select(VERSIONS.c.card).where(VERSIONS.c.listing == listing, VERSIONS.c.number == number)
    with desk.engine.connect() as connection:
        text = connection.execute(of).scalar_one_or_none()
    return Card.parse(text) if text else None
