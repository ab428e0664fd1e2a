"""The demand of a protection interval is one sum with quantiles of its own, and its mean is the sum of the means."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from worlds import normal_forecast

from decai_forecast.demand.quantiles import LEVELS, name_of
from decai_forecast.simulation.demand import Dependence, Marginals, dependence_of, marginals_of, sums_of
from decai_forecast.simulation.targets import Goal, Terms, stock_targets

QUANTILES = [name_of(level) for level in LEVELS]


def spans(**periods: int) -> pd.DataFrame:
    return pd.DataFrame({"location_id": "main", "item_id": list(periods), "periods": list(periods.values())})


def law(periods: int = 13, **items: tuple[float, float]) -> Marginals:
    return marginals_of(normal_forecast(items, periods))


@pytest.mark.parametrize(("rho", "spread"), [(0.0, 40.0), (0.5, 57.01)])
def test_the_sum_is_as_wide_as_periods_that_move_together(rho: float, spread: float) -> None:
    """Four weeks of N(100, 20): twice 20 apart, 57 with AR(1) .5 (20 sqrt(4 + 6 rho + 4 rho^2 + 2 rho^3)); never four times."""
    found = sums_of(law(x=(100, 20)), spans(x=4), Dependence(rho), season=1, seed=3, replications=40_000).iloc[0]
    expected = [400 + spread * NormalDist().inv_cdf(level) for level in LEVELS]
    assert found[QUANTILES].to_numpy(float) == pytest.approx(expected, rel=0.012)
    assert (found["periods"], found["mean"]) == (4, pytest.approx(400, rel=1e-3))


def test_an_order_sees_its_own_period() -> None:
    """What it protects begins with the next one: the first week, when nothing sells, does not count, and the fifth does not
    either."""
    one = law(6, x=(100, 20))
    base, rise = one.base.copy(), one.rise.copy()
    base[:, :, [0, 4]], rise[:, :, [0, 4]] = 9_000, 0
    found = sums_of(replace(one, base=base, rise=rise), spans(x=3), season=1, seed=3)
    assert found["mean"].to_numpy() == pytest.approx([300], rel=1e-3)
    assert found["q99"].iloc[0] < 420


def test_beyond_the_horizon_the_last_season_repeats() -> None:
    """A lead time of a quarter on a forecast of three weeks."""
    assert sums_of(law(3, x=(10, 0)), spans(x=13), season=1, seed=1)["mean"].to_numpy() == pytest.approx([130], rel=1e-3)


def test_whole_lots_stay_whole() -> None:
    """Sums of dozens are dozens, and levels do not cross."""
    in_dozens = replace(law(x=(30, 20)), lot=np.full((1, 1), 12, dtype=np.float32))
    levels = sums_of(in_dozens, spans(x=3), season=1, seed=2)[QUANTILES].to_numpy(float)[0]
    assert (levels % 12 == 0).all()
    assert (np.diff(levels) >= 0).all()


def test_neighbours_and_order_change_nothing() -> None:
    """A series has the same sums alone and among a hundred others; who is not forecast, or protects nothing, is left out."""
    many = {f"i{k:03d}": (10.0 + k, 3.0) for k in range(100)}
    whole = sums_of(law(**many), spans(**dict.fromkeys(reversed(many), 3), gone=2, i000x=0), Dependence(0.3), season=1, seed=5)
    alone = sums_of(law(**many), spans(i070=3), Dependence(0.3), season=1, seed=5)
    assert whole["item_id"].tolist() == sorted(many)
    pd.testing.assert_frame_equal(whole[whole["item_id"] == "i070"].reset_index(drop=True), alone)


def test_nothing_to_protect_is_an_empty_table() -> None:
    """With the columns of any other."""
    found = sums_of(law(x=(1, 1)), spans(x=0), season=1, seed=1)
    assert list(found) == ["location_id", "item_id", "periods", "mean", *QUANTILES]
    assert found.empty


def test_sums_cover_what_comes_where_past_forecasts_taught_how_they_move() -> None:
    """A hundred items whose level is off for whole quarters: of their sums over four weeks 80 % lie between q10 and q90; taken
    for independent, far fewer do."""
    rng, items = np.random.default_rng(8), [f"i{k:03d}" for k in range(100)]
    forecast = normal_forecast(dict.fromkeys(items, (100.0, 20.0)))
    z = [np.sqrt(0.4) * rng.normal(size=(100, 1)) + np.sqrt(0.6) * rng.normal(size=(100, 13)) for _ in range(4)]
    level = [np.vectorize(NormalDist().cdf)(one).ravel() for one in z]
    keys = forecast.sort_values(["item_id", "date"])[["location_id", "item_id", "date"]]
    dependence = dependence_of([keys.assign(level_low=one, level_high=one) for one in level[:3]])
    sold = (100 + 20 * z[3])[:, 1:5].sum(axis=1)

    def share(moves: Dependence) -> float:
        found = sums_of(marginals_of(forecast), spans(**dict.fromkeys(items, 4)), moves, season=1, seed=1)
        return float(((found["q10"] <= sold) & (sold <= found["q90"])).mean())

    assert 0.72 <= share(dependence) <= 0.95
    assert share(Dependence()) < 0.68


def residual_levels(rho: float, items: int) -> list[pd.DataFrame]:
    """Levels at which the actuals of one quarter fell, AR(1) with ``rho``, of so many items."""
    rng, z = np.random.default_rng(4), [np.empty(0)]
    for t in range(13):
        new = rng.normal(size=items)
        z.append(new if t == 0 else rho * z[-1] + np.sqrt(1 - rho**2) * new)
    level = np.vectorize(NormalDist().cdf)(np.stack(z[1:], axis=1)).ravel()
    forecast = normal_forecast({f"i{k:03d}": (100.0, 20.0) for k in range(items)})
    return [forecast[["location_id", "item_id", "date"]].assign(level_low=level, level_high=level)]


def test_few_past_rows_are_those_of_a_company_like_the_others() -> None:
    """Of 39 rows nothing is believed, of 65 a quarter, of 2,600 nearly all; what periods do is all that is usual."""
    found = [dependence_of(residual_levels(0.0, items)) for items in (3, 5, 200)]
    assert [one.rows for one in found] == [39, 65, 2600]
    assert found[0] == Dependence(0.5, rows=39)
    assert 0.35 < found[1].periods < 0.5
    assert found[2].periods == pytest.approx(0.5 * 200 / 2800, abs=0.03)


def test_stock_targets_cover_the_same_sum() -> None:
    """The level for a cycle service of 95 % is the q95 of lead-time demand, for each item and its own lead time."""
    normal, moves = law(x=(100, 20), y=(30, 12)), Dependence(0.5)
    told = sums_of(normal, spans(x=2, y=5), moves, season=1, seed=3, replications=20_000)
    ones = np.ones((1, 2))
    given = Terms(np.array([[2, 5]]), ones, 9 * ones, 1, True)
    levels = stock_targets(
        normal, given, Goal("cycle_service", 0.95), seed=8, horizon=13, season=1, replications=4000, dependence=moves
    )
    assert levels["level_proposed"].to_numpy() == pytest.approx(told["q95"].to_numpy(float), rel=0.02)
