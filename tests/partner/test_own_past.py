"""What a company's own records teach its simulation, and what is said where they teach nothing."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from support import NIGHT, own

from decai_forecast.demand import build_table
from decai_forecast.network import Network
from decai_forecast.partner.facts import SIMULATE
from decai_forecast.partner.own_past import Conditions, carriers_of, ordering_of, panic_of
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents.fit import choose
from decai_forecast.simulation.agents.records import Records
from decai_forecast.simulation.demand import INDEPENDENT
from decai_forecast.steps import read_done

WEEKS = Calendar("W", 4)


def table(units: float = 10.0, weeks: int = 40) -> pd.DataFrame:
    """One item, the same every week."""
    dates = pd.date_range("2025-09-01", periods=weeks, freq="7D")
    frame = pd.DataFrame({"location_id": "all", "item_id": "i0", "date": dates, "quantity": units})
    return build_table(frame, WEEKS, date(2026, 6, 8))


def receipts(days: list[int], **columns: str) -> pd.DataFrame:
    """Orders of successive weeks, and after how many days each came."""
    ordered = pd.date_range("2025-01-06", periods=len(days), freq="7D")
    came = ordered + pd.to_timedelta(days, unit="D")
    return pd.DataFrame({"ordered_on": ordered, "received_on": came, "item_id": "i0", "quantity": 1.0} | columns)


def test_conditions_are_the_options_of_a_simulation() -> None:
    """By name, the same objects."""
    lots, behaviour = pd.DataFrame({"lot": [1.0]}), choose(Records(*(np.empty((0, 0)) for _ in range(5))))
    options = Conditions(7, 200, INDEPENDENT, lots, {}, behaviour).options()
    assert options["lots"] is lots
    assert options["behaviour"] is behaviour
    assert {name: options[name] for name in ("seed", "replications", "dependence", "section")} == {
        "seed": 7, "replications": 200, "dependence": INDEPENDENT, "section": {},
    }  # fmt: skip
    assert len(options) == 6


def test_without_records_of_orders_it_is_base_stock() -> None:
    """Also of a company that has sold nothing."""
    for sold in (table(), table().iloc[:0]):
        choice = ordering_of(sold, {"stock": None}, WEEKS)
        assert (choice.fit.name, choice.orders, choice.tried) == ("base stock", 0, ())


def test_customers_that_found_no_empty_shelf_show_no_panic() -> None:
    """How many periods it takes is told."""
    panic = panic_of(table(), WEEKS)
    assert (panic.more, panic.periods, panic.reason) == (0.0, 0, "0 periods after a shortage, 20 are needed")


@pytest.mark.parametrize("given", [None, receipts([7]).drop(columns="ordered_on")])
def test_receipts_that_do_not_say_when_they_were_ordered(given: pd.DataFrame | None) -> None:
    """There is no lane to look at."""
    assert carriers_of(given, WEEKS) == {"lanes": 0, "with_states": 0}


def test_late_shipments_in_rows_are_counted_by_lane() -> None:
    """A lane is a vendor, a site and an item, as far as receipts name them; chance alone is no state."""
    rows = ([7] * 12 + [21] * 6) * 8
    rng = np.random.default_rng(1)
    chance = np.where(rng.random(len(rows)) < 0.3, 21, 7).tolist()
    both = pd.concat([receipts(rows, vendor="north"), receipts(chance, vendor="south")])
    assert carriers_of(both, WEEKS) == {"lanes": 2, "with_states": 1}
    assert carriers_of(both.drop(columns="vendor"), WEEKS)["lanes"] == 1


def test_what_was_ordered_and_when_counts() -> None:
    """Receipts without an order's day are left out, and a lane is in the order in which it was ordered."""
    rows = receipts(([7] * 12 + [21] * 6) * 8, vendor="north")
    shuffled = pd.concat([rows.sample(frac=1, random_state=3), rows.head(1).assign(ordered_on=pd.NaT, vendor="west")])
    assert carriers_of(shuffled, WEEKS) == {"lanes": 1, "with_states": 1}


def test_without_counts_of_stock_nothing_is_learned_of_empty_shelves(finished: Network) -> None:
    """The simulation says why its chances of a stock-out are not calibrated."""
    done = read_done(own(finished, "shop_0"), NIGHT.id, SIMULATE)
    assert done is not None
    stockouts = done.json("simulation.json")["stockouts"]
    assert (stockouts["calibrated"], stockouts["reason"]) == (
        False, "no counts of stock were delivered, so that nobody knows which shelves were empty",
    )  # fmt: skip
    assert done.facts.stock_delivered is False
    assert done.facts.items_delivered is True
