"""A local model is one more file: the backtest compares with it, a night may choose it, the reports name it."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from panels import WEEKS, table

from decai_forecast.demand import all_candidates, candidates, choose, local_candidates
from decai_forecast.demand.backtest import Backtest, backtest
from decai_forecast.demand.models import MODELS, Model
from decai_forecast.demand.quantiles import TRAINED, name_of
from decai_forecast.reports.backtest import BacktestFacts, build_backtest_report, render_backtest

FILE = '''"""Exponential smoothing with a fixed factor."""

import numpy as np

from decai_forecast.demand.models import Model, register
from decai_forecast.demand.models.base import with_level_errors


def smoothed(panel, origin):
    levels = np.full((len(panel.quantity), origin + 1), np.nan)
    for t in range(origin):
        value, before = panel.quantity[:, t], levels[:, t]
        moved = np.where(np.isfinite(before), before + 0.3 * (value - before), value)
        levels[:, t + 1] = np.where(np.isfinite(value), moved, before)
    return with_level_errors(panel, origin, levels)


register(Model("made_up", "the last level, moved by 0.3 of each error", smoothed, "Smoothing", least=20, candidate=True))
'''


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Model]:
    """The model of a file that somebody else wrote."""
    folder = tmp_path_factory.mktemp("models")
    (folder / "made_up_smoothing.py").write_text(FILE)
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(folder)
        importlib.import_module("made_up_smoothing")
        yield MODELS["made_up"]
    del MODELS["made_up"]


@pytest.fixture(scope="module")
def found(made_up: Model) -> Backtest:
    """By two processes, each of which must find the new file by itself."""
    tables = {f"p{k}": table(periods=150, items=3, seed=k) for k in range(2)}
    return backtest(tables, WEEKS, origins=1, warm=3, workers=2)


def test_the_backtest_and_its_page_know_the_new_model(made_up: Model, found: Backtest) -> None:
    """It is compared with by its name, under its own title."""
    tables = {f"p{k}": table(periods=150, items=3, seed=k) for k in range(2)}
    report = build_backtest_report(BacktestFacts(found, tables, WEEKS, "orders.parquet"))
    assert "made_up" in MODELS
    assert report["models"] == ["combined", "local", "shared", *sorted(MODELS)]
    assert "Smoothing" in render_backtest(report)


def test_a_night_may_choose_the_new_model(made_up: Model, given: pd.DataFrame, own: pd.DataFrame) -> None:
    """It wins where it is surely better than the mean of own and shared, and is told in its own words."""
    cutoff = WEEKS.floor(given["date"].max().date())
    frame = local_candidates([made_up], given, WEEKS, cutoff, own)["made_up"]
    actual = frame["q50"].to_numpy() + 1.0
    origin = candidates(own.assign(actual=actual), own.assign(actual=actual)) | {"made_up": frame.assign(actual=actual)}
    assert choose([origin] * 3).name == "made_up"
    assert (all_candidates()["made_up"].title, all_candidates()["made_up"].shared) == ("Smoothing", 0.0)


def test_where_the_new_model_says_nothing_the_own_forecast_stands(
    made_up: Model, given: pd.DataFrame, own: pd.DataFrame
) -> None:
    """Of a series with fewer periods than the model needs; all other columns are those of the own forecast."""
    cutoff = WEEKS.floor(given["date"].max().date())
    young = given[(given["item_id"] != own["item_id"].iloc[0]) | (given["date"] > given["date"].max() - pd.Timedelta(weeks=19))]
    frame = local_candidates([made_up], young, WEEKS, cutoff, own)["made_up"]
    silent = (frame["item_id"] == own["item_id"].iloc[0]).to_numpy()
    pd.testing.assert_frame_equal(frame[silent], own[silent])
    assert not np.isclose(frame.loc[~silent, "q50"], own.loc[~silent, "q50"]).any()
    assert list(frame) == list(own)


def test_of_all_local_models_only_the_new_one_may_be_chosen(made_up: Model) -> None:
    """Those of the product are there to be beaten."""
    assert list(all_candidates())[:6] == ["local", "mostly_local", "mean", "mostly_shared", "shared", "shared_and_local_trees"]
    assert list(all_candidates())[6:] == ["made_up"]


def test_the_docs_tell_of_every_local_model() -> None:
    """Each with its own words, and of no other."""
    lines = (Path(__file__).parents[2] / "docs/how-to/backtest.md").read_text().splitlines()
    told = [line for line in lines if line.startswith("| ") and line.split("|")[1].strip(" `") in MODELS]
    assert told == [f"| `{m.name}` | {m.heading} | {m.about} |" for m in MODELS.values() if m.name != "made_up"]


@pytest.fixture
def given() -> pd.DataFrame:
    return table(periods=100, items=3)


@pytest.fixture
def own(given: pd.DataFrame) -> pd.DataFrame:
    """An own forecast of a thousand units for every series."""
    dates = pd.date_range(WEEKS.floor(given["date"].max().date()), periods=WEEKS.horizon, freq=WEEKS.pandas)
    series = given[["location_id", "item_id"]].drop_duplicates(ignore_index=True)
    rows = series.merge(pd.DataFrame({"date": dates, "h": range(1, len(dates) + 1)}), how="cross")
    return rows.assign(**dict.fromkeys([*map(name_of, TRAINED), "mean"], 1000.0))
