"""Overrides are kept for good, applied without breaking a forecast, and scored; a wrong one is refused with a reason."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.overrides import (
    Override,
    apply_overrides,
    read_overrides,
    record_override,
    score_overrides,
    withdraw,
    withdrawals,
)
from decai_forecast.errors import ConfigError
from decai_forecast.store import Store

GIVEN = Override(
    location_id="main",
    item_id="a",
    first=date(2026, 6, 22),
    last=date(2026, 6, 29),
    reason="a new customer",
    who="ana",
    when="2026-06-20T09:30:00+00:00",
    factor=2.0,
)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "north_market")


@pytest.fixture
def forecast() -> pd.DataFrame:
    """Two items, three weeks; a sells 20 a week, b nothing in the middle."""
    weeks = pd.date_range("2026-06-22", periods=3, freq="W-MON")
    frame = pd.DataFrame({"location_id": "main", "item_id": ["a"] * 3 + ["b"] * 3, "date": [*weeks, *weeks]})
    frame["actual"] = [20.0, 18.0, 10.0, 0.0, 3.0, np.nan]
    return frame.assign(
        mean=[11.0] * 3 + [1.0] * 3, q10=[5.0] * 3 + [0.0] * 3, q50=[10.0] * 3 + [0.0] * 3, q90=[15.0] * 3 + [4.0] * 3
    )


def test_what_is_recorded_is_read_back(store: Store, forecast: pd.DataFrame) -> None:
    """One line of JSON each, the oldest first."""
    later = replace(GIVEN, when="2026-06-20T12:00:00+02:00", factor=None, value=30.0, reason="größer als gedacht")
    assert record_override(store, later, forecast)
    assert record_override(store, GIVEN, forecast)
    assert read_overrides(store) == [GIVEN, later]
    assert [len(store.read_bytes(key).decode().splitlines()) for key in store.keys("overrides")] == [1, 1]


def test_recording_twice_is_recording_once(store: Store, forecast: pd.DataFrame) -> None:
    """A retried task doubles nothing; a change of any word is another override beside the first."""
    assert record_override(store, GIVEN, forecast)
    assert not record_override(store, GIVEN, forecast)
    before = {key: store.read_bytes(key) for key in store.keys("overrides")}
    assert record_override(store, replace(GIVEN, factor=2.5), forecast)
    assert len(read_overrides(store)) == 2
    assert all(store.read_bytes(key) == value for key, value in before.items())


def test_without_overrides_there_are_none(store: Store, forecast: pd.DataFrame) -> None:
    """And a forecast stays as it is."""
    assert read_overrides(store) == []
    pd.testing.assert_frame_equal(apply_overrides(forecast, []).drop(columns="override"), forecast)


def test_a_factor_scales_all_quantiles_of_its_rows_only(forecast: pd.DataFrame) -> None:
    """Both of its weeks, mean included; the third week and the other item stay."""
    found = apply_overrides(forecast, [GIVEN])
    assert found.loc[0, ["mean", "q10", "q50", "q90"]].tolist() == [22, 10, 20, 30]
    assert found["override"].tolist() == [GIVEN.id, GIVEN.id, "", "", "", ""]
    pd.testing.assert_frame_equal(found.iloc[2:].drop(columns="override"), forecast.iloc[2:])


def test_a_value_becomes_the_median(forecast: pd.DataFrame) -> None:
    """The others keep their distance to it in proportion; a median of zero is lifted."""
    found = apply_overrides(forecast, [replace(GIVEN, item_id=item, factor=None, value=4.0) for item in "ab"])
    assert found.loc[0, ["q10", "q50", "q90"]].tolist() == [2, 4, 6]
    assert found.loc[3, ["q10", "q50", "q90"]].tolist() == [4, 4, 8]


@pytest.mark.parametrize("change", [{"factor": 0.0}, {"factor": None, "value": 0.0}, {"factor": 1e6}])
def test_a_forecast_stays_monotone_and_not_negative(forecast: pd.DataFrame, change: dict[str, float]) -> None:
    """Whatever the override."""
    found = apply_overrides(forecast, [replace(GIVEN, item_id=item, **change) for item in "ab"])[["q10", "q50", "q90"]]
    assert (found >= 0).all(axis=None)
    assert (np.diff(found.to_numpy(), axis=1) >= 0).all()


def test_the_latest_override_counts_alone(forecast: pd.DataFrame) -> None:
    """By the instant it was said, whatever the zone and the order; a factor of one takes it back."""
    back = replace(GIVEN, factor=1.0, when="2026-06-20T12:00:00+02:00", reason="the customer withdrew")
    for order in ([GIVEN, back], [back, GIVEN]):
        found = apply_overrides(forecast, order)
        assert found["q50"].tolist() == forecast["q50"].tolist()
        assert found["override"][0] == back.id


def test_an_override_is_scored_against_the_untouched_forecast(forecast: pd.DataFrame) -> None:
    """Sold 20 and 18, forecast 10: doubling takes 18 units of error down to 2."""
    found = score_overrides(forecast, [GIVEN]).iloc[0]
    assert found[["rows", "loss_untouched", "loss_override", "fva"]].tolist() == [2, 18, 2, 16]
    assert found["pinball_gain"] > 0
    assert (found["who"], found["reason"]) == ("ana", "a new customer")


def test_the_most_harmful_comes_first_and_what_is_unknown_last(forecast: pd.DataFrame) -> None:
    """An override without a known sale is not judged yet; a superseded one was never in force."""
    harmful = replace(GIVEN, item_id="b", factor=None, value=9.0)
    open_one = replace(harmful, first=date(2026, 7, 6), last=date(2026, 7, 6), when="2026-06-21T00:00:00+00:00")
    found = score_overrides(forecast, [GIVEN, open_one, harmful])
    assert found["override"].tolist() == [harmful.id, GIVEN.id, open_one.id]
    assert found["rows"].tolist() == [2, 2, 0]
    assert found["fva"][0] == (0 + 3) - (9 + 6)
    assert np.isnan(found["fva"][2])


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"reason": " "}, "there is no reason; give one, it is shown beside the forecast and scored later"),
        ({"who": ""}, "there is no name of who made it; give one, it is shown beside the forecast and scored later"),
        ({"factor": -2.0}, "the factor is -2.0; demand cannot be negative, give 0 or more"),
        ({"factor": None, "value": float("nan")}, "the value is nan; demand cannot be negative, give 0 or more"),
        ({"factor": None}, "give either a value (units a period) or a factor, and not both"),
        ({"value": 3.0}, "give either a value (units a period) or a factor, and not both"),
        ({"last": date(2026, 6, 1)}, "it ends on 2026-06-01, before it begins; give a last day on or after 2026-06-22"),
        ({"when": "yesterday"}, "its time is 'yesterday'; give an ISO time with a zone, as 2026-06-22T09:30:00+00:00"),
        (
            {"when": "2026-06-20T09:30:00"},
            "its time is '2026-06-20T09:30:00'; give an ISO time with a zone, as 2026-06-22T09:30:00+00:00",
        ),
    ],
)
def test_a_wrong_override_is_refused(change: dict[str, object], fault: str) -> None:
    """The message names the override, what is wrong, and what to give."""
    with pytest.raises(ConfigError) as caught:
        replace(GIVEN, **change)
    assert str(caught.value) == f"override of item 'a' at 'main' from 2026-06-22: {fault}"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"item_id": "zz"}, "override: there is no forecast of item 'zz' at 'main'; it is one of a, b"),
        ({"item_id": "aa"}, "override: there is no forecast of item 'aa' at 'main'; did you mean 'a'?"),
        ({"location_id": "mainn"}, "override: there is no location 'mainn'; did you mean 'main'?"),
    ],
)
def test_an_unknown_item_is_refused(store: Store, forecast: pd.DataFrame, change: dict[str, str], message: str) -> None:
    """With what it may have been; nothing is kept."""
    with pytest.raises(ConfigError) as caught:
        record_override(store, replace(GIVEN, **change), forecast)
    assert str(caught.value) == message
    assert store.keys("overrides") == []


def test_a_file_that_is_no_override_is_named(store: Store) -> None:
    """The owner and the key, no trace."""
    store.write_bytes("overrides/2026-x.jsonl", b'{"first": 1}\n')
    with pytest.raises(ConfigError) as caught:
        read_overrides(store)
    assert str(caught.value) == (
        "north_market: overrides/2026-x.jsonl is not an override as this program writes it; restore it or remove it"
    )


def test_what_was_in_force_is_scored_as_it_was(forecast: pd.DataFrame) -> None:
    """The column says whose row it was: a later override of the same rows takes no credit for them."""
    later = replace(GIVEN, factor=0.0, when="2026-06-25T09:30:00+00:00")
    as_it_was = forecast.assign(override=np.where(forecast["item_id"] == "a", GIVEN.id, ""))
    scored = score_overrides(as_it_was, [GIVEN, later]).set_index("override")
    assert scored.loc[GIVEN.id, "rows"] == 2
    assert scored.loc[later.id, "rows"] == 0


def test_a_withdrawn_override_is_kept_with_who_and_why(store: Store, forecast: pd.DataFrame) -> None:
    """Once; it is still there to be scored, and an unknown id is told with the nearest one."""
    record_override(store, GIVEN, forecast)
    said = {"who": "ben", "when": "2026-06-21T10:00:00+00:00", "reason": "the customer left"}
    assert withdraw(store, GIVEN.id, **said)
    assert not withdraw(store, GIVEN.id, **said | {"who": "eve"})
    assert withdrawals(store)[GIVEN.id].who == "ben"
    assert read_overrides(store) == [GIVEN]
    with pytest.raises(ConfigError, match=f"did you mean '{GIVEN.id}'"):
        withdraw(store, GIVEN.id[:-1] + "x", **said)
    with pytest.raises(ConfigError, match="give a reason, a name and a time with a zone"):
        withdraw(store, GIVEN.id, who="ben", when="2026-06-21", reason="")
