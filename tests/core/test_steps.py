"""Steps: what was done is done once, and only while its files are what it wrote."""

from __future__ import annotations

import json
import logging
import math
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from parties import at_once

from decai_forecast.errors import RoundClosed, StoreError
from decai_forecast.steps import Done, Step, Writer, done_records, read_done, read_outputs, run_step
from decai_forecast.store import Store, digest_bytes


class Colour(StrEnum):
    RED = "red"


@dataclass(frozen=True)
class Told:
    text: str


@dataclass(frozen=True)
class Part:
    size: float
    colour: Colour


@dataclass(frozen=True)
class Rich:
    """Every kind of value that facts may have."""

    day: date
    colour: Colour
    loss: float
    none: float | None
    days: tuple[date, ...]
    parts: Mapping[str, Part]
    by_day: Mapping[date, tuple[str, ...]]
    by_level: Mapping[float, str] = field(default_factory=dict)


STEP = Step("s", Told)
DONE = "rounds/r/s/done.json"
FOLDER = "rounds/r/s"


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "acme")


def write(text: str) -> Callable[[Writer], Told]:
    def work(writer: Writer) -> Told:
        writer.bytes("out.txt", text.encode())
        return Told(text)

    return work


def never(writer: Writer) -> Told:
    raise AssertionError("this step was done")


def done(store: Store) -> Done[Told]:
    found = read_done(store, "r", STEP)
    assert found is not None
    return found


# once


def test_a_repeated_step_does_nothing(store: Store) -> None:
    """With equal inputs the work is not called and the result is the first one's."""
    first = run_step(store, "r", STEP, {"a": 1}, write("x"))
    before = {key: store.read_bytes(key) for key in store.keys("rounds")}
    again = run_step(store, "r", STEP, {"a": 1}, never)
    assert (first.repeated, again.repeated) == (False, True)
    assert replace(again, repeated=False) == first
    assert {key: store.read_bytes(key) for key in store.keys("rounds")} == before


def test_other_inputs_replace(store: Store) -> None:
    """The last delivery before closing counts; the first one's files stay under their digest."""
    first = run_step(store, "r", STEP, 1, write("x"))
    second = run_step(store, "r", STEP, 2, write("y"))
    assert done(store) == replace(second, repeated=True)
    assert (first.bytes("out.txt"), second.bytes("out.txt")) == (b"x", b"y")


@pytest.mark.parametrize(
    "other",
    [Step("s", Told, edition=2), Step("s", Told, libraries=("pandas",)), Step("s", Told, libraries=("numpy", "pandas"))],
)
def test_what_computes_a_step_is_among_its_inputs(store: Store, other: Step[Told]) -> None:
    """Another edition, or a library more, makes the step anew from equal inputs."""
    run_step(store, "r", STEP, 1, write("x"))
    assert run_step(store, "r", other, 1, write("y")).facts == Told("y")


def test_the_release_and_the_libraries_of_a_step_are_written_down(store: Store) -> None:
    """``done.json`` says which versions computed it, and another version is another digest."""
    step = Step("s", Told, libraries=("numpy",))
    run_step(store, "r", step, 1, write("x"))
    assert store.read_json(DONE)["versions"] == step.versions()
    assert sorted(step.versions()) == ["decai-forecast", "numpy"]

    class Newer(Step[Told]):
        def versions(self) -> dict[str, str]:
            return super().versions() | {"decai-forecast": "99"}

    assert run_step(store, "r", Newer("s", Told, libraries=("numpy",)), 1, write("y")).facts == Told("y")


def test_a_closed_round_takes_nothing_new(store: Store) -> None:
    """What was done is found, anything else goes to the next round."""
    run_step(store, "r", STEP, 1, write("x"))
    assert run_step(store, "r", STEP, 1, never, closed=True).repeated
    with pytest.raises(RoundClosed, match=r"^round r is closed; this s of acme goes to the next round$"):
        run_step(store, "r", STEP, 2, never, closed=True)
    with pytest.raises(RoundClosed):
        run_step(store, "r", Step("other", Told), 1, never, closed=True)


