"""The backtest report as figures: valid by its schema, each company weighs the same, and nothing is hidden."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from math import isnan
from typing import Any

import backtests
import pandas as pd
import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.reports.backtest import BacktestFacts, build_backtest_report, render_backtest
from decai_forecast.reports.backtest.headline import headline
from decai_forecast.reports.backtest.money import money
from decai_forecast.reports.backtest.scores import means, paired, partners

HURT = {"shop_0": {"combined": 0.4}, "shop_1": {"moving_average": 0.01}}


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    return build_backtest_report(backtests.facts(errors=HURT))


def test_models_stand_with_the_combination_first(report: dict[str, Any]) -> None:
    """Combination, own and shared, then the simple ones."""
    assert report["models"] == ["combined", "local", "shared", "moving_average"]
    assert list(report["scores"]["models"]) == report["models"]


def test_scores_are_means_over_partners(report: dict[str, Any]) -> None:
    """A company of a seventh of the volume weighs a seventh, not less."""
    found = [row["scores"]["combined"]["wape"] for row in report["partners"]]
    assert len(found) == 7
    assert report["scores"]["models"]["combined"]["wape"] == pytest.approx(sum(found) / 7, rel=1e-5)


@pytest.mark.parametrize("part", ["by_horizon", "by_class", "by_origin"])
def test_parts_add_up_to_the_whole(report: dict[str, Any], part: str) -> None:
    """Weighed by their share of demand, the parts' errors are the mean over partners again."""
    whole = sum(row["share"] * row["scores"]["local"]["wape"] for row in report[part])
    assert whole == pytest.approx(report["scores"]["models"]["local"]["wape"], rel=1e-4)
    assert sum(row["share"] for row in report[part]) == pytest.approx(1, rel=1e-5)


def test_best_of_each_measure_is_marked(report: dict[str, Any]) -> None:
    """The lowest error is best; a width is neither good nor bad by itself."""
    best = report["scores"]["best"]
    assert best["mase"] == ["combined"]
    assert best["width"] == []


def test_worst_partner_comes_first_and_is_named(report: dict[str, Any]) -> None:
    """Who is worse off leads the table and stands in the third sentence, with the measure."""
    assert report["partners"][0]["partner"] == "shop_0"
    worse = report["headline"]["sentences"][2]
    assert "WAPE for 1 of 7 (shop_0 +100.0\u202f%)" in worse
    assert worse.endswith("a simple model, chosen in hindsight, has a lower error for shop_0, shop_1.")


@pytest.mark.parametrize(
    ("hurt", "error", "level", "title"),
    [
        (0, 0.1, "good", "Pooling helps here"),
        (1, 0.21, "watch", "Pooling helps most companies here"),
        (7, 0.3, "none", "Pooling makes no clear difference here"),
        (14, 0.4, "risk", "Pooling makes the forecast worse here"),
        (14, 0.2, "none", "Pooling makes no clear difference here"),
    ],
)
def test_verdict_follows_the_tests(hurt: int, error: float, level: str, title: str) -> None:
    """Better for all is good, worse for all is a risk, and what may be chance is no verdict."""
    names = tuple(f"company_{k}" for k in range(14))  # beyond 13 the test needs no permutations
    facts = backtests.facts(names, errors={name: {"combined": error} for name in names[:hurt]})
    found = headline(facts, paired(facts), partners(facts))
    assert (found["level"], found["title"]) == (level, title)


def test_one_collapsed_company_does_not_make_the_headline() -> None:
    """The mean rises by more than a half, the median company gains: both are said, and both stand in the table."""
    report = build_backtest_report(backtests.facts(errors={"shop_6": {"combined": 2.0}}))
    assert "lower for 6 of 7, for the median company \u221250.0\u202f%" in report["headline"]["sentences"][1]
    assert report["scores"]["medians"]["combined"]["wape"] < report["scores"]["medians"]["local"]["wape"]
    assert report["scores"]["models"]["combined"]["wape"] > report["scores"]["models"]["local"]["wape"]


