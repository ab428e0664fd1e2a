"""An empty shelf makes a sale a lower bound of demand, and is told from stock counts and receipts."""

import os
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, DAYS, WEEKS

from decai_forecast.demand import build_table, fit, predict, prepare
from decai_forecast.demand.censoring import expected_above, mark_censored, unconstrain
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

MONTHS = Calendar("M", 3)
CALENDARS = pytest.mark.parametrize("calendar", [DAYS, WEEKS, MONTHS], ids=["D", "W", "M"])


def days(calendar: Calendar, periods: list[int]) -> list[pd.Timestamp]:
    return [pd.Timestamp(calendar.add(date(2026, 1, 1) if calendar.frequency == "M" else date(2026, 1, 5), k)) for k in periods]


def facts(calendar: Calendar, sold: list[float], left: list[float]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Sales and the stock at each period's end of one item."""
    starts = days(calendar, list(range(len(sold) + 1)))
    ends = [day - pd.Timedelta(days=1) for day in starts[1:]]
    clean = pd.DataFrame({"item_id": "a", "date": starts[:-1], "quantity": sold})
    return clean, pd.DataFrame({"item_id": "a", "date": ends, "on_hand": left})


def receipts(calendar: Calendar, period: int) -> pd.DataFrame:
    return pd.DataFrame({"order_id": "o", "item_id": "a", "received_on": days(calendar, [period]), "quantity": [20.0]})


@CALENDARS
def test_a_period_that_opened_empty_and_received_nothing_is_censored(calendar: Calendar) -> None:
    """Two periods follow an empty shelf; the one with a receipt sold what was asked for."""
    clean, stock = facts(calendar, [5, 0, 5, 5], [0, 0, 15, 10])
    assert mark_censored(clean, stock, receipts(calendar, 2), calendar)["censored"].tolist() == [False, True, False, False]


@CALENDARS
def test_without_receipts_the_counts_tell_what_came_in(calendar: Calendar) -> None:
    """Closing - opening + sold is what must have been received."""
    clean, stock = facts(calendar, [5, 0, 5, 5], [0, 0, 15, 10])
    assert mark_censored(clean, stock, None, calendar)["censored"].tolist() == [False, True, False, False]


@CALENDARS
def test_a_period_that_ran_out_is_censored_where_it_sold_less_than_usual(calendar: Calendar) -> None:
    """The mean of the earlier stocked periods is 6: 4 sold to the last piece are censored, 9 are not."""
    clean, stock = facts(calendar, [5, 6, 7, 4, 9], [30, 24, 17, 0, 0])
    marked = mark_censored(clean, stock, receipts(calendar, 4), calendar)
    assert marked["censored"].tolist() == [False, False, False, True, False]


def test_too_few_stocked_periods_judge_nobody() -> None:
    """With two earlier periods no sale is called low."""
    clean, stock = facts(WEEKS, [5, 6, 1], [30, 24, 0])
    assert not mark_censored(clean, stock, None, WEEKS)["censored"].any()


def test_what_is_reserved_cannot_be_sold() -> None:
    """A shelf full of other people's goods is empty."""
    clean, stock = facts(WEEKS, [5, 0], [8, 8])
    marked = mark_censored(clean, stock.assign(available=[0.0, 0.0]), receipts(WEEKS, 3), WEEKS)
    assert marked["censored"].tolist() == [False, True]


def test_uncounted_periods_are_not_judged() -> None:
    """Where nobody counted before the period, nothing is known of its opening."""
    clean, stock = facts(WEEKS, [5, 0, 0, 5], [0, 0, 0, 0])
    marked = mark_censored(clean, stock.iloc[[3]], receipts(WEEKS, 3), WEEKS)
    assert not marked["censored"].any()


def test_a_censored_period_without_a_row_becomes_unknown_not_zero() -> None:
    """A delivery of sales only has no row of the empty weeks; the table marks them."""
    clean, stock = facts(WEEKS, [5, 0, 0, 5], [0, 0, 15, 10])
    marked = mark_censored(clean.iloc[[0, 3]], stock, receipts(WEEKS, 2), WEEKS)
    table = build_table(marked, WEEKS, date(2026, 2, 2))
    assert table["censored"].tolist() == [False, True, False, False]


def test_missing_columns_are_named() -> None:
    """The message says which data set lacks what."""
    clean, stock = facts(WEEKS, [5], [0])
    with pytest.raises(ConfigError) as error:
        mark_censored(clean, stock.drop(columns="on_hand"), None, WEEKS)
    assert str(error.value) == "stock-outs cannot be told: the data set 'stock' has no column on_hand"


def test_the_expectation_above_a_bound_is_that_of_the_exponential() -> None:
    """With variance = mean^2 the gamma is exponential, and memoryless: E[D | D >= b] = b + mean, however far out."""
    bound = np.array([0.0, 3.0, 500.0])
    assert expected_above(bound, np.full(3, 4.0), np.full(3, 16.0)) == pytest.approx(bound + 4.0)


def invented(seed: int, shape: float) -> tuple[pd.DataFrame, pd.Series]:
    """Negative binomial (shape) or Poisson (inf) demand of 40 items x 104 weeks, true and as a table whose shelf was empty
    all week in 15 %, and ran out early in 15 % of weeks."""
    rng = np.random.default_rng(seed)
    mean = rng.uniform(3, 30, (40, 1)) * np.ones((40, 104))
    rate = mean if np.isinf(shape) else rng.gamma(shape, mean / shape)
    true = rng.poisson(rate) + 0.0
    kind = rng.random(true.shape)
    sold = np.where(kind < 0.15, 0, np.where(kind < 0.3, np.minimum(true, np.floor(mean * rng.random(true.shape))), true))
    starts = pd.date_range(end=AS_OF, periods=105, freq="W-MON")[:-1]
    keys = {"item_id": np.repeat([f"i{k:02d}" for k in range(40)], 104), "date": np.tile(starts, 40)}
    clean = pd.DataFrame(keys | {"quantity": sold.ravel(), "censored": (sold < true).ravel(), "true": true.ravel()})
    table = build_table(clean, WEEKS, AS_OF)
    return table, table.merge(clean, on=["item_id", "date"])["true"]


@pytest.mark.parametrize("shape", [np.inf, 2.0], ids=["poisson", "negative binomial"])
def test_estimates_are_nearer_to_the_truth_than_sales(shape: float) -> None:
    """Of the demand that empty shelves hid, less than 15 % stays hidden, and the error per censored week shrinks."""
    table, true = invented(1, shape)
    found, censored = unconstrain(table, WEEKS), table["censored"]
    hidden = (true - table["quantity"])[censored].sum()
    assert abs((true - found["demand"])[censored].sum()) < 0.15 * hidden
    errors = {name: (found[name] - true)[censored].abs().mean() for name in ("quantity", "demand")}
    print(shape, hidden, (true - found["demand"])[censored].sum(), errors)
    assert errors["demand"] < 0.8 * errors["quantity"]


def test_only_censored_rows_change_and_never_downwards() -> None:
    """Elsewhere demand is what was sold."""
    table, _ = invented(2, 2.0)
    found = unconstrain(table, WEEKS)
    assert (found["demand"] >= table["quantity"]).all()
    assert (found["demand"] == table["quantity"])[~table["censored"]].all()


def test_later_periods_do_not_change_an_estimate() -> None:
    """The estimate of a row is the same whether or not the year after it is known."""
    table, _ = invented(3, 2.0)
    early = table[table["date"] < "2026-01-01"]
    pd.testing.assert_frame_equal(unconstrain(early, WEEKS), unconstrain(table, WEEKS).loc[early.index])


@pytest.mark.parametrize("shape", [np.inf, 2.0], ids=["poisson", "negative binomial"])
def test_a_moving_average_of_unknowns_beats_one_of_zeros(shape: float) -> None:
    """Root mean squared error (an average aims at the mean) against the true demand of weeks with a full shelf."""
    table, true = invented(4, shape)
    error = {}
    scored = ~table["censored"] & (table.groupby("item_id").cumcount() >= 13)
    for name, values in {"zeros": table["quantity"], "unknown": table["quantity"].where(~table["censored"])}.items():
        mean = values.groupby(table["item_id"]).transform(lambda v: v.shift(1).rolling(13, min_periods=1).mean())
        error[name] = float(np.sqrt(((mean - true)[scored] ** 2).mean()))
    print(shape, error)
    assert error["unknown"] < error["zeros"]


@pytest.fixture(scope="module")
def cards() -> pd.DataFrame:
    """Monthly stock cards of twenty regions, with stock and receipts as the cards show them."""
    path = Path(os.environ.get("DECAI_TEST_DATA", "")) / "civ_contraceptives.parquet"
    if "DECAI_TEST_DATA" not in os.environ or not path.exists():
        pytest.skip("set DECAI_TEST_DATA to the folder with civ_contraceptives.parquet to run on real stock cards")
    return pd.read_parquet(path)


@pytest.mark.real_data
def test_stock_cards_mark_the_months_without_stock(cards: pd.DataFrame) -> None:
    """Opened with nothing and received nothing: told from closing stock and receipts, at least 99 % of the months that can
    be told; the others ran out."""
    counted = cards.assign(date=cards["date"] + pd.offsets.MonthEnd(0), on_hand=cards["on_hand_end"])
    came = cards[cards["received"] > 0].assign(received_on=cards["date"], quantity=cards["received"])
    marked = mark_censored(cards, counted, came, MONTHS).iloc[: len(cards)]
    empty = (cards["on_hand_start"] <= 0) & (cards["received"] <= 0)
    before = cards.groupby(["location_id", "item_id"])["date"].shift(1) == cards["date"] - pd.offsets.MonthBegin(1)
    assert marked["censored"][empty & before].mean() > 0.99
    assert 0.2 < marked["censored"].mean() < 0.35


def both(cards: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """The table with months without stock as unknown, and with the same as plain zeros."""
    empty = (cards["on_hand_start"] <= 0) & (cards["received"] <= 0)
    table = build_table(cards.assign(censored=empty), MONTHS, date(2019, 7, 1), missing="unknown")
    return {"unknown": table, "zeros": table.assign(censored=False)}


@pytest.mark.real_data
def test_trees_forecast_stocked_months_better_when_empty_ones_are_unknown(cards: pd.DataFrame) -> None:
    """LightGBM, pooled over the regions: lower WAPE of the median on months with stock than when trained on zeros."""
    tables, error = both(cards), {}
    known = tables["unknown"][~tables["unknown"]["censored"]].rename(columns={"quantity": "true"})
    for name, table in tables.items():
        made = prepare(table, MONTHS, date(2018, 10, 1), seed=1, max_rows=12_000)
        found = predict(fit(made.train, trees=60, seed=1), made.future)
        rows = found.merge(known[["location_id", "item_id", "date", "true"]], on=["location_id", "item_id", "date"])
        error[name] = (rows["q50"] - rows["true"]).abs().sum() / rows["true"].sum()
    print(error)
    assert error["unknown"] < 0.98 * error["zeros"]


@pytest.mark.real_data
def test_windows_of_unknowns_are_less_biased_and_their_medians_more_exact(cards: pd.DataFrame) -> None:
    """Twelve months back over the eight quarters from 2017-07: a moving average of zeros is biased downwards, one of unknowns
    not; the moving median, which is what WAPE asks for, has the lower WAPE. (The average's own WAPE is *not* lower.)"""
    tables = both(cards)
    scores = {name: _windows(table, tables["unknown"]) for name, table in tables.items()}
    print(scores)
    assert abs(scores["unknown"]["mean"][1]) < 0.5 * abs(scores["zeros"]["mean"][1])
    assert scores["unknown"]["median"][0] < scores["zeros"]["median"][0]


def _windows(table: pd.DataFrame, truth: pd.DataFrame) -> dict[str, tuple[float, float]]:
    """WAPE and bias of moving average and median over all stocked months of eight quarters, values frozen at each start."""
    sold, true = _wide(table), _wide(truth)
    found: dict[str, tuple[float, float]] = {}
    for how in ("mean", "median"):
        errors, actual = [], []
        for cut in range(18, 42, 3):
            made = sold.iloc[:, cut - 12 : cut].agg(how, axis=1)
            known = true.iloc[:, cut : cut + 3]
            errors.append(known.rsub(made, axis=0).to_numpy().ravel())
            actual.append(known.where(made.notna()).to_numpy().ravel())
        e, y = np.concatenate(errors), np.nansum(np.concatenate(actual))
        found[how] = float(np.nansum(np.abs(e)) / y), float(np.nansum(e) / y)
    return found


def _wide(table: pd.DataFrame) -> pd.DataFrame:
    known = table[~table["censored"]]
    dates = pd.DatetimeIndex(sorted(table["date"].unique()))
    series = pd.MultiIndex.from_frame(table[["location_id", "item_id"]].drop_duplicates())
    return known.pivot(index=["location_id", "item_id"], columns="date", values="quantity").reindex(series, columns=dates)
