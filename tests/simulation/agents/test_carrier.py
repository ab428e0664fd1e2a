"""Carriers with states: their chain comes back from receipts, and the engine's shipments are late in the same way."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from simulation.supply_networks import built, demand_of, items_of

from decai_forecast.simulation.agents.carrier import fit_carrier
from decai_forecast.simulation.engine.late import lateness
from decai_forecast.simulation.network import Group


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


def network(periods: np.ndarray) -> Group:
    """One shop whose vendor ships every week, in the order of ``periods``."""
    ordered = pd.Timestamp("2015-01-05") + pd.to_timedelta(7 * np.arange(len(periods)), unit="D")
    receipts = pd.DataFrame({
        "order_id": range(len(periods)), "location_id": "shop", "item_id": "a", "quantity": 1.0, "ordered_on": ordered,
        "received_on": ordered + pd.to_timedelta(7 * periods, unit="D"),
    })  # fmt: skip
    found = built(demand_of({("shop", "a"): 5.0}), items=items_of({"a": "V"}), receipts=receipts.sample(frac=1, random_state=1))
    told = [one.text for one in found.assumptions if one.name == "Lead times"]
    rows = "; on 1 of them late ones come in rows" if found.groups[0].stages.lead_streak is not None else ""
    assert told == [f"observed in receipts, with their spread, for 1 lanes of items{rows}"]
    return found.groups[0]


def test_late_shipments_come_in_rows_where_receipts_show_it() -> None:
    """The share of late shipments and the correlation of successive ones are those of the receipts."""
    group = network(shipments(0.05, 0.8, 520))
    late = lateness(group, 60, range(2000), seed=3)[0, 0] > 0
    stages = group.stages
    assert late.mean() == pytest.approx(stages.lead_late[0, 0, 1:].sum(), abs=0.01)
    assert np.corrcoef(late[:-1].ravel(), late[1:].ravel())[0, 1] == pytest.approx(stages.lead_streak[0, 0], abs=0.02)
    assert stages.lead_streak[0, 0] == pytest.approx(0.75, abs=0.15)


def test_late_at_random_is_drawn_at_random() -> None:
    """No row of late shipments longer than chance makes it."""
    group = network(shipments(0.2, 0.2, 520))
    assert group.stages.lead_streak is None
    late = lateness(group, 60, range(2000), seed=3)[0, 0] > 0
    assert np.corrcoef(late[:-1].ravel(), late[1:].ravel())[0, 1] == pytest.approx(0, abs=0.02)