MONEY = "in money where prices are known"


@pytest.mark.parametrize(
    ("errors", "sentence"),
    [
        (
            {},
            rf"hindsight, ordering costs least by combined \(\d\.\d{{3}} per unit sold, [\d,]+ {MONEY}\); no company should",
        ),
        (
            {f"shop_{k}": {"moving_average": 0.0} for k in range(7)},
            rf"costs least by moving average .* {MONEY}\): stay with it; the combination costs",
        ),
        (
            {f"shop_{k}": {"shared": 0.01} for k in range(7)} | {"shop_0": {"shared": 0.01, "moving_average": 0.05}},
            r"costs least by shared .*; no company should stay with a simple rule",
        ),
        (HURT, r"by combined .*; for shop_0, shop_1 a simple rule costs no more, so stay with that\."),
    ],
)
def test_what_to_order_by_is_said_in_money(errors: dict[str, dict[str, float]], sentence: str) -> None:
    """The cheapest rule, and for whom a simple one is good enough: nobody, all, or the one that it serves better
    than the rule that the sentence names."""
    assert re.search(sentence, build_backtest_report(backtests.facts(errors=errors))["headline"]["sentences"][3])


def test_slips_are_listed_with_both_numbers() -> None:
    """The largest first, of the companies that are told."""
    facts = backtests.facts()
    rows = [("shop_1", "all", "rare", pd.Timestamp("2026-02-02"), 99999.0, 20.0)]
    columns = ["partner", "location_id", "item_id", "date", "delivered", "counted"]
    found = replace(facts, found=replace(facts.found, slips=pd.DataFrame(rows, columns=columns)))
    listed = [{"partner": "shop_1", "location": "all", "item": "rare", "date": "2026-02-02", "delivered": 99999, "counted": 20}]
    assert build_backtest_report(found)["slips"] == listed
    assert "99,999" in render_backtest(build_backtest_report(found))
    assert build_backtest_report(replace(found, partner="shop_2"))["slips"] == []


def test_one_partner_is_compared_series_by_series() -> None:
    """A company told alone has no other companies to test on; two series are too few."""
    found = build_backtest_report(backtests.facts(partner="shop_3"))
    assert found["paired"]["unit"] == "series"
    assert {row["word"] for row in found["paired"]["tests"]} == {"too few to tell"}
    assert found["headline"]["title"] == "Too few series to tell whether pooling helps"
    assert [row["partner"] for row in found["partners"]] == ["shop_3"]
    assert not found["alone"]


def test_one_company_alone_says_that_nothing_was_pooled() -> None:
    """Its shared forecaster has seen its rows only, and the report says so."""
    found = build_backtest_report(backtests.facts(("shop_1",)))
    assert found["alone"]
    assert found["headline"]["title"] == "One company: there was nobody to pool with"
    assert "the table has no other" in json.dumps(found["method"])


def test_money_is_cost_times_the_price_known_at_the_cut_off(report: dict[str, Any]) -> None:
    """At a price of two, the sum of money is twice the cost per unit times the units, over all companies."""
    units = {row["partner"]: row["units"] for row in report["partners"]}
    costs = {row["partner"]: row["scores"]["local"]["cost"] for row in report["partners"]}
    money = next(row["money"] for row in report["money"]["models"] if row["model"] == "local")
    assert money == pytest.approx(2 * sum(units[p] * costs[p] for p in units), rel=1e-4)
    assert report["money"]["level"] == 0.9


def test_cost_ratio_is_the_planners() -> None:
    """At equal costs the median is ordered, and its absolute error is what it costs."""
    facts = backtests.facts(("shop_1",), holding=1.0, shortage=1.0)
    assert money(facts)["level"] == 0.5
    found = means(facts).loc["combined"]
    assert found["cost"] == pytest.approx(found["wape"])


def test_no_price_is_no_money() -> None:
    """Costs per unit stay, sums of money are unknown."""
    found = money(backtests.facts(("shop_0",), price=backtests.NO_PRICE))
    assert found["priced"] == 0
    assert all(isnan(row["money"]) for row in found["models"])


