"""Probabilities of a stock-out, calibrated on a company's own past: better where it bears it, untouched where not."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest
from worlds import WEEKS, items_of, normal_forecast, run

from decai_forecast.network import Assumptions
from decai_forecast.simulation.calibrated import Calibration, calibrate
from decai_forecast.simulation.demand import INDEPENDENT, marginals_of
from decai_forecast.simulation.past import Counts, Past, as_of, calibrated, found_empty, learned_from, likely, said_at

ITEMS = tuple(f"i{k:02d}" for k in range(40))
CUTOFFS = pd.date_range("2025-01-06", periods=4, freq="13W-MON")


def past(rows: int = 400, cutoffs: int = 4, truth: float = 1.0, seed: int = 1) -> pd.DataFrame:
    """Shelves that are found empty ``truth`` logits more often than said; the rate tells nothing."""
    rng = np.random.default_rng(seed)
    said = rng.uniform(0.05, 0.6, rows)
    p = 1 / (1 + np.exp(-(np.log(said / (1 - said)) + truth)))
    return pd.DataFrame({
        "location_id": "main", "item_id": [f"i{k % 100}" for k in range(rows)], "said": said, "simulated": said, "rate": 0.3,
        "cutoff": [date(2025, 1 + k * cutoffs // rows, 1) for k in range(rows)], "periods": 12,
        "came": rng.random(rows) < p, "truth": p,
    })  # fmt: skip


def test_what_is_said_comes_to_what_came() -> None:
    """Shelves that are empty more often than said are told as often as they are; most intervals hold the truth."""
    found = calibrate(past(2000))
    assert found.used
    fresh = past(2000, seed=2)
    told = found.of(fresh)
    assert abs(told["p"] - fresh["truth"]).mean() < 0.03 < abs(fresh["said"] - fresh["truth"]).mean()
    assert ((told["low"] <= fresh["truth"]) & (fresh["truth"] <= told["high"])).mean() > 0.85
    assert (told["low"] < told["p"]).all()
    assert (told["p"] < told["high"]).all()


def test_later_cut_offs_judge_what_earlier_ones_teach() -> None:
    """What is true already cannot be bettered by noise, and a world that turns around is not foretold by its past."""
    rows = past()
    rows.loc[rows["cutoff"] > rows["cutoff"].min(), "came"] ^= True
    turned = calibrate(rows[rows["cutoff"] <= date(2025, 2, 1)])
    assert (turned.used, turned.reason) == (False, "what earlier past cut-offs teach does not make the later ones better")
    assert turned.before is not None
    assert turned.after is not None
    assert turned.after.brier >= turned.before.brier


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (past(cutoffs=1), "1 past cut-offs with counts of stock before and after them; 2 are needed"),
        (past(40), r"40 past probabilities, \d+ of shelves found empty then; 60 and 10 are needed"),
        (past().assign(came=False), "400 past probabilities, 0 of shelves found empty then; 60 and 10 are needed"),
        (pd.DataFrame(), "0 past cut-offs"),
    ],
)
def test_too_little_past_is_said(rows: pd.DataFrame, said: str) -> None:
    """With what would be enough."""
    found = calibrate(rows)
    assert not found.used
    assert pd.Series(found.reason).str.match(said).all()


def counted(short: float) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Weekly counts and sales of two years: demand of 10 a week, deliveries of 25 every other week, of which a share never
    comes."""
    rng = np.random.default_rng(3)
    weeks = pd.date_range("2023-12-04", periods=130, freq="W-MON")
    stock, sold = [], []
    for item in ITEMS:
        left = 20.0
        for k, week in enumerate(weeks):
            left += 25.0 * (k % 2 == 0) * (rng.random() >= short)
            sale = min(left, float(rng.poisson(10)))
            left -= sale
            stock.append((item, week + pd.Timedelta(days=6), left))
            sold.append((item, week, sale))
    frame = pd.DataFrame(sold, columns=["item_id", "date", "quantity"]).assign(location_id="main", censored=False)
    return pd.DataFrame(stock, columns=["item_id", "date", "on_hand"]).assign(location_id="main"), frame


def nights() -> list[Past]:
    forecast = normal_forecast(dict.fromkeys(ITEMS, (10, 3)))
    first = forecast["date"].min()
    return [Past(c.date(), forecast.assign(date=forecast["date"] - first + c)) for c in CUTOFFS]


def learned(short: float) -> tuple[Calibration, Counts]:
    stock, table = counted(short)
    counts = Counts.of(stock, table, WEEKS)
    sets = {"stock": stock, "items": items_of(dict.fromkeys(ITEMS, "A"))}
    options = {"seed": 7, "replications": 50, "dependence": INDEPENDENT}
    return learned_from(nights(), counts, sets, Assumptions(), **options), counts


