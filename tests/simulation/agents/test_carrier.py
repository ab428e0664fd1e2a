"""Carriers with states: their chain comes back, and is drawn for the engine as fitted."""

from __future__ import annotations

import numpy as np
import pytest

from decai_forecast.simulation.agents.carrier import Carrier, draw_late, fit_carrier


def shipments(to_late: float, stays: float, count: int = 2000) -> np.ndarray:
    """Lead times of 3 periods, of 5 when late."""
    rng, late, out = np.random.default_rng(2), False, []
    for _ in range(count):
        late = bool(rng.random() < (stays if late else to_late))
        out.append(5 if late else 3)
    return np.array(out)


def test_states_come_back() -> None:
    """A carrier that stays late is told from one that is late at random."""
    found = fit_carrier(shipments(0.05, 0.8))
    assert (found.lead, found.late) == (3, 2)
    assert (found.to_late, found.stays_late) == (pytest.approx(0.05, abs=0.03), pytest.approx(0.8, abs=0.1))


def test_late_at_random_has_no_states() -> None:
    """Then one share serves after every shipment."""
    found = fit_carrier(shipments(0.2, 0.2))
    assert found.to_late == found.stays_late == pytest.approx(0.2, abs=0.05)
    assert found.reason == "states are not 2% better on the late shipments"


def test_few_shipments_have_no_states() -> None:
    """The reason counts them."""
    assert fit_carrier(np.array([3, 3, 5])).reason == "3 shipments, 1 late: no states"


def test_drawn_as_fitted_and_independent_of_lanes_beside() -> None:
    """The long-run share is the chain's, and the first lane is the same whatever follows it."""
    carrier = Carrier(3, 2, 0.05, 0.8, "", 400)
    alone, two = draw_late([carrier], 1, 200, 200, seed=4), draw_late([carrier, carrier], 1, 200, 200, seed=4)
    assert (alone > 0).mean() == pytest.approx(carrier.share_late, abs=0.01)
    assert np.array_equal(alone[0], two[0])
    assert not np.array_equal(two[0], two[1])
