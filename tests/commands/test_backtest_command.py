"""`decai backtest`: what is wrong is said before the work, and the folder holds page, figures and forecasts."""

from __future__ import annotations

import json
from pathlib import Path

import backtests
import pandas as pd
import pytest
from jsonschema import Draft202012Validator

from decai_forecast.commands.backtest import backtest, show, write
from decai_forecast.errors import ConfigError
from decai_forecast.reports.backtest import build_backtest_report
from decai_forecast.reports.backtest.report import schema


@pytest.fixture
def orders(tmp_path: Path) -> Path:
    path = tmp_path / "orders.csv"
    dates = pd.date_range("2026-01-05", periods=8, freq="W-MON")
    pd.DataFrame({"partner_id": "acme", "date": dates, "item_id": "a", "quantity": 1}).to_csv(path, index=False)
    return path


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"missing": "maybe"}, "--missing is zero or unknown, not 'maybe'"),
        ({"holding": 0.0}, "--holding is a cost above 0, not 0"),
        ({"shortage": float("nan")}, "--shortage is a cost above 0, not nan"),
        ({"origins": 0}, "--origins is at least 1, not 0"),
        ({"horizon": -1}, "--horizon is at least 1 period, or 0 for the default, not -1"),
        ({"partner": "bravo"}, "orders.csv: no partner 'bravo'; there are acme"),
    ],
)
def test_a_wrong_option_is_told(orders: Path, options: dict[str, object], said: str) -> None:
    """Which one, what was expected, and what is there instead."""
    with pytest.raises(ConfigError) as error:
        backtest(orders, **options)
    assert str(error.value).removeprefix(f"{orders.parent}/") == said


def test_a_file_is_no_folder(orders: Path) -> None:
    """The folder is looked at before minutes of work, not after."""
    with pytest.raises(ConfigError, match=r"--out .*orders.csv is a file; name a folder"):
        backtest(orders, out=orders)


def test_folder_holds_page_figures_forecasts_and_choices(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The JSON keeps its schema, forecasts are those that were judged, and the place is printed."""
    facts = backtests.facts(("shop_0", "shop_1"))
    write(tmp_path / "new" / "out", facts, build_backtest_report(facts))
    out = tmp_path / "new" / "out"
    assert {path.name for path in out.iterdir()} == {"report.html", "report.json", "forecasts.parquet", "choices.csv"}
    Draft202012Validator.check_schema(schema())
    Draft202012Validator(schema()).validate(json.loads((out / "report.json").read_text("utf-8")))
    assert len(pd.read_parquet(out / "forecasts.parquet")) == len(facts.rows)
    assert f"report: {out / 'report.html'}" in capsys.readouterr().err


def test_table_and_sentences_are_printed(capsys: pytest.CaptureFixture[str]) -> None:
    """Every model, the verdict, and who could not be forecast."""
    show(build_backtest_report(backtests.facts(("shop_0", "shop_1"))))
    said = capsys.readouterr().out
    assert all(name in said for name in ("combined", "moving average", "Against the own forecaster of each company"))
    assert "no forecast for late at 2026-03-02: 3 periods before" in said
