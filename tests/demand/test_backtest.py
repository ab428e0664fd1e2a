"""The backtest of a network: nothing later than a cut-off is used at it, whoever works on it."""

from __future__ import annotations

import pandas as pd
import pytest
from panels import AS_OF, WEEKS, delivery, table

from decai_forecast.demand import build_table
from decai_forecast.demand.backtest import Backtest, backtest, origins_of
from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar

PARTNERS = {f"p{k}": {"periods": 150, "items": 3, "seed": k} for k in range(3)}


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    return {name: table(**given) for name, given in PARTNERS.items()} | {"new": table(periods=3, items=1), "young": young()}


def young() -> pd.DataFrame:
    """Four weeks before the last horizon: too few to train."""
    return table(periods=WEEKS.horizon + 4, items=3, seed=9)


@pytest.fixture(scope="module")
def found(tables: dict[str, pd.DataFrame]) -> Backtest:
    return backtest(tables, WEEKS, origins=2, warm=3, workers=1)


def test_every_partner_model_and_origin_has_a_forecast(found: Backtest) -> None:
    """One row per series and period of the horizon; who is too new is named with the reason."""
    rows = found.forecasts[found.forecasts["partner"] != "young"].groupby(["partner", "origin", "model"]).size()
    assert set(rows) == {3 * WEEKS.horizon}
    assert set(found.forecasts["model"]) >= {"local", "shared", "combined", "moving_average", "seasonal_naive"}
    assert set(found.skipped["partner"]) == {"new", "young"}  # the second before it had sold anything
    assert found.skipped["reason"].str.contains("periods before").all()


def test_a_newcomer_is_in_the_backtest(found: Backtest) -> None:
    """Four weeks old at the last cut-off: it gets what the others trained, as its night would."""
    rows = found.forecasts[found.forecasts["partner"] == "young"]
    assert rows["origin"].nunique() == 1
    assert set(rows.groupby("model").size()) == {3 * WEEKS.horizon}
    assert rows[["mean", "q10", "q50", "q90"]].notna().all(axis=None)
    choice = found.choices[found.choices["partner"] == "young"].iloc[0]
    assert choice["choice"] == "shared"
    assert choice["reason"] == "too young to train (4 periods before 2026-03-23; at least 5 are needed)"
    own, shared, combined = (rows.loc[rows["model"] == name, "q50"].to_numpy() for name in ("local", "shared", "combined"))
    assert (own != shared).any()
    assert (combined == shared).all()


def test_cut_offs_as_a_newcomer_are_no_past_to_choose_on() -> None:
    """A company that grew up has as many origins to judge on as its night would have: none before it could train."""
    given = {"old": table(periods=120, items=3), "grown": table(periods=22, items=12, seed=4)}
    choices = backtest(given, Calendar("W", 4), origins=1, warm=4, workers=1).choices.set_index("partner")
    assert choices.loc["grown", "reason"].startswith("1 of 3 origins to judge on")
    assert choices.loc["old", "reason"].startswith(("no candidate is clearly better", "better than the mean"))


def test_twenty_weeks_of_history_get_a_forecast() -> None:
    """As many cut-offs as there are; nobody could train at the only one, so that all is the items' own quantiles."""
    given = {name: table(periods=20, items=3, seed=k) for k, name in enumerate("ab")}
    found = backtest(given, WEEKS, origins=6, warm=3, workers=1)
    assert found.forecasts["origin"].nunique() == 1
    assert set(found.forecasts["partner"]) == {"a", "b"}
    assert found.forecasts["q50"].notna().all()
    assert found.rows == {WEEKS.add(AS_OF, -13): 0}


def test_less_than_a_horizon_is_told_which_horizon_would_do() -> None:
    """And that one does."""
    given = {"a": table(periods=12, items=3)}
    with pytest.raises(ConfigError, match=r"12 periods of history are no more than the horizon of 13, .* such as --horizon 3"):
        backtest(given, WEEKS, origins=6, workers=1)
    assert len(backtest(given, Calendar("W", 3), origins=6, workers=1).forecasts)


def test_origins_are_the_last_whole_horizons(tables: dict[str, pd.DataFrame]) -> None:
    """They do not overlap, and the last one ends with the data."""
    assert [day.isoformat() for day in origins_of(tables, WEEKS, 2)] == ["2025-12-22", "2026-03-23"]


def test_what_comes_later_changes_no_earlier_forecast(found: Backtest) -> None:
    """With the last horizon altered, forecasts and choices of both origins stay, only the actuals differ."""
    last = pd.Timestamp(WEEKS.add(AS_OF, -WEEKS.horizon))
    altered = {}
    for name, given in PARTNERS.items():
        rows = delivery(**given)
        rows["quantity"] = rows["quantity"].where(rows["date"] < last, 1e4)
        altered[name] = build_table(rows, WEEKS, AS_OF)
    altered["young"] = young().assign(quantity=lambda f: f["quantity"].where(f["date"] < last, 1e4))
    again = backtest(altered, WEEKS, origins=2, warm=3, workers=1)
    judged = ["actual", "level_low", "level_high"]  # the levels are those of the actual
    pd.testing.assert_frame_equal(again.forecasts.drop(columns=judged), found.forecasts.drop(columns=judged))
    pd.testing.assert_frame_equal(again.choices, found.choices)
    assert not again.forecasts["actual"].equals(found.forecasts["actual"])


def test_two_workers_find_what_one_finds(tables: dict[str, pd.DataFrame], found: Backtest) -> None:
    """To the last bit."""
    pd.testing.assert_frame_equal(backtest(tables, WEEKS, origins=2, warm=3, workers=2).forecasts, found.forecasts)


@pytest.mark.parametrize(("given", "origins"), [({}, 2), ({"a": table().head(0)}, 2), ({"a": table()}, 0)])
def test_nothing_to_backtest_is_said(given: dict[str, pd.DataFrame], origins: int) -> None:
    """Without demand or without an origin."""
    with pytest.raises(ConfigError, match="at least one partner with demand and one origin"):
        backtest(given, WEEKS, origins=origins)
