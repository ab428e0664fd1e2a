"""Statements and cosignatures over the link, both ways; what goes wrong with the log ends no night."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest
from parties import ROUND, Parties, submission
from services import Service, running

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.statements import keep_log, record_round
from decai_forecast.errors import LinkError
from decai_forecast.ledger.audit import Auditing, Colour, audit
from decai_forecast.ledger.files import public_files
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.link import CompanyFolder, Cosignature, Statements
from decai_forecast.network import COORDINATOR
from decai_forecast.one_machine.audited import own_policy
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.statements import record, state, watch


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Four companies and the coordinator."""
    return Parties(tmp_path)


@pytest.fixture
def service(parties: Parties, tmp_path: Path) -> Iterator[Service]:
    """The coordinator's service, running."""
    with running(parties, tmp_path / "tls") as found:
        yield found


@pytest.fixture(params=["folder", "https"])
def companies(request: pytest.FixtureRequest, parties: Parties) -> list[PartnerContext]:
    """All four, each with something to state."""
    contexts = [parties.company(name) for name in "abcd"]
    if request.param == "https":
        service: Service = request.getfixturevalue("service")
        contexts = [replace(one, link=service.link(one.partner)) for one in contexts]
    for one in contexts:
        keep_submission(one.store, submission(one.partner))
    return contexts


def night(parties: Parties, companies: list[PartnerContext], round_id: str = ROUND.id) -> None:
    """All state, the coordinator takes in, all watch, the coordinator takes in."""
    for _ in range(2):
        for one in companies:
            assert record(one, ROUND) == ""
        assert record_round(parties.coordinator, round_id) == ""


def checkpoint(parties: Parties, name: str = "checkpoint") -> Checkpoint:
    return Checkpoint.parse(Note.parse(parties.public.read_bytes(f"log/{name}")).text)


def colours(parties: Parties) -> dict[str, Colour]:
    public = public_files(parties.network.link_folders[1])
    return {line.check: line.colour for line in audit(Auditing(public, own_policy(parties.network)))}


def test_what_companies_state_is_logged_and_witnessed(parties: Parties, companies: list[PartnerContext]) -> None:
    """By folder and over HTTPS; four submissions and four members, and all four cosign."""
    night(parties, companies)
    assert checkpoint(parties).size == 8
    assert set(colours(parties).values()) == {Colour.GREEN, Colour.NONE}
    assert len(Note.parse(parties.public.read_bytes("log/checkpoint")).lines) == 5


def test_a_repetition_changes_nothing(parties: Parties, companies: list[PartnerContext]) -> None:
    """Not in the log, and not in what is stated."""
    night(parties, companies)
    before = parties.public.read_bytes("log/checkpoint")
    night(parties, companies)
    assert parties.public.read_bytes("log/checkpoint") == before


def test_what_came_too_late_is_taken_in_with_the_next_round(parties: Parties, companies: list[PartnerContext]) -> None:
    """Statements of a report after the round was closed."""
    record_round(parties.coordinator, ROUND.id)
    state(companies[0], ROUND)
    record_round(parties.coordinator, "2026-06-30")
    assert checkpoint(parties, "pending").size == 5


def test_a_statement_of_another_company_is_left_out(
    parties: Parties, companies: list[PartnerContext], caplog: pytest.LogCaptureFixture
) -> None:
    """With a line in the log that names sender, place and why; the valid ones are not lost."""
    state(companies[1], ROUND)
    (foreign,) = parties.coordinator.link.statements(ROUND.id)["b"].entries
    state(companies[0], ROUND)
    (own,) = parties.coordinator.link.statements(ROUND.id)["a"].entries
    companies[0].link.give_statements(ROUND.id, Statements((foreign, own, "hello")))
    with caplog.at_level(logging.WARNING):
        record_round(parties.coordinator, ROUND.id)
    assert checkpoint(parties, "pending").size == 6
    messages = [one.getMessage() for one in caplog.records if "is not taken" in one.getMessage()]
    assert [message.split(" is not taken: ")[0] for message in messages] == [
        "statement 0 of a for round 2026-06-29", "statement 2 of a for round 2026-06-29",
    ]  # fmt: skip


def test_a_cosignature_that_does_not_hold_counts_for_nothing(parties: Parties, companies: list[PartnerContext]) -> None:
    """Of a checkpoint that there is not, or no line at all."""
    record_round(parties.coordinator, ROUND.id)
    for wrong in (Cosignature(4, "nonsense"), Cosignature(99, "— x AAAAAAAB")):
        companies[0].link.give_cosignature(ROUND.id, wrong)
        assert record_round(parties.coordinator, ROUND.id) == ""
    assert not parties.public.exists("log/checkpoint")


