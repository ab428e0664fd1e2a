"""The report of a backtest: does pooling with others help, for whom, and how we know; facts as JSON and a page.

Importing this is light: Matplotlib, Jinja and the JSON Schema validator are loaded by the functions that need them.
"""

from decai_forecast.reports.backtest.facts import BacktestFacts
from decai_forecast.reports.backtest.page import render_backtest
from decai_forecast.reports.backtest.report import build_backtest_report

__all__ = ["BacktestFacts", "build_backtest_report", "render_backtest"]