def test_examples_are_chosen_by_volume(report: dict[str, Any]) -> None:
    """The largest series of the largest company, the middle one, and the middle one of the seldom sold."""
    found = [(row["partner"], row["item"]) for row in report["examples"]]
    assert found[0] == ("shop_6", "steady")
    assert found[2][1] == "rare"
    assert len(set(found)) == 3
    assert all(len(row["forecast"]) == 6 for row in report["examples"])


def test_who_could_not_be_forecast_is_told(report: dict[str, Any]) -> None:
    """With the cut-offs and the reason."""
    assert report["skipped"] == [{"partner": "late", "reason": "3 periods before", "origins": ["2026-03-02"]}]


def test_warm_up_cut_offs_are_told_and_not_scored(report: dict[str, Any]) -> None:
    """The first cut-off only feeds the choice."""
    assert [(row["scored"], row["partners"]) for row in report["origins"]] == [(False, 0), (True, 7), (True, 7)]


def test_levels_lie_between_what_is_below_and_what_is_not_above(report: dict[str, Any]) -> None:
    """Own forecasts are a fifth too high: most of their quantiles do not hold, and the histogram leans to the left."""
    found = report["calibration"]["models"]["local"]
    assert sum(found["pit"]) == pytest.approx(1, rel=1e-5)
    assert all(row["below"] <= row["upto"] for row in found["levels"])
    assert not next(row for row in found["levels"] if row["level"] == 0.5)["holds"]


def test_choices_are_told_in_words(report: dict[str, Any]) -> None:
    """Candidate names become what a planner reads, by item class."""
    assert report["choices"][0]["told"] == "mean of own and shared, lumpy: shared"


def test_nothing_to_judge_is_an_error_with_the_reason() -> None:
    """Who cannot be forecast at any cut-off is told why and what to do."""
    with pytest.raises(ConfigError, match=r"no forecast of late to judge .* 3 periods before; ask for fewer --origins"):
        build_backtest_report(backtests.facts(partner="late"))


def test_no_forecast_at_all_is_an_error_too() -> None:
    """As a backtest leaves it in which every company was too new."""
    facts = backtests.facts(("shop_0",))
    nobody = pd.DataFrame(columns=["partner", "origin", "model", "actual"])
    with pytest.raises(ConfigError, match="no forecast of any company to judge"):
        build_backtest_report(replace(facts, found=replace(facts.found, forecasts=nobody)))


def _without_sales(facts: BacktestFacts, partner: str) -> BacktestFacts:
    rows = facts.found.forecasts
    dead = rows.assign(actual=rows["actual"].mask(rows["partner"] == partner, 0.0))
    return replace(facts, found=replace(facts.found, forecasts=dead))


def test_no_sale_to_judge_by_is_an_error_that_says_so() -> None:
    """No error is a share of nothing: a page of dashes, or none at all, would not say why."""
    with pytest.raises(ConfigError, match=r"orders.parquet: shop_3 sold nothing in the periods .* ask for more --origins"):
        build_backtest_report(_without_sales(backtests.facts(partner="shop_3"), "shop_3"))


def test_who_sold_nothing_stands_last_and_disturbs_no_order() -> None:
    """Of a company without a sale there is no rise; the others stand by theirs, and it is no pair that was compared."""
    rises = {f"shop_{k}": {"combined": 0.3 + k / 100} for k in range(7)}
    found = build_backtest_report(_without_sales(backtests.facts(errors=rises), "shop_1"))
    order = ["shop_6", "shop_5", "shop_4", "shop_3", "shop_2", "shop_0", "shop_1"]
    assert [row["partner"] for row in found["partners"]] == order
    assert "(lower for 0 of 6, for the median company" in found["headline"]["sentences"][1]


def test_equal_facts_give_equal_reports(report: dict[str, Any]) -> None:
    """To the last digit."""
    assert build_backtest_report(backtests.facts(errors=HURT)) == report
