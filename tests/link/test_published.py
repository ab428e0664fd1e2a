"""What the coordinator publishes, as a company reads it: checked like any message, and models by their digest."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from parties import ROUND, Parties, at_once

from decai_forecast.coordinator.close import close
from decai_forecast.errors import MalformedMessage, StoreError
from decai_forecast.link import (
    Closing,
    ClosingStatus,
    CompanyLink,
    Comparison,
    Evaluation,
    ModelFile,
    Noise,
    Progress,
    Quartiles,
    SharedModels,
    SharedRound,
    SharedStatus,
)
from decai_forecast.link.envelope import Kind
from decai_forecast.link.messages import encoded

CUTOFF = date(2026, 6, 29)
MODELS = SharedModels(CUTOFF, {0.1: "low", 0.5: "middle", 0.9: "high"})
FILE = ModelFile("shared/2026-06-29/ab.json", "ab" * 32)
SHARED = SharedRound(
    ROUND.id, ROUND.as_of, SharedStatus.TRAINED, ("a", "b", "c"), 3, ("a", "b"), {"c": "failed:stale"}, {"b": "stale"},
    {CUTOFF: FILE}, FILE, (date(2026, 1, 5),), "", "exact", 1.5, Noise(3.0, 30.0, 1e-6), Evaluation(True, "better"),
)  # fmt: skip
CLOSING = Closing(ROUND.id, ROUND.as_of, ClosingStatus.CLOSED, ("a", "b"), ("c",), {"d": "absent"}, "a note")
COMPARISON = Comparison("2026-06-22", {"wape": Quartiles(5, 0.1, 0.2, 0.3)})
PROGRESS = Progress(CUTOFF, 0.5, 1, 3, 7, 100, 0.25, 10, 20, "2026-06-29T01:00:00+00:00", "tree 7 of 100")
PLACES = {"shared": SHARED, "closed": CLOSING, "comparison": COMPARISON, "progress": PROGRESS}
KINDS = dict(zip(PLACES, (Kind.SHARED, Kind.CLOSING, Kind.COMPARISON, Kind.PROGRESS), strict=True))


def test_before_the_round_nothing_is_there(company: CompanyLink) -> None:
    """None stands for what is not yet published; it is no fault."""
    reads = (company.shared, company.comparison, company.closing, company.progress)
    assert [read(ROUND.id) for read in reads] == [None] * 4
    assert not company.closed(ROUND.id)


def test_what_is_published_comes_over_as_it_was(parties: Parties, company: CompanyLink) -> None:
    """All fields of all messages."""
    link = parties.coordinator.link
    assert link.publish_shared(SHARED)
    assert link.publish_closing(CLOSING)
    assert link.publish_comparison(ROUND.id, COMPARISON)
    link.publish_progress(ROUND.id, PROGRESS)
    assert (company.shared(ROUND.id), company.closing(ROUND.id)) == (SHARED, CLOSING)
    assert (company.comparison(ROUND.id), company.progress(ROUND.id)) == (COMPARISON, PROGRESS)
    assert company.closed(ROUND.id)


def test_what_is_published_once_stays(parties: Parties, company: CompanyLink) -> None:
    """Of eight at once one publishes; a later one is told that it did not."""
    link = parties.coordinator.link
    assert sorted(at_once(8, lambda: link.publish_shared(SHARED))) == [False] * 7 + [True]
    assert sorted(at_once(8, lambda: link.publish_closing(CLOSING))) == [False] * 7 + [True]
    assert not link.publish_closing(Closing(ROUND.id, ROUND.as_of, ClosingStatus.BELOW_QUORUM, (), (), {}, "another"))
    assert company.closing(ROUND.id) == CLOSING


def test_progress_is_the_last_that_was_told(parties: Parties, company: CompanyLink) -> None:
    """It is no record of the round."""
    for tree in (1, 2):
        parties.coordinator.link.publish_progress(ROUND.id, Progress(CUTOFF, 0.5, 1, 3, tree, 100, 0.2, 0, 0, "", ""))
    progress = company.progress(ROUND.id)
    assert progress is not None
    assert progress.tree == 2


# models


def test_models_are_read_by_their_digest(parties: Parties, company: CompanyLink) -> None:
    """The same models twice are one file, other models another."""
    link = parties.coordinator.link
    file = link.publish_models(MODELS)
    assert link.publish_models(MODELS) == file
    assert file.key == f"shared/2026-06-29/{file.sha256[:16]}.json"
    other = link.publish_models(SharedModels(CUTOFF, {0.5: "other"}))
    assert (company.models(file), company.models(other).models) == (MODELS, {0.5: "other"})
    assert len(parties.public.keys("shared")) == 2


@pytest.mark.parametrize("data", [b"", b"{}", encoded(SharedModels(CUTOFF, {0.5: "poisoned"}))])
def test_models_of_other_bytes_are_not_used(parties: Parties, company: CompanyLink, data: bytes) -> None:
    """However well-formed they are."""
    file = parties.coordinator.link.publish_models(MODELS)
    parties.public.write_bytes(file.key, data)
    with pytest.raises(StoreError) as error:
        company.models(file)
    assert str(error.value) == f"'{file.key}' of the public folder is not the file that was published; it is not used"


@pytest.mark.parametrize(
    ("key", "said"),
    [
        ("shared/2026-06-29/0123456789abcdef.json", "'shared/2026-06-29/0123456789abcdef.json' is not in the store"),
        ("shared/../../shop/secret.json", "is outside this participant's store"),
    ],
)
def test_models_that_are_not_there_are_told(company: CompanyLink, key: str, said: str) -> None:
    """A file that is gone, and one that would be read from outside of the public folder."""
    with pytest.raises(StoreError, match="public: ") as error:
        company.models(ModelFile(key, "ab" * 32))
    assert said in str(error.value)


# malformed

Change = dict[str, Any]
WRONG: list[tuple[str, Change, str]] = [
    ("shared", {"status": "done"}, "$.status: status must be one of trained, kept, reused, not 'done'"),
    ("shared", {"members": "a"}, "$.members: members must be a list, not 'a'"),
    ("shared", {"members": ["A"]}, "$.members[0]: an entry of members must be a name of 1 to 40 of a-z, 0-9 and _, not 'A'"),
    ("shared", {"minimum": 0}, "$.minimum: minimum must be a whole number of at least 1, not 0"),
    ("shared", {"missing": {"c": "see /home/c"}}, "$.missing.c: c must be a state and a code"),
    ("shared", {"ships": {"key": "/etc/passwd", "sha256": "ab" * 32}}, "$.ships.key"),
    ("shared", {"ships": {"key": "shared/a.json", "sha256": "ab"}}, "$.ships.sha256"),
    (
        "shared",
        {"models": {"tomorrow": {"key": "shared/a.json", "sha256": "ab" * 32}}},
        "$.models: key 'tomorrow' must be a date",
    ),
    ("shared", {"seconds": -1}, "$.seconds: seconds must be a number of at least 0, not -1"),
    ("shared", {"rows": 5}, "$: unknown key 'rows'"),
    ("shared", {"round": "2026-06-28"}, "published a message of round 2026-06-28 for round 2026-06-29; it is not used"),
    ("closed", {"status": "open"}, "$.status: status must be one of closed, below_quorum, not 'open'"),
    ("closed", {"note": None}, "$.note: note must be text"),
    ("closed", {"round": "2026-06-28"}, "published a message of round 2026-06-28 for round 2026-06-29; it is not used"),
    ("comparison", {"measures": {"wape": {"companies": 0, "q25": 0, "q50": 0, "q75": 0}}}, "$.measures.wape.companies"),
    ("comparison", {"round": "last week"}, "$.round: round must be a round such as 2026-12-07"),
    ("progress", {"loss": float("nan")}, "$.loss: NaN is no number of 64 bits"),
    ("progress", {"line": "\x1b[2J"}, "$.line: the character U+001B is not allowed"),
]


@pytest.mark.parametrize(("place", "change", "said"), WRONG)
def test_a_malformed_publication_is_refused(
    parties: Parties, company: CompanyLink, place: str, change: Change, said: str
) -> None:
    """The company hears that the coordinator sent it, where it is wrong, and what was expected."""
    parties.publish(json.dumps({**json.loads(encoded(PLACES[place])), **change}).encode(), KINDS[place])
    with pytest.raises(MalformedMessage, match=r"^the coordinator ") as error:
        reader(company, place)(ROUND.id)
    assert said in str(error.value)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("data", [b"", b"[]", b"\xff", b"{}", b"{" * 2_000_000])
def test_what_is_no_message_is_refused(parties: Parties, company: CompanyLink, place: str, data: bytes) -> None:
    """Of every kind."""
    parties.public.write_bytes(f"rounds/{ROUND.id}/{place}.json", data)
    with pytest.raises(MalformedMessage, match=r"^the coordinator sent a malformed message: \$: "):
        reader(company, place)(ROUND.id)


def reader(company: CompanyLink, place: str) -> Callable[[str], object]:
    return {
        "shared": company.shared,
        "closed": company.closing,
        "comparison": company.comparison,
        "progress": company.progress,
    }[place]


def test_a_network_of_many_companies_closes(tmp_path: Path) -> None:
    """A note that names a hundred missing companies is read like any other."""
    names = [f"company_{k:03}" for k in range(100)]
    parties = Parties(tmp_path, names)
    closing = close(parties.coordinator, ROUND)
    assert len(closing.note) > 2000
    assert parties.company(names[0]).link.closing(ROUND.id) == closing


# sentences


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"evaluation": None}, "The new shared forecaster ships uncompared: scores are exact, and its training is private."),
        ({"evaluation": None, "privacy": None}, ""),
        ({"evaluation": None, "status": SharedStatus.KEPT}, ""),
        ({"evaluation": Evaluation(True, "it is better")}, "The new shared forecaster ships: it is better."),
        (
            {"evaluation": Evaluation(False, "it is worse")},
            "The new shared forecaster does not ship, the last one stays in use: it is worse.",
        ),
    ],
)
def test_the_verdict_in_words(changes: Change, sentence: str) -> None:
    """On the new forecaster against the last one; nothing where nothing was compared."""
    assert replace(SHARED, **changes).verdict() == sentence


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "trained together"),
        ({"status": SharedStatus.REUSED, "reason": "it is there"}, "did not train: it is there"),
        (
            {"status": SharedStatus.KEPT, "reason": "worse"},
            "trained together, but the last shared forecaster stays in use: worse",
        ),
        (
            {"status": SharedStatus.KEPT, "members": ()},
            "could not train together, the last shared forecaster stays in use",
        ),
    ],
)
def test_how_the_round_went_in_words(changes: Change, words: str) -> None:
    """As the end of a sentence about its members."""
    assert replace(SHARED, **changes).how() == words


@pytest.mark.parametrize("place", PLACES)
def test_a_folder_in_place_of_a_message_is_refused(parties: Parties, place: str) -> None:
    """Of every kind, by whoever reads the folder; over HTTPS there are no folders."""
    parties.public.write_bytes(f"rounds/{ROUND.id}/{place}.json/x", b"")
    with pytest.raises(MalformedMessage, match=r"^the coordinator sent a folder where a message belongs$"):
        reader(parties.company("a").link, place)(ROUND.id)
