"""What holds for every page that leaves this project: one file without scripts, well formed, whatever it tells."""

from __future__ import annotations

import re

import backtests
import examples
import pytest
from pages import Outline

from decai_forecast.reports import build_report, render_html
from decai_forecast.reports.backtest import build_backtest_report, render_backtest

PAGES = {
    "resilience": lambda: render_html(build_report(examples.facts())),
    "backtest": lambda: render_backtest(build_backtest_report(backtests.facts())),
}


@pytest.fixture(scope="module", params=PAGES)
def page(request: pytest.FixtureRequest) -> str:
    return PAGES[request.param]()


def test_page_has_no_script_and_needs_no_network(page: str) -> None:
    """No script, no handler, no address but those of the SVG name spaces; the policy forbids the rest."""
    assert "<script" not in page
    assert not re.search(r"\son[a-z]+=", page)
    assert not re.search(r'(?:href|src)="(?!#)', page)
    assert set(re.findall(r"https?://[^\"]+", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}
    assert "default-src 'none'; style-src 'unsafe-inline'; img-src data:" in page


def test_page_is_well_formed_with_unique_ids(page: str) -> None:
    """Tags are closed in order, no id appears twice, and references point at ids of the page."""
    found = Outline(page)
    assert found.open == []
    assert len(found.ids) == len(set(found.ids))
    assert set(re.findall(r'(?:url\(#|href="#)([^)"]+)', page)) <= set(found.ids)
