"""The coordinator disappears for ever in the middle of a round, disk and key; a company goes on, and the audit stays green."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from parties import ROUND, Parties, submission

from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.statements import record_round
from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.identity import Keyring
from decai_forecast.ledger.audit import Auditing, Colour, Line, audit
from decai_forecast.ledger.files import public_files
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.link.envelope import Kind, sealed
from decai_forecast.link.published import public_key
from decai_forecast.network import COORDINATOR
from decai_forecast.one_machine.audited import auditing, own_policy
from decai_forecast.one_machine.take_over import follow, take_over
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.statements import record
from decai_forecast.round import Round
from decai_forecast.store import Store

NEXT = Round.of("2026-06-30")


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    """Four companies after a closed round, and in the middle of the next one."""
    parties = Parties(tmp_path)
    told(parties, ROUND)
    night(parties, ROUND)
    told(parties, NEXT)
    for name in "abcd":
        assert record(parties.company(name), NEXT) == ""
    return parties


def told(parties: Parties, round: Round) -> None:
    for name in "abcd":
        said = submission(name, round=round.id, as_of=round.as_of)
        keep_submission(parties.company(name).store, said)
        parties.company(name).link.submit(said)


def night(parties: Parties, round: Round, names: str = "abcd") -> None:
    close(parties.coordinator, round)
    for _ in range(2):
        for name in names:
            assert record(parties.company(name), round) == ""
        assert record_round(parties.coordinator, round.id) == ""


def lost(parties: Parties) -> None:
    """Disk and key of the coordinator."""
    shutil.rmtree(parties.network.address(COORDINATOR))


def new_key(parties: Parties) -> bytes:
    return Keyring(Store(parties.network.address(COORDINATOR), COORDINATOR)).identity().public


def lines(parties: Parties, partner: str = "b") -> dict[str, Line]:
    asked = Auditing(public_files(parties.network.link_folders[1]), own_policy(parties.network, partner))
    return {line.check: line for line in audit(asked)}


def test_a_company_goes_on_and_the_next_round_closes(parties: Parties) -> None:
    """From its own copy of log, published files and keys; the companies confirm, cosign, and everything is green."""
    before = Checkpoint.parse(Note.parse(parties.public.read_bytes("log/checkpoint")).text).size
    lost(parties)
    take_over(parties.network, "a", NEXT.id)
    for name in "abcd":
        follow(parties.network, name, new_key(parties))
    told(parties, NEXT)
    night(parties, NEXT)
    checked = lines(parties)
    assert {name for name, line in checked.items() if line.colour is Colour.RED} == set()
    assert "4 of 4 witnesses" in checked["checkpoint"].text
    assert parties.coordinator.link.closing(NEXT.id) is not None
    assert Checkpoint.parse(Note.parse(parties.public.read_bytes("log/checkpoint")).text).size > before
    assert {line.colour for line in audit(auditing(parties.network, partner="b"))} == {Colour.GREEN}


def test_without_a_majority_nothing_of_the_new_keeper_counts(parties: Parties) -> None:
    """Two of four confirm its key; the others do not cosign, and say why."""
    lost(parties)
    take_over(parties.network, "a", NEXT.id)
    for name in "ab":
        follow(parties.network, name, new_key(parties))
    old = parties.public.read_bytes("log/checkpoint")
    close(parties.coordinator, NEXT)
    for _ in range(2):
        record(parties.company("a"), NEXT)
        record(parties.company("b"), NEXT)
        assert "not signed by the log" in record(parties.company("c"), NEXT)
        record_round(parties.coordinator, NEXT.id)
    assert parties.public.read_bytes("log/checkpoint") == old


def test_the_old_key_counts_no_more_once_it_is_said(parties: Parties) -> None:
    """If the old coordinator comes back, what it signs is red; what it signed before stays valid."""
    old = Keyring(Store(parties.network.address(COORDINATOR), COORDINATOR)).identity()
    lost(parties)
    take_over(parties.network, "a", NEXT.id)
    for name in "abcd":
        follow(parties.network, name, new_key(parties))
    night(parties, NEXT)
    from decai_forecast.coordinator.statements import keeper_of
    from decai_forecast.ledger.notebook import Notebook
    from decai_forecast.ledger.statements import Published, public_subject

    notebook = Notebook(Store(parties.network.home / "old", COORDINATOR), old, "n", NEXT.id)
    notebook.state(Published, (public_subject("rounds/x/shared.json", "a" * 64),))
    keeper_of(parties.coordinator).log.append(notebook.entries())
    record_round(parties.coordinator, NEXT.id)
    faults = lines(parties)["statements"].faults
    assert [fault.code for fault in faults] == ["statement_key"]


def test_messages_of_the_lost_coordinator_are_taken_by_the_log(parties: Parties) -> None:
    """Those that the company's own copy has, by company and by new coordinator; the old key alone makes none."""
    old = Keyring(Store(parties.network.address(COORDINATOR), COORDINATOR)).identity()
    lost(parties)
    take_over(parties.network, "a", NEXT.id)
    for name in "abcd":
        follow(parties.network, name, new_key(parties))
    links = (parties.company("b").link, parties.coordinator.link)
    closing, same = (link.closing(ROUND.id) for link in links)
    assert closing is not None
    assert closing == same
    forged = sealed(replace(closing, round="2026-06-28"), Kind.CLOSING, "2026-06-28", old)
    parties.public.write_bytes(public_key(Kind.CLOSING, "2026-06-28"), forged)
    for link in links:
        with pytest.raises(LinkError):
            link.closing("2026-06-28")


def test_nothing_is_taken_over_from_somebody_who_is_there(parties: Parties) -> None:
    """Nor by a company that never saw the log."""
    with pytest.raises(ConfigError, match="there is a coordinator"):
        take_over(parties.network, "a", NEXT.id)
    lost(parties)
    shutil.rmtree(Path(parties.network.address("d")) / "ledger/mirror")
    with pytest.raises(ConfigError, match="no copy of the log"):
        take_over(parties.network, "d", NEXT.id)


def test_a_copy_is_of_the_same_bytes(parties: Parties) -> None:
    """Of the log and of what it speaks of, so that it can be audited by itself."""
    asked = Auditing(public_files(Path(parties.network.address("b")) / "ledger/mirror"), own_policy(parties.network, "b"))
    assert {line.colour for line in audit(asked)} <= {Colour.GREEN, Colour.NONE}