def test_a_log_that_is_changed_is_told_and_kept_and_ends_nothing(parties: Parties, companies: list[PartnerContext]) -> None:
    """Another past, signed by the coordinator: no cosignature, evidence in the company's store, and the night goes on."""
    night(parties, companies)
    from decai_forecast.identity import Keyring

    key = Keyring(parties.coordinator.store).identity().key
    there = checkpoint(parties)
    fork = Checkpoint(there.origin, there.size, b"f" * 32).note().signed(there.origin, key)
    parties.public.write_bytes("log/pending", fork.to_bytes())
    assert "is not cosigned" in record(companies[0], ROUND)
    kept = companies[0].store.keys("ledger/evidence/2026-06-29")
    assert [key.rsplit(".", 1)[1] for key in kept] == ["checkpoint", "txt"]
    assert companies[0].store.read_bytes(kept[0]) == fork.to_bytes()


def test_a_log_that_cannot_be_read_ends_no_night(parties: Parties, companies: list[PartnerContext]) -> None:
    """Of the coordinator, too: it says what to do."""
    parties.public.write_bytes("log/pending", b"damaged")
    assert record(companies[0], ROUND).startswith("log_pending: ")
    assert "put it back from a backup" in record_round(parties.coordinator, ROUND.id)


@pytest.mark.parametrize("name", ["checkpoint", "pending", "tile/0/000.p/8", "tile/entries/000.p/8"])
def test_whatever_is_damaged_ends_no_night(parties: Parties, companies: list[PartnerContext], name: str) -> None:
    """Files of the log, and of a company's own copy and records: both say something, or go on."""
    night(parties, companies)
    parties.public.write_bytes(f"log/{name}", b"\xff damaged")
    own = companies[0].store
    for key in [*own.keys("ledger/mirror/log"), *own.keys("ledger/witness"), "ledger/members.json"]:
        own.write_bytes(key, b"\xff")
    companies[0].link.submit(submission("a", rows=5))
    keep_submission(own, submission("a", rows=5))
    assert record(companies[0], ROUND)
    assert isinstance(record_round(parties.coordinator, ROUND.id), str)


def test_who_leaves_is_in_the_log_and_its_key_counts_no_more(parties: Parties, companies: list[PartnerContext]) -> None:
    """What it stated before stays valid."""
    night(parties, companies)
    left = replace(parties.coordinator.network, participants=tuple(p for p in parties.network.participants if p.id != "d"))
    coordinator = replace(parties.coordinator, network=left)
    assert record_round(coordinator, "2026-06-30") == ""
    assert checkpoint(parties, "pending").size == 9
    assert colours(parties)["statements"] is Colour.GREEN


def test_a_company_without_the_coordinators_key_watches_nothing(parties: Parties) -> None:
    """It cannot know whose log it is."""
    record_round(parties.coordinator, ROUND.id)
    company = parties.company("a")
    company.store.remove("identity/pinned.json")
    assert "it is not signed by the log" in record(company, ROUND)


def test_a_coordinator_that_does_not_answer_ends_no_night(parties: Parties) -> None:
    """Statements stay in the company's store, and go out the next time."""

    class Silent(CompanyFolder):
        def give_statements(self, round_id: str, statements: Statements) -> None:
            raise LinkError("link_unreachable", "nobody answers")

    company = parties.company("a")
    keep_submission(company.store, submission("a"))
    silent = Silent.__new__(Silent)
    silent.__dict__.update(company.link.__dict__)
    assert "link_unreachable" in record(replace(company, link=silent), ROUND)
    assert record(company, ROUND) == ""
    assert len(parties.coordinator.link.statements(ROUND.id)["a"].entries) == 1
    watch(company, ROUND)
    assert COORDINATOR not in parties.network.partners


def test_beside_a_service_the_log_is_kept(parties: Parties, companies: list[PartnerContext]) -> None:
    """What companies send after the round was closed goes in; a fault of one look ends nothing."""
    record_round(parties.coordinator, ROUND.id)
    for one in companies:
        one.link.submit(submission(one.partner))
        state(one, ROUND)
    looks, stopped = list[int](), Event()

    def context() -> CoordinatorContext:
        looks.append(1)
        if len(looks) == 1:
            raise OSError("no disk")
        if len(looks) == 3:
            stopped.set()
        return parties.coordinator

    keep_log(context, stopped, pause=0.001)
    assert checkpoint(parties, "pending").size == 8
