"""Grants hold to their terms, on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from desks import DRAFT, FORECASTING, LISTING, Acme, asked, rows
from offers import offer

from decai_forecast.errors import ConfigError, ExchangeError
from decai_forecast.exchange.card import Draft, licence_of, reference_of
from decai_forecast.exchange.grants import Wish, end, give, grant_of, grants
from decai_forecast.exchange.listings import close_opening, expire, listed, newest_card, open_for, publish, take_back
from decai_forecast.exchange.uses import State, begin, finish, uses
from decai_forecast.exchange.vocabulary import Action, Kind, Purpose


def code_of(error: pytest.ExceptionInfo[ExchangeError]) -> str:
    return error.value.code


def test_a_use_is_entered_with_its_price(house: Acme) -> None:
    """Numbered from 1 on; the share is noted beside the charge."""
    grant = house.granted(price=999, currency="EUR", share="0.7")
    use = finish(house.desk, begin(house.desk, asked(grant)))
    assert (use.number, use.state, use.charge, use.shared) == (1, State.DONE, 999, 699)
    assert uses(house.desk, grant.id) == [use]
    assert grant_of(house.desk, grant.id).used == 1


REFUSALS = [  # what is asked for otherwise, the code
    ({"party": "corex"}, "wrong_party"),
    ({"purpose": Purpose.RESEARCH}, "wrong_purpose"),
    ({"action": Action.TRAIN}, "wrong_action"),
    ({"listing": "acme/other"}, "wrong_listing"),
    ({"number": 7}, "exchange_unknown"),
    ({"grant": "nothing"}, "exchange_unknown"),
]


def test_what_was_not_granted_is_refused(house: Acme) -> None:
    """Each with its own code, and without a trace in the book."""
    grant = house.granted()
    for changes, code in REFUSALS:
        with pytest.raises(ExchangeError) as error:
            begin(house.desk, asked(grant, **changes))
        assert code_of(error) == code
    assert uses(house.desk, grant.id) == []
    assert grant_of(house.desk, grant.id).used == 0


def test_a_grant_ends(house: Acme) -> None:
    """To the second: one second before its end it is good."""
    grant = house.granted(valid_days=2)
    house.clock.turn(days=2, seconds=-1)
    begin(house.desk, asked(grant))
    house.clock.turn(seconds=1)
    with pytest.raises(ExchangeError, match="has ended") as error:
        begin(house.desk, asked(grant))
    assert code_of(error) == "grant_expired"


def test_a_quota_is_used_up(house: Acme) -> None:
    """And what was answered before is answered again."""
    grant = house.granted(max_uses=2)
    first = asked(grant)
    used = [begin(house.desk, one) for one in (first, asked(grant))]
    with pytest.raises(ExchangeError, match="all 2 uses are used up") as error:
        begin(house.desk, asked(grant))
    assert code_of(error) == "quota_used_up"
    assert begin(house.desk, first) == used[0]


def test_the_same_use_sent_twice_is_one(house: Acme) -> None:
    """With its state, number and charge; with another content it is refused."""
    grant = house.granted(price=5, currency="EUR")
    request = asked(grant)
    done = finish(house.desk, begin(house.desk, request))
    assert begin(house.desk, request) == done
    assert grant_of(house.desk, grant.id).used == 1
    with pytest.raises(ExchangeError) as error:
        begin(house.desk, asked(grant, key=request.key, action=Action.EVALUATE))
    assert code_of(error) == "key_reused"


def test_nobody_learns_of_anothers_use_by_its_key(house: Acme) -> None:
    """A stranger who guessed grant and key is refused as a stranger."""
    grant = house.granted()
    begin(house.desk, asked(grant, key="guessed"))
    with pytest.raises(ExchangeError) as error:
        begin(house.desk, asked(grant, key="guessed", party="corex"))
    assert code_of(error) == "wrong_party"


def test_a_grant_withdrawn_in_the_middle(house: Acme) -> None:
    """What has begun may not leave, and costs nothing; the retry hears the same."""
    grant = house.granted(price=5, currency="EUR")
    request = asked(grant)
    use = begin(house.desk, request)
    end(house.desk, grant.id)
    for attempt in (
        lambda: finish(house.desk, use),
        lambda: begin(house.desk, request),
        lambda: begin(house.desk, asked(grant)),
    ):
        with pytest.raises(ExchangeError) as error:
            attempt()
        assert code_of(error) == "grant_withdrawn"
    (kept,) = uses(house.desk, grant.id)
    assert (kept.state, kept.charge, kept.shared) == (State.STOPPED, 0, 0)


def test_what_was_done_before_the_withdrawal_stays_done(house: Acme) -> None:
    """It is owed, and told again."""
    grant = house.granted(price=5, currency="EUR")
    use = finish(house.desk, begin(house.desk, asked(grant)))
    end(house.desk, grant.id)
    end(house.desk, grant.id)
    assert finish(house.desk, use) == use


def test_opened_for_fourteen_days_by_a_disruption_and_closed_again(house: Acme) -> None:
    """The same notification opens it no longer; another one does."""
    grant = house.granted(during_disruption=14)
    with pytest.raises(ExchangeError) as error:
        begin(house.desk, asked(grant))
    assert code_of(error) == "grant_closed"
    opened = open_for(house.desk, LISTING, "flood-2026")
    begin(house.desk, asked(grant))
    house.clock.turn(days=13)
    assert open_for(house.desk, LISTING, "flood-2026") == opened
    begin(house.desk, asked(grant))
    house.clock.turn(days=1)
    with pytest.raises(ExchangeError):
        begin(house.desk, asked(grant))
    open_for(house.desk, LISTING, "strike-2026")
    begin(house.desk, asked(grant))
    assert close_opening(house.desk, LISTING, "strike-2026")
    with pytest.raises(ExchangeError):
        begin(house.desk, asked(grant))


def test_a_version_is_kept_to_its_end(house: Acme) -> None:
    """Then it is neither answered nor there; a file that a younger version needs stays."""
    grant = house.granted(kept_days=10.0)
    house.clock.turn(days=5)
    publish(house.desk, Draft(**(vars(DRAFT) | {"title": "Another"})), offer(kept_days=10.0), b"tree")
    house.clock.turn(days=5)
    with pytest.raises(ExchangeError) as error:
        begin(house.desk, asked(grant))
    assert code_of(error) == "version_expired"
    assert expire(house.desk) == []
    begin(house.desk, asked(grant, number=2))
    house.clock.turn(days=5)
    assert expire(house.desk) == [newest_card(house.desk, LISTING).file]
    with pytest.raises(ExchangeError):
        house.desk.file(newest_card(house.desk, LISTING).file)


def test_too_few_contributors(house: Acme) -> None:
    """Neither published nor answered."""
    with pytest.raises(ExchangeError) as error:
        house.publish(min_contributors=4)
    assert code_of(error) == "too_few_contributors"
    grant = house.granted(min_contributors=3)
    begin(house.desk, asked(grant))
    with pytest.raises(ExchangeError) as error:
        begin(house.desk, asked(grant), contributors=2)
    assert code_of(error) == "too_few_contributors"


WISHES = [  # offer, wish, code
    ({"parties": ("corex",)}, Wish(LISTING, "bolt", (FORECASTING,)), "wrong_party"),
    ({}, Wish(LISTING, "acme", (FORECASTING,)), "wrong_party"),
    ({}, Wish(LISTING, "bolt", (Purpose.RESEARCH,)), "wrong_purpose"),
    ({}, Wish(LISTING, "bolt", ()), "wrong_purpose"),
    ({"approvers": ("owner@acme.example",)}, Wish(LISTING, "bolt", (FORECASTING,)), "not_approved"),
    ({"max_uses": 5}, Wish(LISTING, "bolt", (FORECASTING,), uses=6), "beyond_offer"),
    ({"valid_days": 5}, Wish(LISTING, "bolt", (FORECASTING,), days=0), "beyond_offer"),
    ({}, Wish("acme/nothing", "bolt", (FORECASTING,)), "exchange_unknown"),
]


def test_a_grant_beyond_the_offer_is_refused(house: Acme) -> None:
    """With the term that stands against it."""
    for terms, wish, code in WISHES:
        house.publish(data=code.encode() + str(terms).encode(), **terms)
        with pytest.raises(ExchangeError) as error:
            give(house.desk, wish)
        assert code_of(error) == code
    assert grants(house.desk, LISTING) == []


def test_a_grant_keeps_its_terms(house: Acme) -> None:
    """A later offer changes nothing of it, and the same grant sent twice is one."""
    house.publish(max_uses=5)
    wish = Wish(LISTING, "bolt", (FORECASTING,), uses=3)
    grant = give(house.desk, wish, "agreement-1")
    house.publish(data=b"other", max_uses=1)
    assert give(house.desk, Wish(LISTING, "bolt", (FORECASTING,), uses=1), "agreement-1") == grant
    assert grant_of(house.desk, grant.id).quota == 3
    assert grants(house.desk, LISTING) == [grant]


def test_a_listing_is_taken_back(house: Acme) -> None:
    """No new grants and no new versions; those that were given hold to their end."""
    grant = house.granted()
    take_back(house.desk, LISTING)
    take_back(house.desk, LISTING)
    begin(house.desk, asked(grant))
    assert listed(house.desk) == []
    for attempt in (lambda: give(house.desk, Wish(LISTING, "bolt", (FORECASTING,))), lambda: house.publish(b"new")):
        with pytest.raises(ExchangeError):
            attempt()


def test_publishing_twice_is_one_version(house: Acme) -> None:
    """Other bytes, words or terms are the next one; another kind is refused."""
    first = house.publish()
    house.clock.turn(days=1)
    assert house.publish() == first
    assert [house.publish(b"two").number, house.publish(b"two", max_uses=3).number] == [2, 3]
    with pytest.raises(ExchangeError, match="is a forecaster"):
        publish(house.desk, Draft("forecaster", Kind.REPORT, "t", "MIT", "u"), offer(), b"x")
    assert [card.number for card in listed(house.desk)] == [3]
    assert house.desk.file(first.file) == b"tree"


def test_the_last_use_is_had_by_one(house: Acme) -> None:
    """Of eight at the same time that want the last three."""
    grant = house.granted(max_uses=3)
    gate = threading.Barrier(8)

    def one(_: int) -> str:
        gate.wait()
        try:
            return str(begin(house.desk, asked(grant)).number)
        except ExchangeError as error:
            return error.code

    with ThreadPoolExecutor(8) as pool:
        heard = sorted(pool.map(one, range(8)))
    assert heard == ["1", "2", "3", *["quota_used_up"] * 5]


def test_the_same_key_at_the_same_time_is_one_use(house: Acme) -> None:
    """All eight hear of the same one."""
    grant = house.granted(max_uses=5)
    request, gate = asked(grant), threading.Barrier(8)

    def one(_: int) -> int:
        gate.wait()
        return begin(house.desk, request).number

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(one, range(8))) == {1}
    assert grant_of(house.desk, grant.id).used == 1


def test_what_the_log_is_told_is_noted_with_what_happens(house: Acme) -> None:
    """In the same transaction: a grant that is refused leaves none."""
    grant = house.granted()
    with pytest.raises(ExchangeError):
        give(house.desk, Wish(LISTING, "acme", (FORECASTING,)))
    end(house.desk, grant.id)
    assert [row.event for row in rows(house.desk, "exchange_outbox ORDER BY number")] == ["listing", "grant", "withdrawal"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"name": "Fore caster"}, "is no name of a listing"),
        ({"title": ""}, "needs a title"),
        ({"intended_use": "a\nb"}, "needs an intended use"),
        ({"parents": ("acme/x",)}, "is no version of a listing"),
    ],
)
def test_a_card_is_complete(changes: dict[str, object], told: str) -> None:
    """What it needs is asked for before anything is published."""
    with pytest.raises(ConfigError, match=told):
        Draft(**(vars(DRAFT) | changes)).listing("acme")


def test_licences_and_references() -> None:
    """As SPDX writes them, or refused with advice."""
    assert licence_of("apache-2.0 or mit") == "Apache-2.0 OR MIT"
    assert reference_of("acme/forecaster@3") == ("acme/forecaster", 3)
    with pytest.raises(ConfigError, match=r"write an expression such as Apache-2\.0"):
        licence_of("do what you want")
