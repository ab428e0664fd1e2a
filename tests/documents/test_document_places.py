"""Where each part of a YAML or JSON file stands, so that a message can point at it."""

from __future__ import annotations

from pathlib import Path

import pytest

from decai_forecast.documents import Kind
from decai_forecast.documents.document import Document, JsonDocument
from decai_forecast.documents.safe_json import read_json
from decai_forecast.errors import DocumentError

BOX = Kind("a box", "expected a box")
YAML = "label: x\ninside:\n- kind: leaf\n  size: 1\n- {kind: stone}\n2026-12-07: day\n"
JSON = '{"label": "x",\n "inside": [{"kind": "leaf",\n   "size": 1},\n  {"kind": "stone"}]}\n'

Where = tuple[str | int, ...]
PLACES: list[tuple[Where, bool, tuple[int, int], tuple[int, int]]] = [  # where, at the key, in YAML, in JSON
    ((), False, (1, 1), (1, 1)),
    (("label",), False, (1, 8), (1, 11)),
    (("label",), True, (1, 1), (1, 2)),
    (("inside", 0, "size"), False, (4, 9), (3, 12)),
    (("inside", 0, "size"), True, (4, 3), (3, 4)),
    (("inside", 1, "kind"), False, (5, 10), (4, 12)),
]


@pytest.mark.parametrize(("where", "key", "in_yaml", "in_json"), PLACES)
def test_a_part_has_line_and_column(
    tmp_path: Path, where: Where, key: bool, in_yaml: tuple[int, int], in_json: tuple[int, int]
) -> None:
    """Of its value, or of its key where the message is about that."""
    (yaml := tmp_path / "box.yaml").write_text(YAML)
    (json := tmp_path / "box.json").write_text(JSON)
    assert Document(yaml, BOX).place(where, key=key) == in_yaml
    assert JsonDocument(json, BOX).place(where, key=key) == in_json


@pytest.mark.parametrize(
    ("where", "place"), [(("nothing",), (1, 1)), (("inside", 0, "colour"), (3, 3)), (("inside", 9), (2, 1))]
)
def test_what_is_missing_is_told_at_the_deepest_part_that_exists(tmp_path: Path, where: Where, place: tuple[int, int]) -> None:
    """A mapping that lacks a key, a list that is too short."""
    (path := tmp_path / "box.yaml").write_text(YAML)
    assert Document(path, BOX).place(where) == place


def test_days_and_numbers_as_keys_are_text(tmp_path: Path) -> None:
    """As JSON would have them."""
    (path := tmp_path / "box.yaml").write_text(YAML + "5: five\n")
    document = Document(path, BOX)
    assert (document.value["2026-12-07"], document.value["5"]) == ("day", "five")
    assert document.place(("2026-12-07",), key=True) == (6, 1)
    assert document.place(("5",)) == (7, 4)


def test_of_a_key_that_is_there_twice_the_last_one_counts(tmp_path: Path) -> None:
    """As for whoever reads the value; both lines are told."""
    (path := tmp_path / "box.yaml").write_text("label: x\nlabel: y\ninside: {a: 1, a: 2}\n")
    document = Document(path, BOX)
    assert document.place(("label",)) == (2, 8)
    assert sorted((problem.line, problem.column, problem.text) for problem in document.repeated()) == [
        (2, 1, "key 'label' is there twice (first in line 1); keep one of them"),
        (3, 16, "key 'a' is there twice (first in line 3); keep one of them"),
    ]


@pytest.mark.parametrize("number", ["0715", "12:30", "1_0:30.5", "00"])
def test_a_number_that_yaml_reads_in_another_way_is_told(tmp_path: Path, number: str) -> None:
    """To the base of 8 or of 60; in quotes it is the text that it is."""
    (path := tmp_path / "box.yaml").write_text(f"a: {number}\n")
    said = f"{number} is read as another number; put it into quotes, or write the number that is meant"
    assert [problem.text for problem in Document(path, BOX).misread()] == [said]
    path.write_text(f"a: '{number}'\n")
    assert list(Document(path, BOX).misread()) == []


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"a: b\nc: \xe9\n", "box.yaml:2: not UTF-8 text: byte 8 is 0xe9"),
        (b"- a\n", "box.yaml:1:1: expected a box\n     1 | - a\n       | ^"),
        (b"", "box.yaml:1:1: expected a box\n     1 |  \n       | ^"),
    ],
)
def test_what_is_no_mapping_of_text(tmp_path: Path, data: bytes, said: str) -> None:
    """Told as what was expected, or which byte is wrong."""
    (path := tmp_path / "box.yaml").write_bytes(data)
    with pytest.raises(DocumentError) as error:
        Document(path, BOX)
    assert str(error.value).removeprefix(f"{tmp_path}/") == said


def test_every_part_of_a_json_text_has_its_place() -> None:
    """Escaped keys, too, and brackets inside texts are no brackets."""
    read = read_json('{"a\\"b": [1, {"]": "}"}], "c": {}}')
    assert read.value == {'a"b': [1, {"]": "}"}], "c": {}}
    assert read.places == {(): 0, ('a"b',): 9, ('a"b', 0): 10, ('a"b', 1): 13, ('a"b', 1, "]"): 19, ("c",): 31}
    assert read.keys == {('a"b',): 1, ('a"b', 1, "]"): 14, ("c",): 26}
