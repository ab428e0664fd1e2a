"""`docs/reference/messages.md` lists messages and codes that the code can say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

import pytest
from doc_texts import ROOT
from texts_of_code import TextsOfCode

PAGE = ROOT / "docs/reference/messages.md"


@cache
def texts() -> TextsOfCode:
    return TextsOfCode.of(ROOT / "decai_forecast")


def column(title: str) -> Iterator[str]:
    """The cells below ``title`` in all tables of the page."""
    place = None
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not cells:
            place = None
        elif place is None:
            place = cells.index(title) if title in cells else -1
        elif place >= 0 and set(cells[0]) != {"-"}:
            yield cells[place]


def test_messages_can_be_said() -> None:
    """Every fixed word of every message stands in a string of the code; where a library says it, the page says so."""
    said = [one for cell in column("message") if "(by " not in cell for one in re.findall(r"`([^`]+)`", cell)]
    assert len(said) > 250
    assert {one: missing for one in said if (missing := texts().missing(one))} == {}


def test_codes_are_codes() -> None:
    """Every code of the page is a string of the code."""
    codes = {one for cell in column("code") for one in re.findall(r"`([^`]+)`", cell)}
    assert {code for code in codes if code not in texts()} == set()


@pytest.mark.parametrize(
    ("message", "missing"),
    [
        ("the file <name> is not there; there are <names>", []),
        ("the file acme is not there; did you mean <name>?", []),
        ("the file <name> is absent; there are <names>", ["the file <> is absent ; there are <>"]),
        ("the file <name> is not there; did we mean <name>?", ["the file <> is not there ; did we mean <> ?"]),
        ("nothing of the kind <name> ... or not", ["nothing of the kind <>", "or not"]),
    ],
)
def test_a_message_that_the_code_cannot_say_is_seen(message: str, missing: list[str]) -> None:
    """One other word is enough to fail; fillings and hints may follow."""
    strings = ["the file \0 is not there; there are \0", "the file \0 is not there\0", "; did you mean \0?"]
    assert TextsOfCode(strings).missing(message) == missing
