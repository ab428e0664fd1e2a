"""Whatever is delivered: a sensible forecast, or an error that names partner, item and row and says what to do.

Two ways in: `decai backtest FILE` (``read_long``), and the night (``build_table``, ``prepare``, the models).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, DAYS, MONTHS, WEEKS, delivery, table

from decai_forecast.demand import (
    build_table,
    finished,
    fit,
    fit_mean,
    implied_mean,
    predict,
    predict_on_top,
    predict_own,
    prepare,
    train_local,
)
from decai_forecast.demand.backtest import backtest
from decai_forecast.demand.long_table import read_long
from decai_forecast.demand.table import never_sold
from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.periods import Calendar

QUANTILES = ["q10", "q50", "q90"]


def rows(n: int = 60, freq: str = "7D", start: str = "2024-01-01", **columns: Any) -> pd.DataFrame:
    """A steady item of one partner; 2024-01-01 is a Monday."""
    dates = pd.date_range(start, periods=n, freq=freq).strftime("%Y-%m-%d")
    return pd.DataFrame({"partner_id": "a", "date": dates, "item_id": "i", "quantity": 5} | columns)


def at(row: int, **values: Any) -> pd.DataFrame:
    """The steady item with something else in one row, counted from 1."""
    given = rows().astype(dict.fromkeys(values, object))
    for name, value in values.items():
        given.loc[row - 1, name] = value
    return given


def written(folder: Path, given: pd.DataFrame, kind: str) -> Path:
    path = folder / f"long.{kind}"
    if kind == "csv":
        given.to_csv(path, index=False)
    else:  # a column of a Parquet file has one type
        mixed = {name: "float" if name == "quantity" else "str" for name in given if given[name].dtype == object}
        texts = given["quantity"].map(type).eq(str).any()
        given.astype(mixed | ({"quantity": "str"} if texts else {})).to_parquet(path)
    return path


STEADY = "row 4 (partner 'a', item 'i'): "
NO_DAY = "is no day of a sale; years from 1900 to 2199 are expected; correct the row, or leave it out"
REFUSED: dict[str, tuple[pd.DataFrame, str]] = {
    "one_observation": (
        rows(1),
        "all rows are of one date, as row 1 (partner 'a', item 'i', 2024-01-01); a forecast needs a history",
    ),
    "no_row": (rows(0), "no rows; a forecast needs a history"),
    "quantity_empty": (
        at(4, quantity=np.nan),
        STEADY + "quantity is empty; write 0 where nothing was sold, or leave the row out",
    ),
    "quantity_infinite": (
        at(4, quantity=np.inf),
        STEADY + "quantity 'inf' is too large; at most 1,000,000,000,000 units are expected",
    ),
    "quantity_absurd": (
        at(4, quantity=1e300),
        STEADY + "quantity '1e+300' is too large; at most 1,000,000,000,000 units are expected",
    ),
    "quantity_text": (
        rows(quantity="1,5"),
        "row 1 (partner 'a', item 'i'): quantity '1,5' cannot be read; write a number such as 12.5 (60 such rows)",
    ),
    "year_1": (
        at(4, date="0001-01-01"),
        STEADY + "date '0001-01-01' " + NO_DAY,
    ),
    "year_2262": (
        at(4, date="2262-04-12"),
        STEADY + "date '2262-04-12' " + NO_DAY,
    ),
    "year_9999": (
        at(4, date="9999-12-27"),
        STEADY + "date '9999-12-27' " + NO_DAY,
    ),
    "zero_of_a_computer": (
        at(4, date="1970-01-01"),
        STEADY + "date '1970-01-01' lies 54 years from the nearest other date, 2024-01-01; correct the row, or leave it out",
    ),
    "future_date": (
        at(4, date="2042-01-22"),
        STEADY + "date '2042-01-22' lies 16 years from the nearest other date, 2025-02-17; correct the row, or leave it out",
    ),
    "no_day": (at(4, date="2024-02-30"), STEADY + "date '2024-02-30' cannot be read; write days as 2026-01-31"),
    "ambiguous_day": (at(4, date="01/02/2024"), STEADY + "date '01/02/2024' cannot be read; write days as 2026-01-31"),
    "no_item": (at(4, item_id=""), "row 4 (partner 'a', item (empty)): item_id is empty; every row needs one"),
    "no_partner": (at(4, partner_id=""), "row 4 (partner (empty), item 'i'): partner_id is empty; every row needs one"),
    "file_twice": (
        pd.concat([rows(), rows()]),
        "row 61 (partner 'a', item 'i'): is the same as row 1 in every column; delete the copies, or sum rows that are sales "
        "of their own (60 such rows)",
    ),
    "mixed_within_an_item": (
        pd.concat([rows(), rows(90, "D", "2025-03-01")]),
        "row 61 (partner 'a', item 'i'): rows were weekly and are daily from 2025-03-01 on; deliver one of them, summed",
    ),
    "mixed_between_partners": (
        pd.concat([rows(), rows(90, "D", partner_id="b"), rows(90, "D", partner_id="c")]),
        "row 61 (partner 'b', item 'i', 2024-01-01) and 1 more: daily rows; row 1 (partner 'a', item 'i', 2024-01-01): weekly "
        "rows; deliver all of them in the longest of these periods, summed",
    ),
    "months_and_weeks": (
        pd.concat([rows(), rows(12, "MS", partner_id="b")]),
        "row 61 (partner 'b', item 'i', 2024-01-01): monthly rows; row 1 (partner 'a', item 'i', 2024-01-01): weekly rows; "
        "deliver all of them in the longest of these periods, summed",
    ),
    "every_third_day": (
        rows(freq="3D"),
        "dates are 3 days apart; sum them to days, weeks or months, with one row each; look at row 2 (partner 'a', item 'i', "
        "2024-01-04)",
    ),
    "price_text": (
        rows(price=["4.5"] * 59 + ["free"]),
        "row 60 (partner 'a', item 'i'): price 'free' cannot be read; write a number such as 12.5, or nothing",
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("case", REFUSED)
def test_a_file_that_cannot_be_used_is_refused_in_whole_words(tmp_path: Path, case: str, kind: str) -> None:
    """The first row, its partner and item, what was expected, what to do: the same for both kinds of file."""
    given, message = REFUSED[case]
    path = written(tmp_path, given, kind)
    with pytest.raises(ConfigError) as error:
        read_long(path)
    assert str(error.value) in (f"{path}: {message}", message.replace("row", "demand: row", 1))


def test_an_empty_file_is_told_what_it_lacks(tmp_path: Path) -> None:
    """Not a byte: there is no header either."""
    (tmp_path / "long.csv").touch()
    with pytest.raises(ConfigError, match="is empty; the columns partner_id, date, item_id, quantity are expected"):
        read_long(tmp_path / "long.csv")


ZONED = "2024-01-01T23:30:00-05:00"
TAKEN: dict[str, tuple[pd.DataFrame, list[str], float]] = {
    "returns": (at(4, quantity=-5), ["i"], 295),
    "orders_of_a_day": (pd.concat([rows(), rows(quantity=7)]), ["i"], 720),
    "leading_zeros": (rows(item_id="007"), ["007"], 300),
    "missing_value_names": (rows(item_id=["NA", "null", "None", "nan"] * 15), ["NA", "None", "nan", "null"], 300),
    "not_ascii": (rows(partner_id="a", item_id="Käse/Œuf ☕"), ["Käse/Œuf ☕"], 300),
    "late_in_the_evening": (rows(date=rows()["date"] + ZONED[10:]), ["i"], 300),
    "summer_time": (rows(date=rows()["date"] + (["T00:00:00+01:00", "T00:00:00+02:00"] * 30)), ["i"], 300),
    "days_without_dashes": (rows(date=rows()["date"].str.replace("-", "")), ["i"], 300),
    "all_zeros": (pd.concat([rows(), rows(item_id="dead", quantity=0)]), ["i"], 300),
    "new_item": (pd.concat([rows(), rows(1, start="2025-02-17", item_id="new")]), ["i", "new"], 305),
}


@pytest.mark.parametrize("kind", ["csv", "parquet"])
@pytest.mark.parametrize("case", TAKEN)
def test_a_file_that_is_only_unusual_is_taken_as_it_is_meant(tmp_path: Path, case: str, kind: str) -> None:
    """Ids stay as written, days are those of the clock that wrote them, and every sale is there."""
    given, items, total = TAKEN[case]
    calendar, tables = read_long(written(tmp_path, given, kind))
    found = tables["a"]
    assert calendar == Calendar("W", 13)
    assert sorted(found["item_id"].unique()) == items
    assert found["quantity"].sum() == total
    assert found["date"].max() == pd.Timestamp("2025-02-17")


@pytest.mark.parametrize("ids", [[7] * 60, [7.0] * 60])
def test_item_ids_that_are_numbers_are_whole(tmp_path: Path, ids: list[float]) -> None:
    """7 and 7.0 are one item, whatever type a column with gaps had on its way."""
    assert read_long(written(tmp_path, rows(item_id=ids), "parquet"))[1]["a"]["item_id"].unique().tolist() == ["7"]


def test_items_without_any_sale_are_named_as_left_out(tmp_path: Path) -> None:
    """With the reason; a partner that never sold anything has an empty table."""
    given = pd.concat([rows(), rows(item_id="dead", quantity=0), rows(partner_id="b", quantity=0)])
    told: list[str] = []
    tables = read_long(written(tmp_path, given, "csv"), tell=told.append)[1]
    assert told == [
        "a: left out, since no row has a sale: item 'dead'",
        "b: left out, since no row has a sale: item 'i'",
    ]
    assert tables["b"].empty
    assert never_sold(given)["item_id"].tolist() == ["dead"]


def test_one_partner_one_item_and_a_horizon_beyond_the_history() -> None:
    """A file of one item is backtested; where nothing is left to judge by, the message says which horizon would do."""
    one = {"../Käse & Söhne": table(MONTHS, periods=60, items=1), "dead": table(MONTHS).head(0)}
    found = backtest(one, MONTHS, origins=1, warm=0, workers=1)
    assert sensible(found.forecasts.query("model == 'combined'"))
    assert set(found.skipped["reason"]) == {"no row has a sale: there is nothing to forecast from"}
    with pytest.raises(ConfigError, match=r"60 periods of history are no more than the horizon of 70, .* --horizon 15"):
        backtest(one, Calendar("M", 70), origins=1, warm=0, workers=1)


def sensible(forecast: pd.DataFrame) -> bool:
    """Finite, not negative, not crossing."""
    values = forecast[QUANTILES].to_numpy(float)
    assert len(values)
    assert np.isfinite(values).all()
    assert (values >= 0).all()
    assert (np.diff(values, axis=1) >= 0).all()
    assert np.isfinite(forecast["mean"].to_numpy(float)).all()
    return True


@cache
def others(calendar: Calendar) -> pd.DataFrame:
    """The training rows of two other partners, none of whose items ever stopped."""
    return pd.concat([prepare(table(calendar, seed=seed), calendar, AS_OF, seed=7).train for seed in (1, 2)])


def night(given: pd.DataFrame, calendar: Calendar = WEEKS, missing: str = "zero") -> dict[str, pd.DataFrame]:
    """The candidates of a night: own, shared, and own trees on the shared; each found sensible."""
    known = prepare(build_table(given, calendar, AS_OF, missing=missing), calendar, AS_OF, seed=7)
    shared = fit(pd.concat([others(calendar), known.train]), trees=60, seed=7)
    made = {
        "local": predict_own(train_local(known.train, seed=7), fit_mean(known.train, seed=7), known.future),
        "shared": predict(shared, known.future),
        "trees": predict_on_top(shared, known.train, known.future, seed=7),
    }
    found = {name: frame if "mean" in frame else frame.assign(mean=implied_mean(frame)) for name, frame in made.items()}
    done = {name: finished([], found, name) for name in found}
    assert all(sensible(frame) for frame in done.values())
    return done


def of(forecast: pd.DataFrame, item: str) -> pd.DataFrame:
    return forecast[forecast["item_id"] == item]


def changed(change: Callable[[pd.DataFrame], Any], calendar: Calendar = WEEKS, **given: int) -> pd.DataFrame:
    """A delivery of four items in which ``change`` wrote something."""
    frame = delivery(calendar, **given).astype({"quantity": float})
    result = change(frame)
    return frame if result is None else result


def test_constant_demand_is_forecast_as_it_is() -> None:
    """No training row is different from another: all levels are the constant."""
    for found in night(changed(lambda d: d.assign(quantity=5.0))).values():
        assert found[QUANTILES].to_numpy() == pytest.approx(5, abs=0.5)


def test_returns_are_not_demand() -> None:
    """An item that comes back in full each second week is forecast within its sales, not below zero."""
    given = changed(lambda d: d.assign(quantity=d["quantity"].where(d["date"].dt.day % 2 == 0, -d["quantity"])))
    for found in night(given).values():
        assert found["q90"].max() <= given["quantity"].max()


@pytest.mark.parametrize(("missing", "low", "high"), [("zero", 0.5, 0.9), ("unknown", 0.8, 1.2)])
def test_missing_weeks_are_zero_or_unknown(missing: str, low: float, high: float) -> None:
    """A third of the weeks has no row: sold nothing, or not known, in which case the level stays."""
    whole = delivery()
    given = whole.sample(frac=0.67, random_state=1)
    usual = whole["quantity"].mean()
    for found in night(given, missing=missing).values():
        assert low < found["mean"].mean() / usual < high


def test_a_row_without_a_quantity_makes_its_week_unknown() -> None:
    """Not zero: whatever the contract says about weeks without a row."""
    given = changed(lambda d: d.assign(quantity=d["quantity"].mask(d["date"] == pd.Timestamp("2026-05-04"))))
    found = build_table(given, WEEKS, AS_OF)
    assert found.loc[found["date"] == pd.Timestamp("2026-05-04"), "quantity"].isna().all()
    assert found["quantity"].isna().sum() == 4


@cache
def usual() -> dict[str, pd.DataFrame]:
    return night(delivery(items=8))


@pytest.mark.parametrize("back", [3, 60, 120])
def test_a_giant_outlier_moves_no_other_item(back: int) -> None:
    """Recent, old, or the first sale of all: the others' forecasts stay within a few percent, and so does its own unless it is
    recent."""

    def slip(frame: pd.DataFrame) -> None:
        frame.loc[(frame["item_id"] == "i03") & (frame["date"] == pd.Timestamp(WEEKS.add(AS_OF, -back))), "quantity"] = 1e6

    for name, found in night(changed(slip, items=8)).items():
        before = usual()[name]
        kept = (found["item_id"] != "i03").to_numpy()
        assert found.loc[kept, "q50"].sum() / before.loc[kept, "q50"].sum() == pytest.approx(1, abs=0.05)
        assert found.loc[~kept, "q50"].sum() / before.loc[~kept, "q50"].sum() < (1.5 if back < 60 else 1.1)


@pytest.mark.parametrize(("calendar", "gone"), [(WEEKS, 60), (MONTHS, 14), (DAYS, 95)], ids=["W", "M", "D"])
def test_a_vanished_item_is_forecast_near_zero_and_not_dropped(calendar: Calendar, gone: int) -> None:
    """No sale in the window its scale is taken from, a year of weeks or months, a quarter of days."""

    def vanish(frame: pd.DataFrame) -> None:
        since = pd.Timestamp(calendar.add(calendar.floor(AS_OF), -gone))
        frame.loc[(frame["item_id"] == "i03") & (frame["date"] >= since), "quantity"] = 0

    given = changed(vanish, calendar, periods=260 if calendar == DAYS else 120)
    former = given.loc[(given["item_id"] == "i03") & (given["quantity"] > 0), "quantity"].mean()
    for found in night(given, calendar).values():
        own = of(found, "i03")
        assert len(own) == calendar.horizon
        assert own["q50"].mean() < 0.05 * former
        assert own["q90"].max() < 0.25 * former


def test_a_new_item_with_one_sale_is_forecast_at_its_level() -> None:
    """One observation among items with a history: there is a forecast, and it is about what was sold."""

    def begin(frame: pd.DataFrame) -> pd.DataFrame:
        return frame[(frame["item_id"] != "i03") | (frame["date"] == frame["date"].max())]

    given = changed(begin)
    sold = given.loc[given["item_id"] == "i03", "quantity"].iloc[0]
    for found in night(given).values():
        assert sold / 2 < of(found, "i03")["q50"].mean() < sold * 2


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (delivery().assign(quantity=0), "the accepted rows hold no sale"),
        (delivery(periods=1), "1 periods before 2026-06-22; at least 5 are needed"),
        (delivery(periods=8, items=1), "0 training rows before 2026-06-22; at least 50 are needed"),
    ],
    ids=["all_zeros", "one_observation", "two_months"],
)
def test_a_partner_without_enough_says_how_much_is_needed(given: pd.DataFrame, message: str) -> None:
    """The night of that partner ends with a reason, or goes on as a newcomer's."""
    with pytest.raises(NotEnoughData) as error:
        prepare(build_table(given, WEEKS, AS_OF), WEEKS, AS_OF, seed=7)
    assert str(error.value) == message


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("quantity", np.inf, "quantity 'inf' is too large; at most 1,000,000,000,000 units are expected"),
        ("item_id", None, "item_id is empty; every row needs one"),
        ("date", pd.Timestamp("1970-01-01"), "date '1970-01-01' lies 54 years from the nearest other date, 2024-03-04; correct "
         "the row, or leave it out"),
    ],
)  # fmt: skip
def test_the_night_names_location_item_and_row(column: str, value: Any, message: str) -> None:
    """What a contract let through and nobody can forecast from."""
    given = changed(lambda d: d.astype({column: object} if column != "date" else {}))
    given.loc[3, column] = value
    with pytest.raises(ConfigError) as error:
        build_table(given, WEEKS, AS_OF)
    item = "(empty)" if column == "item_id" else "'i00'"
    assert str(error.value) == f"demand: row 4 (location 'main', item {item}): {message}"


def test_ids_and_zones_of_the_night_are_those_of_the_file() -> None:
    """The same rows as whole numbers, in a column with a time zone, give the same table."""
    given = rows(item_id="7").astype({"date": "datetime64[us]"})
    zoned = given.assign(item_id=7.0, date=given["date"].dt.tz_localize("America/New_York"))
    pd.testing.assert_frame_equal(build_table(zoned, WEEKS, AS_OF), build_table(given, WEEKS, AS_OF))
