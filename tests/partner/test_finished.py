"""What finished steps leave for later ones: by their typed facts, or a message that names the step that is missing."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from support import NIGHT

from decai_forecast.contracts import Verdict
from decai_forecast.errors import DecaiError
from decai_forecast.network import Network, Participant
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.facts import CHECK, COMBINE, PULL, REPORT, SIMULATE, TRAIN, WATCH, CheckFacts, DataSetFacts
from decai_forecast.partner.finished import accepted_frame, clean_file, required_step
from decai_forecast.steps import Done, Step, Writer, read_done, run_step

FRAME = pd.DataFrame({"item_id": ["i1", "i2"]})


@pytest.fixture
def company(tmp_path: Path) -> PartnerContext:
    return partner_context(Network(tmp_path, "n", "W", 13, (Participant("a"),)), "a")


def checked(company: PartnerContext, verdict: Verdict) -> Done[CheckFacts]:
    """A check with this verdict on the data set ``items``; there are clean rows whatever it is."""

    def work(writer: Writer) -> CheckFacts:
        writer.frame("items-clean.parquet", FRAME)
        return CheckFacts({"items": DataSetFacts(verdict, 2, 0, "")})

    return run_step(company.store, "2026-06-29", CHECK, 1, work)


@pytest.mark.parametrize("step", [PULL, CHECK, TRAIN, WATCH, COMBINE, SIMULATE, REPORT])
def test_a_missing_step_is_named(company: PartnerContext, step: Step[object]) -> None:
    """With the company, the round, and what to do."""
    with pytest.raises(DecaiError) as error:
        required_step(company, "2026-06-29", step)
    assert str(error.value) == f"a: round 2026-06-29 has no finished step {step.name!r}; run that one first"


def test_a_finished_step_is_read(company: PartnerContext) -> None:
    """Its facts are of their types: a verdict is one, not a text."""
    checked(company, Verdict.ACCEPTED)
    done = required_step(company, "2026-06-29", CHECK)
    assert done.facts.data_sets["items"].verdict is Verdict.ACCEPTED
    assert done.repeated


@pytest.mark.parametrize("verdict", Verdict)
def test_rows_are_used_where_they_were_accepted(company: PartnerContext, verdict: Verdict) -> None:
    """Wholly or in part; of any other verdict no row enters, even if there are some."""
    done = checked(company, verdict)
    if verdict in (Verdict.ACCEPTED, Verdict.ACCEPTED_IN_PART):
        assert clean_file(done, "items") == "items-clean.parquet"
        pd.testing.assert_frame_equal(accepted_frame(done, "items"), FRAME)
    else:
        assert (clean_file(done, "items"), accepted_frame(done, "items")) == ("", None)


def test_a_data_set_that_was_not_checked_has_no_rows(company: PartnerContext) -> None:
    """It is absent, which is no fault."""
    done = checked(company, Verdict.ACCEPTED)
    assert (clean_file(done, "stock"), accepted_frame(done, "stock")) == ("", None)


def texts(value: object) -> Iterator[str]:
    """All keys and texts of a JSON value."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield from (key, *texts(item))
    elif isinstance(value, list):
        for item in value:
            yield from texts(item)
    elif isinstance(value, str):
        yield value


def test_no_step_of_a_night_names_a_place_on_the_host(finished: Network) -> None:
    """What a step says of itself can be compared with another host's, and moved there."""
    records = sorted((finished.home / "stores").glob("*/rounds/*/*/done.json"))
    steps = {"pull", "check", "train", "watch", "combine", "simulate", "report", "federate"}
    assert {path.parent.name for path in records} == steps
    for path in records:
        for text in texts(json.loads(path.read_bytes())):
            assert not text.startswith(("/", "file:")), (path, text)
            assert str(finished.home) not in text, (path, text)


def test_every_step_of_a_night_is_whole(finished: Network) -> None:
    """All outputs are what ``done.json`` says, and nothing else lies beside them."""
    for partner in finished.partners:
        store = partner_context(finished, partner).store
        for step in (PULL, CHECK, TRAIN, WATCH, COMBINE, SIMULATE, REPORT):
            done = read_done(store, NIGHT.id, step)
            assert done is not None
            assert done.broken() == ""
            folder = f"rounds/{NIGHT.id}/{step.name}"
            assert store.keys(folder) == sorted([f"{folder}/done.json", *(output.key for output in done.files.values())])
