"""Where nobody watches, progress is lines: one for each change, and at least one a minute."""

from __future__ import annotations

import io
from itertools import pairwise

from rich.console import Console

from decai_forecast.commands.progress import Lines, progress_on


class Clock:
    """Seconds, as they are set."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def written(calls: list[tuple[float, str, int]]) -> list[str]:
    out, clock = io.StringIO(), Clock()
    lines = Lines(Console(file=out, width=140), clock)
    for clock.now, what, done in calls:
        lines(what, done, 12)
    return out.getvalue().splitlines()


def test_a_line_for_each_change() -> None:
    """Of the phase or of the count; the same again says nothing, nor does a tree of a training."""
    calls = [(0.0, "deliveries", 0), (1.0, "deliveries", 0), (2.0, "deliveries", 1), (3.0, "federation: tree 1", 1)]
    assert written([*calls, (4.0, "federation: tree 2", 1)]) == [
        "    0 s  deliveries: 0 of 12 runs",
        "    2 s  deliveries: 1 of 12 runs",
        "    3 s  federation: tree 1: 1 of 12 runs",
    ]


def test_at_least_one_a_minute() -> None:
    """Though nothing has changed, and with what is new of it."""
    lines = written([(float(second), f"federation: tree {second}", 5) for second in range(601)])
    times = [int(line.split()[0]) for line in lines]
    assert max(later - earlier for earlier, later in pairwise(times)) <= 60
    assert len(times) <= 21
    assert lines[-1].endswith("federation: tree 600: 5 of 12 runs")


def test_a_file_gets_lines_and_a_terminal_a_bar() -> None:
    """By what the console says of itself."""
    out = io.StringIO()
    with progress_on(Console(file=out, width=140), 12) as progress:
        progress("deliveries", 3, 12)
    assert out.getvalue() == "    0 s  deliveries: 3 of 12 runs\n"
    with progress_on(Console(file=(screen := io.StringIO()), force_terminal=True, width=140), 12) as progress:
        progress("deliveries", 3, 12)
    assert "3/12" in screen.getvalue()
