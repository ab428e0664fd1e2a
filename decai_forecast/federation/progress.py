"""How far a training is, for people: lines of a log and a file that others may read, at a pace that people can follow."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from decai_forecast.federation.exact.progress import Progress
from decai_forecast.federation.plan import Alpha

__all__ = ["Limited", "Step", "Watch"]


@dataclass(frozen=True)
class Step:
    """A model that is being trained: the ``number``-th of ``models``, and how far it is."""

    cutoff: date
    alpha: Alpha
    number: int
    models: int
    far: Progress

    @property
    def done(self) -> bool:
        return self.far.tree == self.far.trees

    def line(self) -> str:
        sent, received = (f"{size / 1e6:.1f} MB" for size in (self.far.sent, self.far.received))
        what = "the mean" if self.alpha is None else f"quantile {self.alpha}"
        return (
            f"model {self.number} of {self.models} (before {self.cutoff}, {what}): tree {self.far.tree} of "
            f"{self.far.trees}, loss {self.far.loss:.4f}, {sent} sent and {received} received by each company"
        )

    def to_json(self) -> dict[str, Any]:
        place = {"cutoff": self.cutoff.isoformat(), "quantile": self.alpha, "model": self.number, "models": self.models}
        return place | asdict(self.far)


Watch = Callable[[Step], None]


class Limited:
    """Passes on at most one step in ``seconds``, and the last one of every model."""

    def __init__(self, watch: Watch, seconds: float) -> None:
        self._watch, self._seconds, self._last = watch, seconds, float("-inf")

    def __call__(self, step: Step) -> None:
        now = time.monotonic()
        if step.done or now - self._last >= self._seconds:
            self._last = now
            self._watch(step)
