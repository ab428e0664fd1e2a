"""A message of another participant is read into a frozen type, or refused with its sender and the place of every fault."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field

from decai_forecast.documents.message import read_message
from decai_forecast.errors import MalformedMessage


class State(StrEnum):
    READY = "ready"
    ABSENT = "absent"


@dataclass(frozen=True)
class Score:
    name: str
    value: float


@dataclass(frozen=True)
class Hello:
    state: State
    rows: Annotated[int, Field(ge=0)]
    night: date | None = None
    scores: tuple[Score, ...] = ()
    digests: Mapping[str, str] = field(default_factory=dict)
    kind: Literal["hello"] = "hello"


GOOD: dict[str, Any] = {
    "state": "ready",
    "rows": 12,
    "night": "2026-12-07",
    "scores": [{"name": "wape", "value": 1}],
    "digests": {"demand": "ab12"},
}


def refused(data: bytes, **options: Any) -> str:
    with pytest.raises(MalformedMessage) as error:
        read_message(data, Hello, sender="acme", **options)
    assert error.value.code == "malformed"
    head, _, faults = str(error.value).partition(": ")
    assert head == "acme sent a malformed message"
    return faults


def test_a_message_becomes_a_frozen_type() -> None:
    """Texts become enums and dates, lists tuples; a whole number may stand for a number."""
    expected = Hello(State.READY, 12, date(2026, 12, 7), (Score("wape", 1.0),), {"demand": "ab12"})
    assert read_message(json.dumps(GOOD).encode(), Hello, sender="acme") == expected


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"state": "redy"}, "$.state: state must be one of ready, absent, not 'redy'; did you mean 'ready'?"),
        ({"state": 3}, "$.state: state must be one of ready, absent, not 3"),
        ({"rows": -1}, "$.rows: rows must be a whole number of at least 0, not -1"),
        ({"rows": "12"}, "$.rows: rows must be a whole number of at least 0, not '12'"),
        ({"rows": 1.5}, "$.rows: rows must be a whole number of at least 0, not 1.5"),
        ({"rows": True}, "$.rows: rows must be a whole number of at least 0, not true"),
        ({"rows": None}, "$.rows: rows must be a whole number of at least 0, not nothing"),
        ({"night": "2026-02-30"}, "$.night: night must be a date such as 2026-12-07, not '2026-02-30'"),
        ({"night": 20261207}, "$.night: night must be a date such as 2026-12-07, not 20261207"),
        ({"scores": {}}, "$.scores: scores must be a list, not a mapping"),
        ({"scores": [5]}, "$.scores[0]: an entry of scores must be a mapping of name, value, not 5"),
        ({"scores": [{"name": "a"}]}, "$.scores[0]: an entry of scores needs value"),
        ({"scores": [{"name": "a", "value": "x"}]}, "$.scores[0].value: value must be a number, not 'x'"),
        ({"scores": [{"name": 5, "value": 1}]}, "$.scores[0].name: name must be text, not 5; put it into quotes"),
        ({"digests": []}, "$.digests: digests must be a mapping, not an empty list"),
        ({"digests": {"a b": 1}}, "$.digests['a b']: a b must be text, not 1; put it into quotes"),
        ({"stat": "ready"}, "$: unknown key 'stat'; did you mean 'state'?"),
        ({"colour": 1}, "$: unknown key 'colour'; known are digests, kind, night, rows, scores, state"),
        ({"kind": "bye"}, "$.kind: kind must be hello, not 'bye'"),
    ],
)
def test_a_fault_is_told_with_its_place(change: Mapping[str, Any], said: str) -> None:
    """The path, what is allowed, what stands there, and what may have been meant."""
    assert refused(json.dumps({**GOOD, **change}).encode()) == said


def test_all_faults_are_told_at_once() -> None:
    """One line for each."""
    said = refused(json.dumps({"state": "late", "scores": [{}], "x": 1}).encode())
    assert said.split("\n  ") == [
        "$: the message needs rows",
        "$.scores[0]: an entry of scores needs name, value",
        "$.state: state must be one of ready, absent, not 'late'",
        "$: unknown key 'x'; known are digests, kind, night, rows, scores, state",
    ]


TEXT = json.dumps(GOOD)
HOSTILE = [
    (b"", "$: not JSON: Expecting value"),
    (b"[1, 2", "$: not JSON: Expecting ',' delimiter"),
    (b"5", "$: the message must be a mapping of state, rows, night, scores, digests, kind, not 5"),
    (b"null", "$: the message must be a mapping of state, rows, night, scores, digests, kind, not nothing"),
    (b"\xff\xfe{\x00}\x00", "$: byte 0 is not UTF-8"),
    (TEXT.encode("utf-16-le"), "$: not JSON: Expecting property name enclosed in double quotes"),
    (TEXT.replace("12,", "NaN,").encode(), "$.rows: NaN is no number of 64 bits"),
    (TEXT.replace("12,", "-Infinity,").encode(), "$.rows: -Infinity is no number of 64 bits"),
    (TEXT.replace("12,", "1e999,").encode(), "$.rows: 1e999 is no number of 64 bits"),
    (TEXT.replace("12,", "9223372036854775808,").encode(), "$.rows: 9223372036854775808 is no number of 64 bits"),
    (TEXT.replace("12,", f"{'9' * 5000},").encode(), f"$.rows: {'9' * 20} is no number of 64 bits"),
    (TEXT.replace('"rows"', '"state"').encode(), "$: key 'state' is there twice; keep one of them"),
    (TEXT.replace('"value"', '"name"').encode(), "$.scores[0]: key 'name' is there twice; keep one of them"),
    (TEXT.replace("ab12", "\\u0000").encode(), "$.digests.demand: the character U+0000 is not allowed"),
    (TEXT.replace("ab12", "\\ud83d").encode(), "$.digests.demand: the character U+D83D is not allowed"),
    (TEXT.replace("demand", "\\u001b[2J").encode(), "$.digests: the character U+001B is not allowed"),
    (TEXT.replace("ab12", "\x7f").encode(), "$.digests.demand: the character U+007F is not allowed"),
    (b"[" * 60, "$: more than 50 lists and mappings inside each other"),
    (b'{"a":' * 900_000, "$: 4,500,000 bytes; at most 1,000,000 are read"),
]  # fmt: skip


@pytest.mark.parametrize(("data", "said"), HOSTILE)
def test_what_no_reader_should_take_is_refused(data: bytes, said: str) -> None:
    """Two readers of the same bytes would understand two things, or none."""
    assert refused(data) == said


def test_the_largest_size_is_the_callers() -> None:
    """In bytes; a message of exactly that size is read."""
    data = TEXT.encode()
    assert refused(data, largest=len(data) - 1) == f"$: {len(data)} bytes; at most {len(data) - 1} are read"
    assert read_message(data, Hello, sender="acme", largest=len(data)).rows == 12


def test_a_byte_order_mark_and_the_line_ends_of_windows_are_read() -> None:
    """They mean nothing."""
    data = b"\xef\xbb\xbf" + json.dumps(GOOD, indent=1).replace("\n", "\r\n").encode()
    assert read_message(data, Hello, sender="acme").rows == 12


def test_numbers_of_64_bits_are_read() -> None:
    """To the last bit."""
    assert read_message(TEXT.replace("12,", f"{2**63 - 1},").encode(), Hello, sender="acme").rows == 2**63 - 1


def test_what_was_sent_is_shown_in_a_few_characters() -> None:
    """Neither a long text nor one that would turn a terminal's line around comes through."""
    said = refused(json.dumps({**GOOD, "state": "\u202e" + "x" * 900}).encode())
    assert said == f"$.state: state must be one of ready, absent, not '\\u202e{'x' * 50}..."
    assert refused(json.dumps({**GOOD, "k" * 900: 1}).encode()).startswith(f"$: unknown key '{'k' * 56}...; known are")


def test_a_hundred_thousand_faults_are_twenty_lines() -> None:
    """Who sends them cannot fill anybody's log."""
    lines = refused(json.dumps({**GOOD, **{f"k{n}": 0 for n in range(60_000)}}).encode()).split("\n  ")
    assert len(lines) == 21
    assert lines[-1] == "and further faults"


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.sampled_from(sorted(GOOD)), inner)
)


@given(VALUES)
def test_whatever_else_is_sent_is_refused(value: object) -> None:
    """Nothing else is raised, and every error is printable."""
    assert all(line.isprintable() for line in refused(json.dumps(value).encode()).splitlines())


@given(st.binary())
def test_whatever_bytes_are_sent_are_refused(data: bytes) -> None:
    """No bytes that are no message raise anything else."""
    with pytest.raises(MalformedMessage):
        read_message(data, Hello, sender="acme")
