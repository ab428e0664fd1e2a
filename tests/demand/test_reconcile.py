"""Forecasts add up over item, category, location and company, and totals are neither too sure nor too wide."""

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand.reconcile import CORRELATION, bottom_up, correlation, mint, reconcile, totals_of, tree_of
from decai_forecast.errors import ConfigError

TWO = pd.DataFrame({"location_id": "main", "item_id": ["a", "b"]})
GROUPS = pd.DataFrame({"item_id": [f"i{k}" for k in range(6)], "category": ["x", "x", "y", "y", "y", "z"]})
DATES = pd.date_range("2026-06-22", periods=3, freq="W-MON")


def invented(seed: int = 0) -> pd.DataFrame:
    """Six items at two locations over three weeks, with mean and quantiles."""
    rng = np.random.default_rng(seed)
    keys = pd.MultiIndex.from_product([["north", "south"], GROUPS["item_id"], range(3)], names=["location_id", "item_id", "k"])
    rows = keys.to_frame(index=False)
    rows["date"], rows["h"] = DATES[rows["k"]], rows["k"] + 1
    mean = rng.gamma(1.0, 5.0, len(rows))
    return rows.drop(columns="k").assign(mean=mean, q10=0.4 * mean, q50=0.9 * mean, q90=1.8 * mean)


def company(mean: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"level": "company", "date": DATES, "mean": mean})


def sums(found: pd.DataFrame, level: str, on: list[str]) -> pd.Series:
    """What the series of each node of a level add up to, less what the node says."""
    leaves = found[found["level"] == "series"].groupby([*on, "date"])["mean"].sum()
    return found[found["level"] == level].groupby([*on, "date"])["mean"].sum() - leaves


@pytest.mark.parametrize("told", [None, [100.0, 20.0, 300.0], [0.0, 0.0, 0.0]], ids=["bottom-up", "mint", "mint to zero"])
def test_means_add_up_and_are_never_negative(told: list[float] | None) -> None:
    """Categories, locations and the company are the sums of their series to 1e-9, whatever the totals were told."""
    found = reconcile(invented(), GROUPS, totals=None if told is None else company(told))
    for level, on in {"category": ["location_id", "category"], "location": ["location_id"], "company": []}.items():
        assert sums(found, level, on).abs().max() < 1e-9
    assert (found[["mean", "q10", "q50", "q90"]] >= 0).all(axis=None)
    assert (found["q10"] <= found["q50"]).all()
    assert (found["q50"] <= found["q90"]).all()


def test_bottom_up_leaves_the_series_alone() -> None:
    """Without forecasts of totals the series' rows come back as they were."""
    given = invented()
    found = reconcile(given, GROUPS)
    leaves = found[found["level"] == "series"].reset_index(drop=True)
    pd.testing.assert_frame_equal(leaves[list(given)], given, check_dtype=False)


def one_total() -> tuple[np.ndarray, np.ndarray]:
    """Two series of 4 and 6, and a company told to be 14; location and category say nothing."""
    base = np.array([[14.0], [np.nan], [np.nan], [4.0], [6.0]])
    return base, np.array([2.0, 1, 1, 1, 3])


def test_mint_shares_a_gap_by_variance() -> None:
    """By hand: the gap of 4 over variances 2 + 1 + 3; a takes 4/6, b 12/6, the company gives up 8/6."""
    tree = tree_of(TWO, pd.DataFrame({"item_id": ["a", "b"], "category": "x"}))
    base, variance = one_total()
    found = mint(tree, base, variance)[:, 0]
    assert found == pytest.approx([12 + 2 / 3, 12 + 2 / 3, 12 + 2 / 3, 4 + 2 / 3, 8])


def test_structural_weights_count_series() -> None:
    """By hand: variances 2, 1, 1 share the gap of 4 as 2, 1, 1."""
    tree = tree_of(TWO, pd.DataFrame({"item_id": ["a", "b"], "category": "x"}))
    assert mint(tree, one_total()[0])[:, 0] == pytest.approx([12, 12, 12, 5, 7])


def test_mint_is_the_textbook_projection() -> None:
    """S (S' W^-1 S)^-1 S' W^-1 y, with the summing matrix written out, gives the same on every node."""
    rng = np.random.default_rng(3)
    tree = tree_of(invented()[["location_id", "item_id"]].drop_duplicates(), GROUPS)
    S = bottom_up(tree, np.eye(12))
    base, variance = S @ rng.uniform(50, 60, (12, 2)) + rng.normal(0, 1, (len(S), 2)), rng.uniform(1, 5, len(S))
    weighted = S.T / variance
    assert mint(tree, base, variance) == pytest.approx(S @ np.linalg.solve(weighted @ S, weighted @ base), abs=1e-9)


def test_past_errors_weigh_the_nodes() -> None:
    """A company that was always exact pulls its series to it; without past errors it only shares the gap."""
    given, told = invented(), company([100.0, 100.0, 100.0])
    past = given.assign(error=np.tile([5.0, -5.0, 5.0], 12))[["location_id", "item_id", "date", "error"]]
    past = pd.concat([past, past.assign(date=past["date"] - pd.Timedelta(weeks=3))])
    exact = pd.DataFrame({"level": "company", "date": pd.date_range("2026-05-04", periods=6, freq="W-MON"), "error": 1e-6})
    trusted = reconcile(given, GROUPS, totals=told, errors=past, total_errors=exact).query("level == 'company'")["mean"]
    assert trusted.to_list() == pytest.approx([100, 100, 100], abs=1e-6)
    assert (reconcile(given, GROUPS, totals=told).query("level == 'company'")["mean"] != 100).all()


