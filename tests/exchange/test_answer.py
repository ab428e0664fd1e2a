"""What an owner's node answers to a signed request, and to one that is not."""

from __future__ import annotations

import json

import pytest
from desks import DRAFT, FORECASTING, Acme, asked
from offers import offer

from decai_forecast.errors import ExchangeError, MalformedMessage
from decai_forecast.exchange.answer import answer
from decai_forecast.exchange.card import Draft
from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.grants import Wish, end, give, grant_of
from decai_forecast.exchange.listings import publish
from decai_forecast.exchange.request import sealed_request
from decai_forecast.exchange.uses import State, Use, finish, uses
from decai_forecast.exchange.vocabulary import Action, Kind
from decai_forecast.identity import Identity

BOLT, COREX = Identity.create("bolt"), Identity.create("corex")
PINNED = {"bolt": BOLT.public, "corex": COREX.public}


def test_the_file_is_answered_again_to_the_same_request(house: Acme) -> None:
    """Byte by byte, and counted once."""
    grant = house.granted()
    request = sealed_request(asked(grant), BOLT)
    first, again = answer(house.desk, request, PINNED), answer(house.desk, request, PINNED)
    assert first == again
    assert (first[1], first[0].state, grant_of(house.desk, grant.id).used) == (b"tree", State.DONE, 1)


def test_a_request_of_somebody_else_is_refused(house: Acme) -> None:
    """Signed with another key, changed on the way, of a party without a pinned key, or no request at all."""
    grant = house.granted()
    good = json.loads(sealed_request(asked(grant), BOLT))
    changed = json.dumps(good | {"request": good["request"] | {"key": "other"}}).encode()
    for data, keys in (
        (sealed_request(asked(grant), COREX), PINNED),
        (changed, PINNED),
        (sealed_request(asked(grant), BOLT), {"corex": COREX.public}),
    ):
        with pytest.raises(ExchangeError) as error:
            answer(house.desk, data, keys)
        assert error.value.code == "exchange_signature"
    for data in (b"{}", b"no json", json.dumps(good | {"more": 1}).encode(), b"x" * 5_000):
        with pytest.raises(MalformedMessage):
            answer(house.desk, data, PINNED)
    assert uses(house.desk, grant.id) == []


def test_withdrawn_while_the_file_is_read(house: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """It does not leave."""
    grant = house.granted(price=5, currency="EUR")

    def withdrawn_first(desk: Desk, use: Use) -> Use:
        end(desk, grant.id)
        return finish(desk, use)

    monkeypatch.setattr("decai_forecast.exchange.answer.finish", withdrawn_first)
    with pytest.raises(ExchangeError) as error:
        answer(house.desk, sealed_request(asked(grant), BOLT), PINNED)
    assert error.value.code == "grant_withdrawn"
    assert [use.charge for use in uses(house.desk, grant.id)] == [0]


def test_a_file_that_was_changed_is_not_answered(house: Acme) -> None:
    """It is held against the digest of its card."""
    grant = house.granted()
    (key,) = house.desk.store.keys("exchange/files")
    house.desk.store.write_bytes(key, b"other")
    with pytest.raises(ExchangeError) as error:
        answer(house.desk, sealed_request(asked(grant), BOLT), PINNED)
    assert error.value.code == "exchange_file"


def test_the_rows_of_a_data_set_are_no_answer(house: Acme) -> None:
    """And the refusal costs no use; nor does a version that there is not."""
    draft = Draft(**(vars(DRAFT) | {"name": "demand", "kind": Kind.DATA_SET}))
    publish(house.desk, draft, offer(actions=(Action.TRAIN,)), b"contract")
    grant = give(house.desk, Wish("acme/demand", "bolt", (FORECASTING,)))
    for number, code in ((1, "exchange_stays"), (2, "exchange_unknown")):
        wanted = asked(grant, listing="acme/demand", action=Action.TRAIN, number=number)
        with pytest.raises(ExchangeError) as error:
            answer(house.desk, sealed_request(wanted, BOLT), PINNED)
        assert error.value.code == code
    assert grant_of(house.desk, grant.id).used == 0