def test_a_closed_round_does_not_mend_what_was_changed(store: Store) -> None:
    """A step whose output is gone did not happen, so after closing it is late like any other."""
    store.remove(run_step(store, "r", STEP, 1, write("x")).key("out.txt"))
    with pytest.raises(RoundClosed):
        run_step(store, "r", STEP, 1, never, closed=True)


def test_eight_runs_at_once_leave_one_whole_step(store: Store) -> None:
    """Whoever writes last, what is read is a step with all its files."""
    results = at_once(8, lambda: run_step(store, "r", STEP, 1, write("x")))
    assert {one.facts for one in results} == {Told("x")}
    assert done(store).broken() == ""
    assert len(store.keys(FOLDER)) == 2


# not whole


def test_a_step_that_raised_did_not_happen(store: Store) -> None:
    """Without done.json there is no step, whatever it wrote."""

    def fails(writer: Writer) -> Told:
        writer.bytes("out.txt", b"half")
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        run_step(store, "r", STEP, 1, fails)
    assert read_done(store, "r", STEP) is None
    assert read_outputs(store, "r", "s") is None


def test_a_killed_step_did_not_happen(tmp_path: Path, store: Store) -> None:
    """A process that dies in the middle leaves nothing that counts; the next run ends as if it had been the first."""
    code = f"""
import os
from dataclasses import make_dataclass
from decai_forecast.steps import Step, run_step
from decai_forecast.store import Store
def work(writer):
    writer.bytes("out.txt", b"x")
    os.kill(os.getpid(), 9)
run_step(Store({str(tmp_path)!r}, "acme"), "r", Step("s", make_dataclass("Told", ["text"])), 1, work)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert read_done(store, "r", STEP) is None
    assert run_step(store, "r", STEP, 1, write("x")).bytes("out.txt") == b"x"
    assert len(store.keys(FOLDER)) == 2


def test_done_names_each_output_by_its_whole_digest(store: Store) -> None:
    """The name of a file carries 16 digits of the SHA-256, ``done.json`` all 64."""
    run_step(store, "r", STEP, 1, write("x"))
    digest = digest_bytes(b"x")
    key = f"{FOLDER}/{digest[:16]}-out.txt"
    assert store.read_json(DONE)["outputs"] == {"out.txt": {"key": key, "sha256": digest}}


Damage = Callable[[Store, str], None]
DAMAGES: list[tuple[Damage, str]] = [
    (lambda store, key: store.write_bytes(key, b"y"), "was changed after the step wrote it"),
    (lambda store, key: store.write_bytes(key, b""), "was changed after the step wrote it"),
    (lambda store, key: store.remove(key), "is gone"),
]


@pytest.mark.parametrize(("damage", "what"), DAMAGES)
def test_an_output_that_is_gone_or_changed_is_not_served(store: Store, damage: Damage, what: str) -> None:
    """No way of reading serves it, and each says what happened and what to do."""
    key = run_step(store, "r", STEP, 1, write("x")).key("out.txt")
    damage(store, key)
    said = f"acme: '{key}' {what}, so step 's' of round r did not happen; run it again"
    outputs = read_outputs(store, "r", "s")
    assert outputs is not None
    for read in (done(store).bytes, done(store).json, done(store).frame, outputs.bytes, lambda name: _opened(outputs, name)):
        with pytest.raises(StoreError) as error:
            read("out.txt")
        assert str(error.value) == said
    assert done(store).broken() == said


def _opened(outputs: Any, name: str) -> None:
    with outputs.file(name):
        raise AssertionError("served")


@pytest.mark.parametrize(("damage", "what"), DAMAGES)
def test_a_step_with_a_broken_output_is_made_anew(
    store: Store, damage: Damage, what: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says why; afterwards the step is whole and is not made again."""
    damage(store, run_step(store, "r", STEP, 1, write("x")).key("out.txt"))
    with caplog.at_level(logging.WARNING, "decai_forecast.steps"):
        again = run_step(store, "r", STEP, 1, write("x"))
    assert (again.repeated, again.bytes("out.txt")) == (False, b"x")
    assert [record.getMessage() for record in caplog.records] == [
        f"acme: '{again.key('out.txt')}' {what}, so step 's' of round r did not happen; run it again"
    ]
    assert run_step(store, "r", STEP, 1, never).repeated


