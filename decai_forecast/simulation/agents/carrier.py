"""Carriers with two states, on time and late: a shipment is more often late after one that was."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.agents.evidence import CLEARLY, LATE

__all__ = ["Carrier", "fit_carrier"]

LEAST = 30  # shipments in order; fewer tell no transitions
Bits = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Carrier:
    """A two-state Markov chain, by shipment. Equal ``to_late`` and ``stays_late``: shipments know nothing of each other."""

    lead: int  # periods when on time
    late: int  # periods more when late
    to_late: float  # probability that a shipment after one on time is late
    stays_late: float  # probability that one after a late one is late
    reason: str
    shipments: int

    @property
    def streak(self) -> float:
        """Correlation of successive shipments; 0 where they know nothing of each other, or take turns."""
        return max(0.0, self.stays_late - self.to_late)


def fit_carrier(periods: Ints) -> Carrier:
    """From the lead times of one lane's shipments in the order they were placed, in periods.

    The transition shares are the least-squares regression of "late" on "the one before was late".
    """
    lead = int(np.median(periods)) if len(periods) else 0
    state = periods > lead
    more = max(1, round(float(np.mean(periods[state] - lead)))) if state.any() else 0
    share = float(state.mean()) if len(state) else 0.0
    if len(state) < LEAST or not 0 < share < 1:
        return Carrier(lead, more, share, share, f"{len(state)} shipments, {int(state.sum())} late: no states", len(state))
    cut = len(state) - max(1, round(LATE * len(state)))
    alone, chain = _brier(state, cut, (share_of(state[:cut]),) * 2), _brier(state, cut, _transitions(state[:cut]))
    if not chain < (1 - CLEARLY) * alone:
        return Carrier(lead, more, share, share, f"states are not {CLEARLY:.0%} better on the late shipments", len(state))
    to_late, stays = _transitions(state)
    return Carrier(lead, more, to_late, stays, f"{1 - chain / alone:.0%} less error on the late shipments", len(state))


def share_of(state: Bits) -> float:
    """Share of late shipments."""
    return float(state.mean())


def _transitions(state: Bits) -> tuple[float, float]:
    before, after = state[:-1], state[1:]
    return tuple(float(after[before == was].mean()) if (before == was).any() else share_of(state) for was in (False, True))  # type: ignore[return-value]  # two values


def _brier(state: Bits, cut: int, chance: tuple[float, float]) -> float:
    before, after = state[cut - 1 : -1], state[cut:]
    return float(np.mean((np.where(before, chance[1], chance[0]) - after) ** 2))
