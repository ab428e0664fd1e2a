"""Which engine runs: both give the same, and which is the quicker hangs on how much there is to run."""

from __future__ import annotations

from collections.abc import Callable

from decai_forecast.simulation.engine import compiled, vectorised
from decai_forecast.simulation.engine.frame import Outcome

__all__ = ["engine_for"]

WORK = 15_000_000  # node-periods from which loading the compiled engine, about a second, pays
STEPS = 2_000  # steps from which it does: each costs numpy some dozens of calls, however few numbers there are
NARROW = 4  # replications below which numpy's loop over all items beats the compiled one item by item (measured: 5 to 1)
FEW = 100  # items up to which it does not: numpy's calls then cost more than what they do


def engine_for(work: int, steps: int, replications: int) -> Callable[..., Outcome]:
    """Of ``work`` node-periods (of all items and replications) in ``steps`` (nodes and periods of all runs): compiled where
    that saves more than loading it costs."""
    wide = replications >= NARROW or work <= FEW * steps * replications
    return compiled.run if (work >= WORK or steps >= STEPS) and wide else vectorised.run
