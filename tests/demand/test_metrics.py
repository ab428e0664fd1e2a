"""The measures are those of the textbooks and of utilsforecast."""

import numpy as np
import pandas as pd
import pytest
from panels import WEEKS, table
from scipy.stats import poisson
from utilsforecast import losses

from decai_forecast.demand.metrics import (
    item_classes,
    naive_scales,
    newsvendor_cost,
    order_quantity,
    pit,
    summarise,
    with_history,
)
from decai_forecast.demand.models import MODELS, as_frame
from decai_forecast.demand.panel import Panel, to_panel
from decai_forecast.demand.quantiles import TRAINED

Q = ["q10", "q50", "q90"]
ORIGIN = 107  # one horizon before the end of the table


@pytest.fixture(scope="module")
def known() -> Panel:
    return to_panel(table(), WEEKS)


@pytest.fixture(scope="module")
def forecast(known: Panel) -> pd.DataFrame:
    """Four series, thirteen weeks; the mean is not the median."""
    frame = as_frame(known, ORIGIN, MODELS["moving_average"].forecast(known, ORIGIN))
    return with_history(frame, known, ORIGIN, 1).assign(mean=frame["mean"] * 1.1)


def theirs(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(unique_id=frame["location_id"] + frame["item_id"], ds=frame["date"], y=frame["actual"])


@pytest.fixture(scope="module")
def past() -> pd.DataFrame:
    rows = table()
    rows = rows[rows["date"] < rows["date"].drop_duplicates().iloc[ORIGIN]]
    return rows.assign(unique_id=rows["location_id"] + rows["item_id"], ds=rows["date"], y=rows["quantity"])


@pytest.mark.parametrize("m", [1, 52])
def test_scaled_losses_are_those_of_utilsforecast(known: Panel, forecast: pd.DataFrame, past: pd.DataFrame, m: int) -> None:
    """MASE of the median, RMSSE of the mean, scaled pinball of three quantiles: means over the series."""
    plain = forecast.drop(columns=["naive_abs", "naive_square", "item_class"])
    found = summarise(with_history(plain, known, ORIGIN, m)).iloc[0]
    frame = theirs(forecast)
    assert found["mase"] == pytest.approx(losses.mase(frame, ["q50"], m, past)["q50"].mean())
    assert found["rmsse"] == pytest.approx(losses.rmsse(frame, ["mean"], m, past)["mean"].mean())
    pinball = losses.scaled_mqloss(frame, {"ours": Q}, np.array(TRAINED), m, past)["ours"].mean()
    assert found["scaled_pinball"] == pytest.approx(pinball)


def test_losses_of_each_series_are_those_of_utilsforecast(forecast: pd.DataFrame) -> None:
    """WAPE, WQL, coverage and bias, series by series."""
    found, frame = summarise(forecast, ["item_id"]), theirs(forecast)
    usual = frame.groupby("unique_id")["y"].mean().to_numpy()
    assert found["wape"].to_numpy() == pytest.approx(losses.nd(frame, ["q50"])["q50"].to_numpy())
    pinball = losses.mqloss(frame, {"ours": Q}, np.array(TRAINED)).sort_values("unique_id")["ours"].to_numpy()
    assert found["wql"].to_numpy() == pytest.approx(2 * pinball / usual)
    inside = losses.coverage(frame.rename(columns={"q10": "m-lo-80", "q90": "m-hi-80"}), ["m"], 80)["m"].to_numpy()
    assert found["coverage"].to_numpy() == pytest.approx(inside)
    assert found["bias"].to_numpy() == pytest.approx(losses.bias(frame, ["mean"])["mean"].to_numpy() / usual)


def test_a_summary_has_one_row_per_group(forecast: pd.DataFrame) -> None:
    """Sums and counts over the groups are those of the whole."""
    two = pd.concat([forecast.assign(partner="a", origin=1), forecast.assign(partner="b", origin=1)])
    found = summarise(two, ["partner", "h"])
    assert found[["partner", "h"]].to_numpy().tolist() == [[p, h] for p in "ab" for h in range(1, 14)]
    assert (found["rows"] == 4).all()
    assert (found["series"] == 4).all()
    whole = summarise(two).iloc[0]
    assert (whole["rows"], whole["series"]) == (found["rows"].sum(), 8)
    assert whole["wape"] == pytest.approx((found["wape"] * found["actual"]).sum() / found["actual"].sum())


def test_a_summary_does_not_depend_on_the_order_of_rows(forecast: pd.DataFrame) -> None:
    """Also the randomised part is drawn by key, not by place."""
    shuffled = forecast.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(summarise(shuffled, ["item_class"]), summarise(forecast, ["item_class"]))


def test_rows_without_an_actual_count_for_nothing(forecast: pd.DataFrame) -> None:
    """Unknown is not zero; without any known row the summary is empty."""
    half = forecast.assign(actual=forecast["actual"].where(forecast["h"] <= 6))
    pd.testing.assert_frame_equal(summarise(half), summarise(forecast[forecast["h"] <= 6]))
    assert summarise(forecast.assign(actual=np.nan)).empty


def test_nothing_sold_gives_no_ratio(forecast: pd.DataFrame) -> None:
    """A division by nothing is NaN, never infinite; shares stay."""
    found = summarise(forecast.assign(actual=0.0, q10=2.0)).iloc[0]
    assert found[["wape", "wql", "bias", "cost"]].isna().all()
    assert found["below_q10"] == 1


def test_what_is_missing_is_named(forecast: pd.DataFrame) -> None:
    """Columns that are not there, and rows without a forecast."""
    with pytest.raises(ValueError, match="the forecasts have no column q50, partner; they have location_id, item_id"):
        summarise(forecast.drop(columns="q50"), ["partner"])
    holed = forecast.assign(q50=forecast["q50"].where(forecast["item_id"] != "i02"))
    with pytest.raises(ValueError, match=r"13 rows have an actual and no forecast, the first is item 'i02' at 'main' on 2026-"):
        summarise(holed)


def exact(levels: list[int], mean: float, size: int = 40_000) -> pd.DataFrame:
    """Poisson demand, and its own exact quantiles."""
    frame = pd.DataFrame({"actual": np.random.default_rng(5).poisson(mean, size).astype(float)})
    frame = frame.assign(location_id="main", item_id="a", date=pd.Timestamp("2026-01-05"))
    quantiles = np.tile(poisson.ppf(np.array(levels) / 100, mean), (size, 1))
    return pd.concat([frame, pd.DataFrame(quantiles, columns=[f"q{level:02d}" for level in levels])], axis=1)


@pytest.mark.parametrize("mean", [0.4, 1.5, 8.0])
def test_an_exact_forecast_of_counts_is_calibrated(mean: float) -> None:
    """On a grid of percents the randomised PIT covers 80 %, where the raw interval covers far more; the shares hold."""
    found = summarise(exact(list(range(1, 100)), mean)).iloc[0]
    assert found["pit_coverage"] == pytest.approx(0.8, abs=0.02)
    assert found["coverage"] > 0.82
    for q, level in zip(Q, TRAINED, strict=True):
        assert found[f"below_{q}"] <= level + 0.01
        assert found[f"upto_{q}"] >= level - 0.01


def test_few_levels_do_not_see_the_zeros_below_them() -> None:
    """With q10, q50, q90 alone nearly all zeros count as inside: judge many zeros by many levels."""
    assert summarise(exact([10, 50, 90], 0.4)).iloc[0]["pit_coverage"] > 0.9


def test_the_transform_lies_between_the_levels_that_equal_the_actual() -> None:
    """0 equals q10 and q50; 3 lies between q50 and q90, 9 above all; 5 equals q90 alone."""
    quantiles = np.tile([[0.0, 0.0, 5.0]], (4000, 1))
    for actual, low, high in ((0.0, 0.1, 0.5), (3.0, 0.5, 0.9), (9.0, 0.9, 1.0), (5.0, 0.9, 0.9)):
        u = pit(np.full(4000, actual), quantiles, TRAINED, np.random.default_rng(1))
        assert (u.min(), u.max()) == pytest.approx((low, high), abs=1e-3)
        assert u.mean() == pytest.approx((low + high) / 2, abs=0.01)


def test_the_order_is_interpolated_between_levels() -> None:
    """.9 is q90, .7 the middle of q50 and q90, beyond the last level it is the last."""
    frame = pd.DataFrame({"q10": [0.0, 1.0], "q50": [4.0, 1.0], "q90": [10.0, 1.0]})
    assert [order_quantity(frame, r)[0] for r in (0.01, 0.5, 0.7, 0.9, 0.99)] == pytest.approx([0, 4, 7, 10, 10])
    assert order_quantity(frame, 0.7)[1] == 1


def test_the_newsvendor_pays_for_both_sides() -> None:
    """Ten ordered: two left over cost 2, two short cost 18; in money times the unit's cost, where it is known."""
    frame = exact([10, 50, 90], 5.0, 3).assign(actual=[8.0, 12.0, 10.0], q90=10.0)
    assert newsvendor_cost(frame).tolist() == [2, 18, 0]
    assert newsvendor_cost(frame.assign(q50=10.0), holding=3, shortage=3).tolist() == [6, 6, 0]
    found = summarise(frame.assign(price=[5.0, 2.0, np.nan])).iloc[0]
    assert (found["cost"], found["money"]) == (pytest.approx(20 / 30), 46)
    assert np.isnan(summarise(frame).iloc[0]["money"])


def classes(*rows: list[float]) -> list[str]:
    quantity = np.array(rows, dtype=float)
    series = pd.DataFrame({"location_id": "main", "item_id": [str(k) for k in range(len(rows))]})
    dates = pd.date_range("2024-01-01", periods=quantity.shape[1], freq="W-MON")
    panel = Panel(quantity, quantity, quantity, quantity, quantity, dates, series, WEEKS)
    assert np.isnan(naive_scales(panel, 12, 1)[0]).tolist() == [len(set(row)) == 1 for row in rows]
    return list(item_classes(panel, 12))


def test_items_are_classed_as_syntetos_and_boylan_do() -> None:
    """By how often and how evenly they sell; an item that never sold is silent."""
    steady, rare = [5.0, 6.0] * 6, [5.0, 0.0] * 6
    wild, both = [1.0, 1.0, 9.0] * 4, [1.0, 0.0, 20.0, 0.0] * 3
    found = classes(steady, wild, rare, both, [0.0] * 12)
    assert found == ["smooth", "erratic", "intermittent", "lumpy", "silent"]


def test_unknown_periods_do_not_make_an_item_intermittent() -> None:
    """A period of which nothing is known is no period without a sale."""
    assert classes([5.0, np.nan, 6.0] * 4) == ["smooth"]
