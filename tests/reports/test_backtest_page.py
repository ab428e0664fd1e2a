"""The page of a backtest: one file without scripts, inert names, readable by all, small also for many companies."""

from __future__ import annotations

import re

import backtests
import examples
import pytest

from decai_forecast.reports.backtest import build_backtest_report, render_backtest

LIMIT = 500_000  # bytes: a page for mail


def page_of(*arguments: object, **changes: object) -> str:
    return render_backtest(build_backtest_report(backtests.facts(*arguments, **changes)))


@pytest.fixture(scope="module")
def page() -> str:
    return page_of()


@pytest.fixture(scope="module")
def lone() -> str:
    return page_of(("shop_1",), price=backtests.NO_PRICE)


def test_page_is_accessible(page: str) -> None:
    """The language is stated, one main heading, every chart has a role, a title and a text, every column a header."""
    assert '<html lang="en">' in page
    assert page.count("<h1") == 1
    charts = ("partners", "horizon-wape", "horizon-wql", "pit", "fan-0", "fan-1", "fan-2")
    assert all(f'role="img" aria-labelledby="{name}-title {name}-text"' in page for name in charts)
    assert "<th>" not in page


def test_sections_answer_in_the_planners_order(page: str) -> None:
    """What it brings, whether it is chance, for whom, when, whether the quantiles hold, money, and how it was done."""
    found = re.findall(r"<h2>(.*?)</h2>", page)
    assert found == [
        "Scores", "Could that be chance?", "Company by company", "How far ahead", "Which items, and when",
        "Do the quantiles hold?", "Money", "Look for yourself", "Who could not be forecast", "How it was done",
    ]  # fmt: skip


def test_colours_follow_the_page(page: str) -> None:
    """Charts take their colours from the page's variables, so that dark mode and print reach them."""
    charts = "".join(re.findall(r"<svg.*?</svg>", page, flags=re.DOTALL))
    assert "var(--first)" in charts
    assert not re.search(r"#[0-9a-f]{6}", charts)


def test_equal_backtests_give_equal_pages(page: str) -> None:
    """Byte by byte."""
    assert page_of() == page


def test_names_are_inert() -> None:
    """A script as company is text on the page, in tables and in charts."""
    page = page_of((examples.ATTACK, "shop_1"))
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page


def test_page_of_many_companies_stays_small() -> None:
    """58 companies fit into a mail."""
    assert len(page_of(tuple(f"company_{k:02d}" for k in range(58))).encode()) < LIMIT


def test_one_company_alone_has_a_page_that_says_so(lone: str) -> None:
    """No chart of companies, and a banner above the sentences."""
    assert "No other company." in lone
    assert 'aria-label="Chart of companies"' not in lone


def test_without_prices_the_page_has_no_column_of_money(lone: str) -> None:
    """It says why."""
    assert "Cost in money" not in lone
    assert "there are no prices in the table" in lone