@pytest.mark.parametrize("rho", [0.0, 0.3, 1.0])
def test_the_correlation_of_past_errors_is_found(rho: float) -> None:
    """From 3,000 weeks of errors with a known common part."""
    rng = np.random.default_rng(5)
    error = np.sqrt(rho) * rng.normal(size=(3000, 1)) + np.sqrt(1 - rho) * rng.normal(size=(3000, 5))
    rows = pd.DataFrame(error * [1, 2, 3, 4, 5]).melt(ignore_index=False, var_name="item_id", value_name="error")
    found = correlation(rows.rename_axis("date").reset_index().assign(location_id="main"))
    assert found == pytest.approx(rho, abs=0.03)


def test_without_past_errors_a_dependence_is_assumed() -> None:
    """Neither independence nor the sum of quantiles: by hand, distances of 3 and 4 under the assumed correlation."""
    rows = TWO.assign(date=DATES[0], h=1, mean=10.0, q10=[7.0, 6.0], q90=[13.0, 14.0])
    top = reconcile(rows, pd.DataFrame({"item_id": ["a", "b"], "category": "x"})).iloc[0]
    distance = np.sqrt((1 - CORRELATION) * 25 + CORRELATION * 49)
    assert [top["q10"], top["mean"], top["q90"]] == pytest.approx([20 - distance, 20, 20 + distance])


def test_a_total_covers_what_it_should() -> None:
    """Sums of 40 correlated normal series fall into the company's q10..q90 in 78 to 82 %; summed quantiles would cover
    nearly all, independent ones far less."""
    rng, rho, z = np.random.default_rng(6), 0.2, 1.2815515655
    keys = pd.DataFrame({"location_id": "main", "item_id": [f"j{k}" for k in range(40)]})
    deviation = rng.uniform(5, 15, 40)
    error = deviation * (np.sqrt(rho) * rng.normal(size=(20_000, 1)) + np.sqrt(1 - rho) * rng.normal(size=(20_000, 40)))
    past = pd.DataFrame(error[:500], columns=keys["item_id"]).rename_axis("date").reset_index()
    past = past.melt(id_vars="date", var_name="item_id", value_name="error").assign(location_id="main")
    rows = keys.assign(date=DATES[0], h=1, mean=100.0, q10=100 - z * deviation, q90=100 + z * deviation)
    top = reconcile(rows, GROUPS, errors=past).iloc[0]
    assert 0.78 < np.mean((error.sum(axis=1) >= top["q10"] - 4000) & (error.sum(axis=1) <= top["q90"] - 4000)) < 0.82


def test_an_item_without_every_period_is_named() -> None:
    """A total over periods that some items lack would be too small."""
    with pytest.raises(ConfigError) as error:
        reconcile(invented().iloc[1:], GROUPS)
    said = "item i0 of north has 2 rows for 2 periods, the forecast 3 periods; give each item every period once"
    assert str(error.value) == said


def test_an_item_of_two_categories_is_named() -> None:
    """A series in two groups would be counted twice."""
    with pytest.raises(ConfigError) as error:
        reconcile(invented(), pd.concat([GROUPS, GROUPS.iloc[:1].assign(category="z")]))
    assert str(error.value) == "groups: i0 has more than one row; keep one category each"


def test_a_forecast_without_a_mean_is_told_where_to_get_one() -> None:
    """Medians do not add up; means do."""
    with pytest.raises(ConfigError) as error:
        reconcile(invented().drop(columns="mean"), GROUPS)
    assert str(error.value) == "the forecast has no column mean; to_levels gives a mean"


def with_actuals(seed: int, factor: float) -> pd.DataFrame:
    """A past forecast of which every series sold ``factor`` times the mean."""
    given = invented(seed)
    return given.assign(actual=factor * given["mean"], date=given["date"] - pd.Timedelta(weeks=13 * (seed + 1)))


def test_bands_of_totals_widen_where_past_totals_lay_outside() -> None:
    """Totals that were double the forecast ask for wider bands; such as were as forecast for narrower ones; means stay."""
    plain = totals_of(invented(), [], GROUPS)
    wide, narrow = (totals_of(invented(), [with_actuals(k, factor) for k in range(4)], GROUPS) for factor in (2.5, 1.0))
    for found in (wide, narrow):
        assert found["mean"].to_numpy() == pytest.approx(plain["mean"].to_numpy())
        assert set(found["level"]) == {"company", "location", "category"}
    band = {name: (f["q90"] - f["mean"]).sum() for name, f in (("plain", plain), ("wide", wide), ("narrow", narrow))}
    assert band["narrow"] < band["plain"] < band["wide"]


def test_an_unknown_actual_moves_no_band() -> None:
    """It counts as its mean: totals of which nothing is known ask for what totals as forecast ask for."""
    past = [with_actuals(k, 1.0) for k in range(4)]
    silent = [frame.assign(actual=np.nan) for frame in past]
    assert totals_of(invented(), silent, GROUPS)["q90"].notna().all()
    assert (totals_of(invented(), silent, GROUPS)["q10"] >= 0).all()
