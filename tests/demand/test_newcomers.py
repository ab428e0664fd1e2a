"""What has no history is forecast from what is most like it, with a reason."""

import os
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table

from decai_forecast.demand.newcomers import all_alike, first_forecast, popularity, share_curve, similar, spread, unsold
from decai_forecast.errors import ConfigError, NotEnoughData

KNOWN = pd.DataFrame(
    {"item_id": ["i00", "i01", "i02", "i03"], "category": ["x", "x", "y", "y"], "price": [1.0, 10.0, 1.0, 100.0]}
)
NEW = pd.DataFrame({"item_id": ["n"], "category": ["x"], "price": [10.0]})


def weights(k: int = 2) -> pd.DataFrame:
    return similar(NEW, KNOWN, ["category", "price"], k)


def test_similar_items_are_ordered_by_gowers_distance() -> None:
    """By hand, prices as ratios: i01 0, i00 half of half the range, i02 and i03 a category more."""
    found = weights(4).set_index("like")
    assert found["distance"].to_dict() == pytest.approx({"i01": 0, "i00": 0.25, "i02": 0.75, "i03": 0.75})
    assert found["weight"].sum() == pytest.approx(1)
    assert found["weight"].is_monotonic_decreasing


def test_what_an_item_lacks_does_not_count() -> None:
    """Without a price only the category tells, and both items of it count alike."""
    found = similar(NEW.assign(price=np.nan), KNOWN, ["category", "price"], 2)
    assert found[["like", "weight"]].to_numpy().tolist() == [["i00", 0.5], ["i01", 0.5]]


def test_an_item_like_nothing_is_named() -> None:
    """The message says whose item it is and what to deliver."""
    with pytest.raises(NotEnoughData) as error:
        similar(NEW.assign(category=None, price=np.nan), KNOWN, ["category", "price"], partner="acme")
    said = "partner acme, item_id n: none of category, price is known both of it and of any older one; deliver one of them"
    assert str(error.value) == said


def first(**options: Any) -> pd.DataFrame:
    series = pd.DataFrame({"location_id": ["main"], "item_id": ["n"]})
    return first_forecast(series, weights(), table(periods=120), WEEKS, AS_OF, **options)


def test_a_new_item_sells_like_its_neighbours() -> None:
    """Between the two similar items, whose means are about 6 and 12, over the whole horizon, in order and with a reason."""
    found = first()
    assert found["h"].tolist() == list(range(1, 14))
    assert found["scale"].between(5, 16).all()
    assert ((found["q10"] <= found["q50"]) & (found["q50"] <= found["q90"])).all()
    assert found["reason"].unique().tolist() == [
        "no history: from the 2 most similar items, first i01 (86%), i00 (14%), at their scale"
    ]


def test_the_season_comes_from_the_neighbours() -> None:
    """Invented demand swings by 40 % over a year: so does the new item's, in step with the similar ones'."""
    rows = table(periods=120)
    found = first().set_index("date")["q50"]
    before = rows[rows["item_id"] == "i01"].set_index("date")["quantity"].rolling(5, center=True).mean()
    then = before[found.index - pd.Timedelta(weeks=52)].to_numpy()
    assert np.corrcoef(found, then)[0, 1] > 0.9


def test_a_declared_scale_is_kept() -> None:
    """With 100 a week expected the forecast is about 100 a week, and the spread is the neighbours' own."""
    found = first(expected={("main", "n"): 100.0})
    assert (found["scale"] == 100).all()
    assert found["q10"].mean() < 100 < found["q90"].mean()
    assert found["reason"].iloc[0].endswith("at the declared 100 a period")


