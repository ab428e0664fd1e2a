"""Somebody else's YAML: read as plain values, refused with a place before anything is built from it."""

from __future__ import annotations

import pytest

from decai_forecast.documents.safe_yaml import DEEPEST, YamlFault, printable, read_yaml, scalars


def refused(text: str) -> str:
    with pytest.raises(YamlFault) as error:
        read_yaml(text, "a box")
    problem = error.value.problem
    assert str(error.value) == problem.text
    return f"{problem.line}:{problem.column}: {problem.text}"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("day: 2026-02-30\n", {"day": "2026-02-30"}),  # told by whoever needs a date
        ("at: 2026-06-29T01:00:00Z\n", {"at": "2026-06-29T01:00:00Z"}),
        ("a: 010\nb: 1_000\n", {"a": 8, "b": 1000}),
        ("no: off\n", {False: False}),
        ("a: ~\nb:\n", {"a": None, "b": None}),
        ("", None),
        ("# only a comment\n", None),
        ("a: &x 1\n", {"a": 1}),  # an anchor that nothing points to is harmless
    ],
)
def test_plain_values(text: str, value: object) -> None:
    """Dates stay text; all else is YAML 1.1."""
    assert read_yaml(text, "a box")[1] == value


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a: &x [1]\nb: *x\n", "2:4: an alias (*x) is not allowed in a box; write the value out"),
        ("<<: *x\n", "1:5: an alias (*x) is not allowed in a box; write the value out"),
        ("a: 1\n---\nb: 2\n", "2:1: not valid YAML: but found another document (expected a single document in the stream, "
                              "opened at line 1)"),
        ("a: 'x\n", "2:1: not valid YAML: found unexpected end of stream (while scanning a quoted scalar, opened at line 1)"),
        ("a: !!python/name:os.system x\n",
         "1:4: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'"),
        ("a: b\n\tc: d\n", "2:1: not valid YAML: found a tab character that violates indentation (while scanning a plain "
                           "scalar, opened at line 1)"),
        ("a: \x1b[2J\n", "1:4: not valid YAML: the character U+001B is not allowed"),
        ("a: b\nc: \u200e\ufffe\n", "2:5: not valid YAML: the character U+FFFE is not allowed"),
        ("a: !!timestamp 2026-02-30\n", "1:4: not valid YAML: day is out of range for month"),
    ],
)  # fmt: skip
def test_what_may_not_be_read(text: str, said: str) -> None:
    """Line and column, and what to do about it."""
    assert refused(text) == said


def test_depth_is_bounded() -> None:
    """Fifty lists and mappings inside each other are read, one more is not."""
    deep = "[" * DEEPEST + "]" * DEEPEST
    assert read_yaml(deep, "a box")[1] is not None
    assert refused(f"[{deep}]") == (
        f"1:{DEEPEST + 1}: more than {DEEPEST} lists and mappings inside each other; a box has fewer"
    )


def test_size_is_bounded() -> None:
    """In characters; a text of exactly that size is read."""
    text = f"a: {'x' * (2_000_000 - 3)}"
    assert read_yaml(text, "a box")[1] == {"a": "x" * 1_999_997}
    assert refused(f"{text}x") == "1:1: the file has 2,000,001 characters; a box has at most 2,000,000"


def test_every_scalar_has_its_place() -> None:
    """Keys, too; an empty document has none."""
    tree, _ = read_yaml("a: [b, {c: d}]\n", "a box")
    assert sorted((node.value, node.start_mark.column) for node in scalars(tree)) == [("a", 0), ("b", 4), ("c", 8), ("d", 11)]
    assert list(scalars(None)) == []


def test_what_cannot_be_shown_is_a_question_mark() -> None:
    """A terminal obeys none of it."""
    assert printable("a\x1b[2J\tb\x00\r\n") == "a?[2J\tb?\r\n"
