"""A value in a message: short, on one line, and found by its place."""

from __future__ import annotations

import pytest

from decai_forecast.documents.sentences import part_at, shown


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (0, "0"),
        (1.5, "1.5"),
        ("x", "'x'"),
        ("", "''"),
        ("it's", '"it\'s"'),
        ("a\nb\x1b", "'a\\nb\\x1b'"),
        ({}, "a mapping"),
        ({"a": 1}, "a mapping"),
        ([], "an empty list"),
        ([0] * 1234, "a list of 1,234"),
        ("x" * 57, f"'{'x' * 57}'"),
        ("x" * 58, f"'{'x' * 56}..."),
        ("x" * 10_000_000, f"'{'x' * 56}..."),
    ],
)
def test_a_value_is_shown_in_a_few_characters(value: object, text: str) -> None:
    """Lists and mappings by what they are; nothing that moves a terminal's cursor."""
    assert shown(value) == text


VALUE = {"a": [{"b": 1}, None], "0": "zero"}


@pytest.mark.parametrize(
    ("where", "part"),
    [
        ((), VALUE),
        (("a", 0, "b"), 1),
        (("a", 1), None),
        (("a", 2), None),
        (("a", "b"), None),
        (("0",), "zero"),
        ((0,), None),
        (("a", 0, "b", "c"), None),
    ],
)
def test_a_part_is_found_by_its_place(where: tuple[str | int, ...], part: object) -> None:
    """None where nothing stands: a list has no names, and a mapping no numbers."""
    assert part_at(VALUE, where) == part
