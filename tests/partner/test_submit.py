"""What a company tells the coordinator: codes and counts, never a text, and a copy of it stays at home."""

from __future__ import annotations

from pathlib import Path

import pytest
from parties import ROUND, Parties

from decai_forecast.contracts import Verdict
from decai_forecast.delivery.errors import SourceAbsent
from decai_forecast.errors import ConfigError, DecaiError
from decai_forecast.link import State, Submission
from decai_forecast.partner.check import Refused
from decai_forecast.partner.facts import CHECK, TRAIN, CheckFacts, DataSetFacts, TrainFacts
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.partner.quality import mark_late
from decai_forecast.partner.submit import deliver, failed, give_up, ready, submit
from decai_forecast.steps import run_step
from decai_forecast.store import digest_json

CHECKED = CheckFacts(
    {"stock": DataSetFacts(Verdict.REFUSED, 9, 0, "stale"), "demand": DataSetFacts(Verdict.ACCEPTED_IN_PART, 100, 3, "")}
)
VERDICTS = {"demand": Verdict.ACCEPTED_IN_PART, "stock": Verdict.REFUSED}


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path)


def checked(parties: Parties) -> None:
    run_step(parties.company("a").store, ROUND.id, CHECK, 1, lambda writer: CHECKED)


def trained(parties: Parties, newcomer: str = "") -> str:
    """The digest of what it was trained on."""
    facts = TrainFacts(97, 4, (ROUND.as_of,), newcomer=newcomer)
    return run_step(parties.company("a").store, ROUND.id, TRAIN, 1, lambda writer: facts).inputs


def test_a_company_that_is_ready_names_what_it_trained_on(parties: Parties) -> None:
    """By digest, with the verdicts of its data sets and the rows of its demand."""
    checked(parties)
    digest = digest_json(trained(parties))
    sent = ready(parties.company("a"), ROUND)
    assert sent == Submission("a", ROUND.id, ROUND.as_of, State.READY, "", VERDICTS, 100, 3, digest)


def test_a_newcomer_says_so(parties: Parties) -> None:
    """It has no part in the training."""
    checked(parties)
    trained(parties, newcomer="its history is too short")
    sent = ready(parties.company("a"), ROUND)
    assert (sent.state, sent.code) == (State.NEWCOMER, "little_history")


def test_steps_must_be_done_first(parties: Parties) -> None:
    """The message names the one that is missing."""
    for name, do in (("check", checked), ("train", trained)):
        with pytest.raises(DecaiError, match=f"a: round 2026-06-29 has no finished step '{name}'; run that one first"):
            ready(parties.company("a"), ROUND)
        do(parties)
    assert ready(parties.company("a"), ROUND).state is State.READY


@pytest.mark.parametrize(
    ("error", "state", "code"),
    [
        (SourceAbsent("/home/acme/orders.csv is not there"), State.FAILED, "source_absent"),
        (ConfigError("a contract of acme"), State.FAILED, "config"),
        (Refused("rows of acme are stale", "stale"), State.REFUSED, "stale"),
        (ValueError("secret"), State.FAILED, "internal"),
    ],
)
def test_of_a_failure_only_the_code_leaves(parties: Parties, error: BaseException, state: State, code: str) -> None:
    """Neither a path nor a text; an error of a library is ``internal``."""
    submit(parties.company("a"), failed(parties.company("a"), ROUND, error))
    sent = parties.coordinator.link.submissions(ROUND.id).submissions["a"]
    assert sent == Submission("a", ROUND.id, ROUND.as_of, state, code)
    assert str(error) not in parties.inbox.read_bytes(f"a/{ROUND.id}/submission.json").decode()


def test_a_failure_after_the_check_keeps_its_verdicts(parties: Parties) -> None:
    """What was found of the data sets is told, and no digest."""
    checked(parties)
    sent = failed(parties.company("a"), ROUND, ValueError())
    assert (sent.verdicts, sent.rows, sent.quarantined, sent.digest) == (VERDICTS, 100, 3, "")


def test_a_late_delivery_says_so(parties: Parties) -> None:
    """By the company's own record."""
    mark_late(parties.company("a").store, ROUND.id)
    assert failed(parties.company("a"), ROUND, ValueError()).late


def test_what_leaves_is_kept(parties: Parties) -> None:
    """The copy in the company's own store is what the coordinator reads."""
    sent = failed(parties.company("a"), ROUND, ValueError())
    submit(parties.company("a"), sent)
    assert kept_submission(parties.company("a").store, ROUND.id) == sent
    assert parties.coordinator.link.submissions(ROUND.id).submissions == {"a": sent}


def test_who_gives_up_is_told_what_to_mend(parties: Parties) -> None:
    """In its own store, in full; the coordinator hears the code."""
    give_up(parties.company("a"), ROUND, SourceAbsent("orders.csv is not there yet"))
    store = parties.company("a").store
    (notice,) = [store.read_bytes(key).decode() for key in store.keys("notices") if key.endswith(".txt")]
    assert notice == "demand of a, round 2026-06-29: not delivered\n\norders.csv is not there yet"


def test_whatever_happens_to_a_company_is_a_submission(parties: Parties) -> None:
    """The error goes on to whoever runs the step; the others' round has its answer."""
    with pytest.raises(ConfigError, match="a: no contract for the data set 'demand'"):
        deliver(parties.company("a"), ROUND)
    sent = parties.coordinator.link.submissions(ROUND.id).submissions["a"]
    assert (sent.state, sent.code) == (State.FAILED, "config")
