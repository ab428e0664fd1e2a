"""How far a round is: a bar on a terminal, lines in a log."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

__all__ = ["Lines", "progress_on"]

Update = Callable[[str, int, int], None]
QUIET = 30.0  # seconds after which a line comes though nothing has changed; a log shows at least one a minute


@contextmanager
def progress_on(console: Console, total: int) -> Iterator[Update]:
    """What takes (text, finished runs, expected runs)."""
    if not console.is_terminal:
        yield Lines(console)
        return
    columns = (SpinnerColumn(), TextColumn("{task.description:<12}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("runs"), TimeElapsedColumn(), console=console) as bar:
        task = bar.add_task("deliveries", total=total)
        yield lambda what, done, of: bar.update(task, description=what, completed=done, total=of)


class Lines:
    """A line for each change of the phase or of the count, and one in a while though nothing has changed."""

    def __init__(self, console: Console, clock: Callable[[], float] = time.monotonic) -> None:
        self._console, self._clock = console, clock
        self._began, self._at, self._last = clock(), float("-inf"), ("", -1)

    def __call__(self, what: str, done: int, of: int) -> None:
        now, new = self._clock(), (what.partition(":")[0], done)
        if new == self._last and now - self._at < QUIET:
            return
        self._last, self._at = new, now
        self._console.print(f"{now - self._began:5.0f} s  {what}: {done} of {of} runs", highlight=False, soft_wrap=True)
