"""A YAML or JSON file is read into a frozen type, or every fault of it is told with its line."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import AfterValidator, Field

from decai_forecast.documents import Fault, Kind
from decai_forecast.documents.files import read_json_file, read_yaml_file
from decai_forecast.errors import DocumentError


def even(value: int) -> int:
    if value % 2:
        raise ValueError(f"is {value}; an even number is expected")
    return value


@dataclass(frozen=True)
class Leaf:
    kind: Literal["leaf"]
    size: float


@dataclass(frozen=True)
class Stone:
    kind: Literal["stone"]
    weight: Annotated[int, AfterValidator(even)]


@dataclass(frozen=True)
class Box:
    label: Annotated[str, Field(alias="theLabel")]
    inside: tuple[Annotated[Leaf | Stone, Field(discriminator="kind")], ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    most: int | None = None

    def faults(self) -> Iterator[Fault]:
        if self.most is not None and len(self.inside) > self.most:
            yield Fault(("most",), f"{len(self.inside)} things are inside, more than {self.most}")


BOX = Kind("a box", "expected a box (a mapping with theLabel)", version=2)


def faults(path: Path) -> list[str]:
    read = read_json_file if path.suffix == ".json" else read_yaml_file
    with pytest.raises(DocumentError) as error:
        read(path, BOX, Box)
    return [f"{problem.line}:{problem.column}: {problem.text}" for problem in error.value.problems]


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    return path


def test_both_forms_give_the_same(tmp_path: Path) -> None:
    """A key may have another name in the document than its field."""
    value = {"version": 2, "theLabel": "x", "inside": [{"kind": "leaf", "size": 1}, {"kind": "stone", "weight": 2}]}
    in_json = read_json_file(written(tmp_path / "box.json", json.dumps(value)), BOX, Box)
    in_yaml = read_yaml_file(written(tmp_path / "box.yaml", json.dumps(value)), BOX, Box)
    assert in_json == in_yaml == Box("x", (Leaf("leaf", 1.0), Stone("stone", 2)))


YAML = """\
version: 2
theLabel: x
inside:
- {kind: leaf, size: 1}
- kind: stone
  weight: 3
notes: {a: b}
most: 1
"""
CASES = [
    ("", "", ["6:11: weight is 3; an even number is expected"]),
    ("weight: 3", "weight: 2", ["8:7: 2 things are inside, more than 1"]),
    ("theLabel: x", "label: x", ["1:1: a box needs theLabel", "2:1: unknown key 'label'; did you mean 'theLabel'?",
                                 "6:11: weight is 3; an even number is expected"]),
    ("  weight: 3", "  stone: 3", ["5:3: an entry of inside needs weight", "6:3: unknown key 'stone'; known are kind, weight"]),
    ("kind: leaf", "kind: laef", ["4:10: kind must be one of leaf, stone, not 'laef'; did you mean 'leaf'?",
                                  "6:11: weight is 3; an even number is expected"]),
    ("size: 1", "size: 010", ["4:22: 010 is read as another number; put it into quotes, or write the number that is meant",
                              "6:11: weight is 3; an even number is expected"]),
    ("{a: b}", "{a: 1}", ["6:11: weight is 3; an even number is expected", "7:12: a must be text, not 1; put it into quotes"]),
    ("{a: b}", "b", ["6:11: weight is 3; an even number is expected", "7:8: notes must be a mapping, not 'b'"]),
    ("version: 2", "version: 2.5", ["1:10: expected version: 2", "6:11: weight is 3; an even number is expected"]),
    ("most: 1", "most: 1\nmost: 9", ["6:11: weight is 3; an even number is expected",
                                     "9:1: key 'most' is there twice (first in line 8); keep one of them"]),
    ("x", "*x", ["2:11: an alias (*x) is not allowed in a box; write the value out"]),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "said"), CASES)
def test_all_faults_of_a_yaml_file(tmp_path: Path, old: str, new: str, said: list[str]) -> None:
    """At the value, or at the key where it is about the key; where a mapping lacks one, at the mapping."""
    assert faults(written(tmp_path / "box.yaml", YAML.replace(old, new, 1))) == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('{"version": 2,\n "theLabel": 5,\n "inside": [{"kind": "leaf", "size": "1"}],\n "x\\t": 0}',
         ["2:14: theLabel must be text, not 5; put it into quotes", "3:38: size must be a number, not '1'",
          "4:2: unknown key 'x\\t'; known are inside, most, notes, theLabel"]),
        ('{"version": 2, "theLabel": "x",\n\t"most": NaN}', ["2:10: NaN is no number of 64 bits"]),
        ('{"version": 2,\r\n "version": 2}', ["2:2: key 'version' is there twice; keep one of them"]),
        ('{"version": 2,\n "theLabel": }', ["2:14: not JSON: Expecting value"]),
        ("[]", ["1:1: expected a box (a mapping with theLabel)"]),
        ("[" * 51, ["1:51: more than 50 lists and mappings inside each other"]),
        ('{"a": "\\u0000"}', ["1:7: the character U+0000 is not allowed"]),
        ('"' + '\\"' * 300_000, ["1:1: not JSON: Unterminated string starting at"]),
        ("{}", ["1:1: a box needs theLabel", "1:1: expected version: 2"]),
    ],
)  # fmt: skip
def test_all_faults_of_a_json_file(tmp_path: Path, text: str, said: list[str]) -> None:
    """Line and column, as in YAML."""
    assert faults(written(tmp_path / "box.json", text)) == said


def test_a_long_line_is_shown_around_its_fault(tmp_path: Path) -> None:
    """With the caret below it."""
    path = written(
        tmp_path / "box.json", json.dumps({"notes": {"a": "b" * 999}, "most": "x", "theLabel": "c" * 999, "version": 2})
    )
    with pytest.raises(DocumentError) as error:
        read_json_file(path, BOX, Box)
    head, line, caret = str(error.value).splitlines()
    assert head == f"{path}:1:1029: most must be a whole number, not 'x'"
    assert line[caret.index("^") :].startswith('"x", "theLabel"')
    assert (line[9:13], line[-4:]) == ("...b", "c...")


def test_a_secret_is_shown_as_stars(tmp_path: Path) -> None:
    """Wherever it stands in a line that is shown."""
    path = written(tmp_path / "box.yaml", "version: 2\ntheLabel: [https://me:hunter2@host]\n")
    with pytest.raises(DocumentError) as error:
        read_yaml_file(path, BOX, Box)
    assert str(error.value).splitlines()[1] == "     2 | theLabel: [https://me:*******@host]"


@pytest.mark.parametrize("word", ["x" * 1_000_000, "a-" * 500_000, "password" * 100_000, "://" * 300_000, "?a" * 500_000])
def test_a_file_of_one_long_word_is_refused(tmp_path: Path, word: str) -> None:
    """Looking for secrets in it takes a time that grows with its length, not with the square of it."""
    assert faults(written(tmp_path / "box.yaml", f"'{word}'")) == ["1:1: expected a box (a mapping with theLabel)"]
