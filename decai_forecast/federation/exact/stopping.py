"""Early stopping on rows that nobody learns from: each participant's newest, whose loss is summed under masks.

Everybody sees the same sums, so everybody stops after the same tree and keeps the same number of them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

__all__ = ["EVERY", "Stopping"]

EVERY = 5  # trees between two looks


@dataclass
class Stopping:
    """``loss``: of all held-out rows, now; asked every ``EVERY`` trees. ``patience``: trees without a better one; 0: never."""

    patience: int
    loss: Callable[[], float]
    losses: list[float] = field(default_factory=list)

    def after(self, trees: int) -> bool:
        """Whether to stop after so many trees."""
        if not self.patience or trees % EVERY:
            return False
        self.losses.append(self.loss())
        return trees - self._best >= self.patience

    @property
    def _best(self) -> int:
        return EVERY * (1 + self.losses.index(min(self.losses)))

    def kept(self, trees: int) -> int:
        """How many of the grown trees are kept: those up to the first look with the least loss."""
        return self._best if self.losses else trees
