"""Steps: what was done is done once."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from decai_forecast.errors import RoundClosed, StoreError
from decai_forecast.round import before, in_time
from decai_forecast.steps import Writer, read_done, run_step
from decai_forecast.store import Store


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "acme")


def write(text: str):
    def work(writer: Writer) -> dict[str, str]:
        writer.bytes("out.txt", text.encode())
        return {"text": text}

    return work


def never(writer: Writer) -> dict[str, str]:
    raise AssertionError("this step was done")


def test_a_repeated_step_does_nothing(store: Store) -> None:
    """With equal inputs the work is not called and the result is the first one's."""
    first = run_step(store, "r", "s", {"a": 1}, write("x"))
    again = run_step(store, "r", "s", {"a": 1}, never)
    assert (first.repeated, again.repeated) == (False, True)
    assert (again.outputs, again.facts) == (first.outputs, first.facts)


def test_other_inputs_replace(store: Store) -> None:
    """The last delivery before closing counts; the first one's files stay under their digest."""
    first = run_step(store, "r", "s", 1, write("x"))
    second = run_step(store, "r", "s", 2, write("y"))
    assert second.bytes(store, "out.txt") == b"y"
    assert first.bytes(store, "out.txt") == b"x"


def test_a_closed_round_takes_nothing_new(store: Store) -> None:
    """What was done is found, anything else goes to the next round."""
    run_step(store, "r", "s", 1, write("x"))
    assert run_step(store, "r", "s", 1, never, closed=True).repeated
    with pytest.raises(RoundClosed, match="goes to the next round"):
        run_step(store, "r", "s", 2, never, closed=True)


def test_a_step_that_raised_did_not_happen(store: Store) -> None:
    """Without done.json there is no step, whatever it wrote."""

    def fails(writer: Writer) -> dict[str, str]:
        writer.bytes("out.txt", b"half")
        raise ValueError("x")

    with pytest.raises(ValueError, match="x"):
        run_step(store, "r", "s", 1, fails)
    assert read_done(store, "r", "s") is None


def test_a_killed_step_did_not_happen(tmp_path: Path, store: Store) -> None:
    """A process that dies in the middle leaves nothing that counts; the next run ends as if it had been the first."""
    code = f"""
import os
from decai_forecast.steps import run_step
from decai_forecast.store import Store
def work(writer):
    writer.bytes("out.txt", b"x")
    os.kill(os.getpid(), 9)
run_step(Store({str(tmp_path)!r}, "acme"), "r", "s", 1, work)
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == -9
    assert read_done(store, "r", "s") is None
    assert run_step(store, "r", "s", 1, write("x")).bytes(store, "out.txt") == b"x"
    assert len(store.keys("rounds/r/s")) == 2


def test_frames_and_json_come_back(store: Store) -> None:
    """Outputs are read by their name."""
    frame = pd.DataFrame({"a": [1, 2]})

    def work(writer: Writer) -> dict[str, int]:
        writer.frame("f.parquet", frame)
        writer.json("j.json", [1])
        return {}

    done = run_step(store, "r", "s", 1, work)
    pd.testing.assert_frame_equal(done.frame(store, "f.parquet"), frame)
    assert done.json(store, "j.json") == [1]
    with pytest.raises(StoreError, match=r"wrote no 'x'; it wrote f\.parquet, j\.json"):
        done.frame(store, "x")


def test_rounds_stand_in_the_order_of_time() -> None:
    """As text the tenth round of a day stands before its second."""
    nights = ["2026-06-29", "2026-06-29.2", "2026-06-29.9", "2026-06-29.10", "2026-06-30"]
    assert sorted(nights) != nights
    assert in_time(reversed(nights)) == nights
    for k, night in enumerate(nights):
        assert before(reversed(nights), night) == nights[:k]


def test_what_is_no_round_has_a_place_too() -> None:
    """A store's folders hold what others put there."""
    assert in_time(["x.y", ".put-1", "2026-06-29.2", "2026-06-29"])[-3:] == ["2026-06-29", "2026-06-29.2", "x.y"]
