"""Who approved what: noted where it is decided, stated once with the next round, by the one who decided."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from parties import ROUND, Parties

from decai_forecast.coordinator.statements import record_round
from decai_forecast.identity import Identity
from decai_forecast.ledger.approvals import note_approval, state_approvals
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import Approved, Approver, Matter, Statement, signer_of
from decai_forecast.partner.statements import record
from decai_forecast.store import Store


def stated(notebook: Notebook) -> list[Statement]:
    return [signer_of(entry)[1] for entry in notebook.entries()]


@pytest.fixture
def notebook(tmp_path: Path) -> Notebook:
    return Notebook(Store(tmp_path, "acme"), Identity.create("acme"), "n", ROUND.id)


def test_an_approval_is_stated_once_with_its_time(notebook: Notebook) -> None:
    """Not again in the next round, nor where it is noted twice."""
    for _ in range(2):
        note_approval(notebook.store, Matter.KEYS, "keys/bolt", "a" * 64)
    before = datetime.now(UTC)
    for _ in range(2):
        state_approvals(notebook)
    (statement,) = stated(notebook)
    said = statement.said
    assert isinstance(said, Approved)
    assert (said.matter, said.approver, said.participant) == (Matter.KEYS, Approver.OPERATOR, "acme")
    assert (statement.subjects[0].name, statement.subjects[0].digest) == ("keys/bolt", "a" * 64)
    assert said.at <= before.strftime("%Y-%m-%dT%H:%M:%SZ")
    later = Notebook(notebook.store, notebook.identity, "n", "2026-07-06")
    state_approvals(later)
    assert stated(later) == []


def test_what_is_approved_twice_is_stated_twice(notebook: Notebook) -> None:
    """Of two things, or of another digest."""
    note_approval(notebook.store, Matter.KEYS, "keys/bolt", "a" * 64)
    note_approval(notebook.store, Matter.KEYS, "keys/bolt", "b" * 64)
    note_approval(notebook.store, Matter.ADMISSION, "admission/bolt", "b" * 64)
    state_approvals(notebook)
    assert len(stated(notebook)) == 3


def test_approvals_of_both_sides_come_into_the_log(tmp_path: Path) -> None:
    """A company's own by the link, the coordinator's from its store."""
    parties = Parties(tmp_path)
    note_approval(parties.company("a").store, Matter.NETWORK, "network/5f0c91d2a7b3e846", "c" * 64)
    note_approval(parties.coordinator.store, Matter.ADMISSION, "admission/a", "d" * 64)
    assert record(parties.company("a"), ROUND) == ""
    assert record_round(parties.coordinator, ROUND.id) == ""
    data = parties.public.read_bytes(f"log/{next(n for n in parties.public.keys('log') if 'entries' in n)[4:]}")
    from decai_forecast.ledger.formats.tiles import entries_of

    who = {
        s.said.participant: s.subjects[0].name
        for s in (signer_of(e)[1] for e in entries_of(data))
        if isinstance(s.said, Approved)
    }
    assert who == {"coordinator": "admission/a", "a": "network/5f0c91d2a7b3e846"}
