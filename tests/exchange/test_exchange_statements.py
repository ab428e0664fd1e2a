"""The log hears of listings, grants and uses, each once, whenever a process dies."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from desks import DRAFT, FORECASTING, LISTING, Acme, Clock, asked, rows
from offers import offer
from parties import Parties
from support import NIGHT

from decai_forecast.exchange.desk import Desk
from decai_forecast.exchange.grants import Wish, end, give
from decai_forecast.exchange.listings import publish, take_back
from decai_forecast.exchange.statements import state_exchange
from decai_forecast.exchange.uses import begin
from decai_forecast.identity import Identity
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import Granted, Head, Listed, UsesMade, Withdrawn, read_statement
from decai_forecast.partner.statements import notebook_of, state


class Killed(BaseException):
    """The process dies."""


@pytest.fixture
def notebook(house: Acme) -> Notebook:
    return Notebook(house.desk.store, Identity.create("acme"), "demo", "2026-12-01", house.clock)


def said(notebook: Notebook) -> list[Head]:
    return [read_statement(one, notebook.identity.public).said for one in notebook.entries()]


def test_everything_is_stated_once(house: Acme, notebook: Notebook) -> None:
    """In its order; a second call has nothing to say."""
    grant = house.granted()
    for _ in range(3):
        begin(house.desk, asked(grant))
    end(house.desk, grant.id)
    take_back(house.desk, LISTING)
    assert state_exchange(house.desk, notebook) == 5
    assert state_exchange(house.desk, notebook) == 0
    made = said(notebook)
    assert sorted(type(one).__name__ for one in made) == ["Granted", "Listed", "UsesMade", "Withdrawn", "Withdrawn"]
    assert [(one.listing, one.version) for one in made if isinstance(one, Listed)] == [(LISTING, 1)]
    assert [(one.first, one.last) for one in made if isinstance(one, UsesMade)] == [(1, 3)]


def test_the_listing_is_stated_by_the_digest_of_its_card(house: Acme, notebook: Notebook) -> None:
    """So that anybody who has the card can hold it against the log."""
    card = house.publish()
    state_exchange(house.desk, notebook)
    (entry,) = notebook.entries()
    (subject,) = read_statement(entry, notebook.identity.public).subjects
    assert (subject.name, subject.digest, subject.salted) == (f"listing/{LISTING}@1", card.digest, False)


def test_uses_continue_without_a_gap_and_without_a_name(house: Acme, notebook: Notebook) -> None:
    """Later uses of the same grant go on where the last statement ended; nobody reads who has the grant."""
    grant = house.granted()
    for day in ("2026-12-01", "2026-12-02"):
        begin(house.desk, asked(grant))
        begin(house.desk, asked(grant))
        state_exchange(house.desk, replace(notebook, round=day))
    both = [*said(notebook), *said(replace(notebook, round="2026-12-02"))]
    told = [one for one in both if isinstance(one, UsesMade)]
    assert [(one.first, one.last) for one in told] == [(1, 2), (3, 4)]
    assert {one.grant for one in told} == {one.grant for one in both if isinstance(one, Granted)}
    assert b"bolt" not in b"".join(notebook.entries())


@pytest.mark.parametrize("moment", ["before it is decided", "before it is signed", "after it is signed"])
def test_killed_between_grant_and_entry_of_the_log(
    house: Acme, notebook: Notebook, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """The next night states it, once, whatever the moment."""
    house.granted()

    def dies(*_: object, **__: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        if moment == "before it is decided":
            patch.setattr("decai_forecast.exchange.statements._mark", dies)
        elif moment == "before it is signed":
            patch.setattr(Notebook, "state", dies)
        else:
            real = Notebook.state

            def signs_and_dies(self: Notebook, *given: Any, **more: Any) -> None:
                real(self, *given, **more)
                raise Killed

            patch.setattr(Notebook, "state", signs_and_dies)
        with pytest.raises(Killed):
            state_exchange(house.desk, notebook)
    later = replace(notebook, round="2026-12-02")
    state_exchange(house.desk, later)
    state_exchange(house.desk, later)
    kinds = [type(one) for one in [*said(notebook), *said(later)]]
    assert kinds.count(Listed) == kinds.count(Granted) == 1
    assert Withdrawn not in kinds


def test_a_grant_that_was_not_written_is_not_stated(house: Acme, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed in the middle of the transaction: neither the grant nor the word of it is there."""
    house.publish()
    monkeypatch.setattr("decai_forecast.exchange.desk.Desk.note", lambda *_: (_ for _ in ()).throw(Killed))
    with pytest.raises(Killed):
        give(house.desk, Wish(LISTING, "bolt", (FORECASTING,)))
    assert rows(house.desk, "exchange_grant") == []


def test_the_night_of_a_company_states_its_exchange(tmp_path: Path) -> None:
    """What a partner states of its round has it; a company without an exchange gets no database by it."""
    parties = Parties(tmp_path)
    company = parties.company(parties.network.partners[0])
    state(company, NIGHT)
    assert not company.store.exists("exchange/exchange.db")
    publish(Desk.of(company.store, Clock()), DRAFT, offer(), b"tree")
    state(company, NIGHT)
    assert [type(one) for one in said(notebook_of(company, NIGHT.id))] == [Listed]