def test_a_new_site_sells_like_similar_sites() -> None:
    """Weights over locations: the item's demand at the similar site."""
    sites = pd.DataFrame({"location_id": ["main"], "country": ["DE"]})
    near = similar(sites.assign(location_id="new"), sites, ["country"], key="location_id")
    series = pd.DataFrame({"location_id": ["new"], "item_id": ["i02"]})
    rows = table(periods=120)
    found = first_forecast(series, near, rows, WEEKS, AS_OF)
    assert found["scale"].iloc[0] == pytest.approx(rows[rows["item_id"] == "i02"]["quantity"].tail(52).mean())
    assert found["reason"].iloc[0] == "no history: from the 1 most similar sites, first main (100%), at their scale"


def test_nothing_from_the_cut_off_on_is_used() -> None:
    """Later demand changes no first forecast."""
    rows, series = table(periods=120), pd.DataFrame({"location_id": ["main"], "item_id": ["n"]})
    cutoff = WEEKS.add(AS_OF, -13)
    later = rows.assign(quantity=rows["quantity"].where(rows["date"] < pd.Timestamp(cutoff), 1e6))
    found = [first_forecast(series, weights(), given, WEEKS, cutoff) for given in (rows, later)]
    pd.testing.assert_frame_equal(*found)


def test_an_item_like_nothing_that_sold_is_named() -> None:
    """Similar items without a sale in the year say nothing of demand."""
    series = pd.DataFrame({"location_id": ["main"], "item_id": ["n"]})
    with pytest.raises(NotEnoughData) as error:
        first_forecast(series, weights(), table().iloc[:0], WEEKS, AS_OF, partner="acme")
    said = "partner acme, item n of main: nothing like it sold in the year before 2026-06-22; declare a total"
    assert str(error.value) == said


def test_a_total_follows_the_usual_shares() -> None:
    """By hand: where the better half of the items sells 80 %, the first of two items gets 80 of 100."""
    curve = share_curve(pd.DataFrame({"partner_id": "p", "quantity": [8.0, 2.0]}))
    found = spread(100.0, pd.DataFrame({"item_id": ["a", "b"], "rank": [2, 1]}), curve)
    assert found["quantity"].tolist() == pytest.approx([20, 80])
    tied = spread(100.0, pd.DataFrame({"item_id": ["a", "b"], "rank": [1, 1]}), curve)
    assert tied["quantity"].tolist() == pytest.approx([50, 50])


@pytest.mark.parametrize(
    ("total", "items", "said"),
    [
        (-1.0, ["a"], "partner acme: the expected total per period is -1; give units, zero or more"),
        (1.0, ["a", "a"], "partner acme: item a is there twice; give one row per item"),
        (1.0, [], "partner acme: an expected total needs items to spread it over; deliver the data set items"),
    ],
)
def test_what_cannot_be_spread_is_said(total: float, items: list[str], said: str) -> None:
    """The message names the partner, and the item."""
    with pytest.raises(ConfigError) as error:
        spread(total, pd.DataFrame({"item_id": items}), np.array([0.0, 1.0]), partner="acme")
    assert str(error.value) == said


@pytest.fixture(scope="module")
def orders() -> pd.DataFrame:
    path = Path(os.environ.get("DECAI_TEST_DATA", "")) / "iowa_orders_small.parquet"
    if "DECAI_TEST_DATA" not in os.environ or not path.exists():
        pytest.skip("set DECAI_TEST_DATA to the folder with iowa_orders_small.parquet to run on real orders")
    return pd.read_parquet(path)


ATTRIBUTES = ["category", "vendor", "bottle_ml", "pack", "list_price"]


@pytest.mark.real_data
def test_the_usual_shares_beat_an_even_spread(orders: pd.DataFrame) -> None:
    """Each company left out in turn declares its true weekly total of 13 weeks: mean WAPE over the companies at least 8 %
    below that of the even spread, at each of two cut-offs."""
    for cutoff in pd.to_datetime(["2020-12-28", "2021-09-27"]):
        past = orders[(orders["date"] < cutoff) & (orders["date"] >= cutoff - pd.Timedelta(weeks=52))]
        how = {"quantity": "mean"} | dict.fromkeys(ATTRIBUTES, "last")
        known = past.groupby(["partner_id", "item_id"], as_index=False, observed=True).agg(how)
        ahead = orders[(orders["date"] >= cutoff) & (orders["date"] < cutoff + pd.Timedelta(weeks=13))]
        error = pd.DataFrame([_left_out(name, known, ahead) for name in known["partner_id"].unique()])
        print(cutoff.date(), error.mean().round(4).to_dict(), int((error["spread"] < error["even"]).sum()), "of", len(error))
        assert error["spread"].mean() < 0.92 * error["even"].mean()