def test_an_output_that_leads_out_of_the_store_is_not_served(store: Store) -> None:
    """Whoever wrote the key."""
    run_step(store, "r", STEP, 1, write("x"))
    raw = store.read_json(DONE)
    raw["outputs"]["out.txt"]["key"] = "../other/secret.txt"
    store.write_json(DONE, raw)
    with pytest.raises(StoreError, match="outside this participant's store"):
        done(store).bytes("out.txt")


# not a done.json of this step


@pytest.mark.parametrize("number", [1, 3, "2", None, [2]])
def test_another_format_is_refused(store: Store, number: object) -> None:
    """The message says which one is there, which one is read, and what to do; nothing is overwritten."""
    run_step(store, "r", STEP, 1, write("x"))
    store.write_json(DONE, store.read_json(DONE) | {"format": number})
    for read in (lambda: read_done(store, "r", STEP), lambda: run_step(store, "r", STEP, 1, never)):
        with pytest.raises(StoreError) as error:
            read()
        assert str(error.value) == (
            f"acme: '{DONE}' has format {number!r}; this release reads format 2. Use the release that wrote it, or remove "
            f"'{FOLDER}' and run the step again"
        )


@pytest.mark.parametrize("data", [b"[]", b"5", b"null", b"{}"])
def test_what_is_no_record_has_no_format(store: Store, data: bytes) -> None:
    """JSON of another shape is refused as another format is."""
    store.write_bytes(DONE, data)
    with pytest.raises(StoreError, match="has format None"):
        read_done(store, "r", STEP)


@pytest.mark.parametrize("data", [b"", b'{"format": 2', b"\xff\xfe\x00", b"\x00"])
def test_damaged_json_is_refused(store: Store, data: bytes) -> None:
    """The message names the file and says what to do."""
    store.write_bytes(DONE, data)
    for read in (lambda: read_done(store, "r", STEP), lambda: read_outputs(store, "r", "s")):
        with pytest.raises(StoreError) as error:
            read()
        said = f"acme: '{DONE}' does not say what step 's' says (not JSON); remove it and run the step again"
        assert str(error.value) == said


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("facts", None),
        ("facts", {}),
        ("facts", {"text": 5}),
        ("facts", {"text": "x", "more": 1}),
        ("facts", ["x"]),
        ("outputs", None),
        ("outputs", ["out.txt"]),
        ("outputs", {"out.txt": "0" * 64}),
        ("outputs", {"out.txt": {"key": "k"}}),
    ],
)
def test_facts_and_outputs_of_another_shape_are_refused(store: Store, key: str, value: object) -> None:
    """Rather than a step that says half of it."""
    run_step(store, "r", STEP, 1, write("x"))
    store.write_json(DONE, store.read_json(DONE) | {key: value})
    with pytest.raises(StoreError, match=r"does not say what step 's' says \(\w+\); remove it and run the step again$"):
        read_done(store, "r", STEP)


@pytest.mark.parametrize("key", ["facts", "outputs", "inputs"])
def test_a_record_without_a_key_is_refused(store: Store, key: str) -> None:
    """Each is needed."""
    run_step(store, "r", STEP, 1, write("x"))
    store.write_json(DONE, {name: value for name, value in store.read_json(DONE).items() if name != key})
    with pytest.raises(StoreError, match=r"\(KeyError\); remove it"):
        read_done(store, "r", STEP)