def test_how_a_company_is_supplied_is_learned_from_counts() -> None:
    """The simulation knows neither its order days nor that one delivery in five never came; its counts tell both."""
    found, counts = learned(0.2)
    assert found.used
    assert found.before is not None
    assert found.after is not None
    assert found.after.brier < found.before.brier
    forecast, cutoff = nights()[-1].forecast, CUTOFFS[-1].date()
    wanted = likely(found, said_at(marginals_of(forecast), counts, cutoff, INDEPENDENT, 7, 50))
    assert wanted is not None
    sets = {"items": items_of(dict.fromkeys(ITEMS, "A")), "stock": as_of({"stock": counts.stock}, cutoff)["stock"]}
    simulated, taught = (run(forecast, likely=p, **sets) for p in (None, wanted))
    told = calibrated(taught, found, wanted)
    came = (found_empty(counts.stock, WEEKS, cutoff, WEEKS.add(cutoff, 13))["empty"] > 0).mean()
    off = {name: abs(of.series["p_stockout"].mean() - came) for name, of in (("told", told), ("simulated", simulated))}
    assert off["told"] < off["simulated"] / 2
    assert (told.series["p_stockout"] >= told.series["p_stockout_low"]).all()
    assert (told.series["p_stockout_simulated"] == simulated.series["p_stockout"]).all()
    assert told.from_json(told.to_json()).stockouts == told.stockouts


def test_all_that_is_told_comes_from_the_calibrated_samples() -> None:
    """Where shelves are as often empty as wanted, units lost, service and exposure are those of the same world."""
    items, forecast = dict.fromkeys(("a", "b"), "A"), normal_forecast({"a": (50, 15), "b": (50, 15)})
    wanted = pd.DataFrame({"location_id": "main", "item_id": ["a", "b"], "p": [0.9, 0.02]})
    plain, told = (run(forecast, items=items_of(items), replications=200, likely=p) for p in (None, wanted))
    rows = told.series.set_index("item_id")
    assert abs(rows["p_stockout"]["a"] - 0.9) < 0.06
    assert rows["p_stockout"]["b"] < 0.06
    assert rows["expected_lost_units"]["a"] > 20 * rows["expected_lost_units"]["b"]
    assert rows["fill_rate"]["a"] < rows["fill_rate"]["b"]
    assert (told.series.query("p_stockout == 0")["expected_lost_units"] == 0).all()
    assert told.lost_units == pytest.approx(told.series["expected_lost_units"].sum())
    assert not told.exposure["lost_units"].equals(plain.exposure["lost_units"])
    assert (told.series["p_stockout_simulated"] == plain.series["p_stockout"]).all()
    assert "2 pairs of place and item" in next(one.text for one in told.assumptions if one.name == "Levels today")


def test_a_shelf_that_lasts_is_told_as_it_is_simulated() -> None:
    """No level makes stock of ten years run out: the probability stays 0, and so do units lost."""
    forecast = normal_forecast({"x": (50, 8)})
    stock = pd.DataFrame({"location_id": ["main"], "item_id": ["x"], "on_hand": [26000.0]})
    wanted = pd.DataFrame({"location_id": "main", "item_id": ["x"], "p": [0.7]})
    row = run(forecast, items=items_of({"x": "A"}), stock=stock, likely=wanted).series.iloc[0]
    assert (row["p_stockout"], row["expected_lost_units"]) == (0, 0)


def test_without_a_calibration_the_simulated_stays() -> None:
    """With the interval of its replications, and the reason."""
    forecast = normal_forecast({"x": (50, 8)})
    found = run(forecast, items=items_of({"x": "A"}), replications=100)
    told = calibrated(found, Calibration(False, "why"), None)
    assert (told.series["p_stockout"] == found.series["p_stockout"]).all()
    assert (told.series["p_stockout_low"] <= found.series["p_stockout"]).all()
    assert told.stockouts["reason"] == "why"


def test_nothing_later_than_the_cut_off_is_seen() -> None:
    """Counts, receipts and open orders as they were known then."""
    days = pd.to_datetime(["2025-01-01", "2025-01-09"])
    receipts = pd.DataFrame({"item_id": "a", "quantity": [1.0, 2.0], "ordered_on": days[:1].repeat(2), "received_on": days})
    sets = {"stock": pd.DataFrame({"date": days, "on_hand": [3, 4]}), "receipts": receipts, "open_orders": receipts}
    then = as_of(sets, date(2025, 1, 6))
    assert then["stock"]["on_hand"].tolist() == [3]
    assert then["receipts"]["quantity"].tolist() == [1.0]
    assert then["open_orders"][["quantity", "expected_on"]].to_numpy().tolist() == [[2.0, days[1]]]
    forecast, cutoff = nights()[0].forecast, CUTOFFS[0].date()
    stock, table = counted(0.3)
    later = stock.assign(on_hand=stock["on_hand"].where(stock["date"] < CUTOFFS[0], 99.0))
    told = [said_at(marginals_of(forecast), Counts.of(one, table, WEEKS), cutoff, INDEPENDENT, 7, 50) for one in (stock, later)]
    pd.testing.assert_frame_equal(*told)


def test_periods_with_a_count_of_nothing_are_found() -> None:
    """Several counts of a period are one period; any of them may find nothing."""
    stock = pd.DataFrame(
        {
            "item_id": "a",
            "on_hand": [0, 5, 4, 0],
            "date": pd.to_datetime(["2025-01-06", "2025-01-07", "2025-01-13", "2025-01-20"]),
        }
    )
    found = found_empty(stock, WEEKS, date(2025, 1, 6), date(2025, 1, 20))
    assert found[["location_id", "item_id", "counted", "empty"]].to_numpy().tolist() == [["all", "a", 2, 1]]