def _left_out(name: str, known: pd.DataFrame, ahead: pd.DataFrame) -> dict[str, float]:
    """WAPE of one company's weekly demand by item, of the spread by usual shares and of the even one."""
    others, items = known[known["partner_id"] != name], known[known["partner_id"] == name][["item_id", *ATTRIBUTES]]
    own = ahead[(ahead["partner_id"] == name) & ahead["item_id"].isin(items["item_id"])]
    total = float(own.groupby("date")["quantity"].sum().mean())
    told = items.assign(popularity=popularity(items, others, ATTRIBUTES))
    found = {"spread": spread(total, told, share_curve(others)), "even": spread(total, items, share_curve(others))}
    actual = own["quantity"].to_numpy(float)
    error = {}
    for how, made in found.items():
        forecast = own["item_id"].astype(str).map(made.set_index("item_id")["quantity"]).to_numpy(float)
        error[how] = float(np.abs(forecast - actual).sum() / actual.sum())
    return error


def test_a_slip_of_a_neighbour_is_no_demand_of_a_new_item() -> None:
    """One typed million in the year before the cut-off: level and quantiles stay those without it."""
    plain, series = table(periods=120), pd.DataFrame({"location_id": ["main"], "item_id": ["n"]})
    row = plain.index[(plain["item_id"] == "i01")][-5]
    typed = plain.assign(quantity=plain["quantity"].where(plain.index != row, 1e6))
    usual, found = (first_forecast(series, weights(), given, WEEKS, AS_OF) for given in (plain, typed))
    for name in ("scale", "q10", "q50", "q90"):
        assert found[name].to_numpy() == pytest.approx(usual[name].to_numpy(), rel=0.15)


def test_what_has_not_sold_is_like_what_sells_seldom() -> None:
    """Eight weeks known: one neighbour sold in each, one in two of them. By hand: .5 / 9 and 6.5 / 9, each eight times over."""
    weeks = pd.date_range("2026-01-05", periods=8, freq="7D")
    often = pd.DataFrame({"location_id": "a", "item_id": "often", "date": weeks, "quantity": 20.0})
    seldom = often.assign(item_id="seldom", quantity=[0, 0, 0, 7.0, 0, 0, 2.0, 0])
    known = pd.concat([often, seldom, seldom.assign(location_id="b")])
    alike = all_alike(pd.DataFrame({"item_id": ["n"]}), pd.DataFrame({"item_id": ["often", "seldom"]}))
    assert alike["weight"].tolist() == [0.5, 0.5]
    found = unsold(alike, known, WEEKS, date(2026, 3, 2)).set_index("like")["weight"]
    assert found["often"] / found["seldom"] == pytest.approx((0.5 / 6.5) ** 8)
    assert found.sum() == pytest.approx(1.0)


def test_the_weeks_before_a_first_sale_count_as_idle() -> None:
    """An item that began in the last of eight weeks sold in one of eight, and not in all of its own."""
    weeks = pd.date_range("2026-01-05", periods=8, freq="7D")
    old = pd.DataFrame({"location_id": "a", "item_id": "old", "date": weeks, "quantity": [5.0, *[0.0] * 7]})
    late = old.tail(1).assign(item_id="late", quantity=5.0)
    alike = all_alike(pd.DataFrame({"item_id": ["n"]}), pd.DataFrame({"item_id": ["late", "old"]}))
    assert unsold(alike, pd.concat([old, late]), WEEKS, date(2026, 3, 2))["weight"].tolist() == pytest.approx([0.5, 0.5])