# what comes back


def test_facts_come_back_as_they_were(store: Store) -> None:
    """Enums, dates, tuples, mappings by date and by number, nested dataclasses, None and NaN."""
    rich = Rich(
        day=date(2026, 6, 29), colour=Colour.RED, loss=math.nan, none=None, days=(date(2026, 1, 1),),
        parts={"a": Part(1.5, Colour.RED)}, by_day={date(2026, 1, 1): ("x", "y")}, by_level={0.1: "low"},
    )  # fmt: skip
    step = Step("s", Rich)
    written = run_step(store, "r", step, 1, lambda writer: rich).facts
    read = read_done(store, "r", step)
    assert read is not None
    for facts in (written, read.facts):
        assert math.isnan(facts.loss)
        assert replace(facts, loss=0.0) == replace(rich, loss=0.0)
        assert type(facts.days) is tuple
        assert facts.parts["a"].colour is Colour.RED


def test_equal_steps_have_equal_bytes(store: Store, tmp_path: Path) -> None:
    """``done.json`` holds neither a time nor a place, so that two runs of one night can be compared."""
    other = Store(tmp_path / "elsewhere", "acme")
    for place in (store, other):
        run_step(place, "r", STEP, {"b": 1, "a": [2]}, write("x"))
    assert store.read_bytes(DONE) == other.read_bytes(DONE)
    assert sorted(json.loads(store.read_bytes(DONE))) == ["facts", "format", "inputs", "outputs", "step", "versions"]


def test_frames_json_and_files_come_back(store: Store, tmp_path: Path) -> None:
    """Outputs are read by their name; a name that the step did not write is told with those that it did."""
    frame, path = pd.DataFrame({"a": [1, 2]}), tmp_path / "page.html"
    path.write_bytes(b"page")

    def work(writer: Writer) -> Told:
        writer.frame("f.parquet", frame)
        writer.json("j.json", [1])
        writer.file("page.html", path)
        return Told("")

    made = run_step(store, "r", STEP, 1, work)
    pd.testing.assert_frame_equal(made.frame("f.parquet"), frame)
    assert made.json("j.json") == [1]
    with made.file("page.html") as copy:
        assert copy.read_bytes() == b"page"
    assert ("j.json" in made, "x" in made) == (True, False)
    with pytest.raises(StoreError, match=r"^step 's' wrote no 'x'; it wrote f\.parquet, j\.json, page\.html$"):
        made.frame("x")
    with pytest.raises(StoreError, match=r"wrote no 'x'; it wrote nothing$"):
        run_step(store, "r", Step("empty", Told), 1, lambda writer: Told("")).key("x")


def test_steps_work_on_an_object_store() -> None:
    """The same promises where files are objects."""
    store = Store("memory://steps/acme", "acme")
    made = run_step(store, "r", STEP, 1, write("x"))
    with made.file("out.txt") as copy:
        assert copy.read_bytes() == b"x"
    store.write_bytes(made.key("out.txt"), b"y")
    assert not run_step(store, "r", STEP, 1, write("x")).repeated
    assert run_step(store, "r", STEP, 1, never).repeated


def test_what_a_step_said_before_is_kept_when_it_says_something_else(store: Store) -> None:
    """Both records, the newest last; the same again adds none."""
    for text in ("one", "two", "two"):
        run_step(store, "r", STEP, text, write(text))
    records = done_records(store, "r", STEP.name)
    assert [record.inputs for record in records] == [STEP.digest("one"), STEP.digest("two")]
    assert [record.outputs["out.txt"] for record in records] == [digest_bytes(b"one"), digest_bytes(b"two")]
    assert done_records(store, "r", "other") == []


def test_a_record_that_is_none_is_left_out(store: Store) -> None:
    """Damaged, or of another format."""
    for data in (b"{", b"[]", b'{"format": 1}'):
        store.write_bytes("rounds/r/s/done.json", data)
        assert done_records(store, "r", "s") == []
