"""Demand samples follow the forecast, move together as they should and depend on nothing that stands beside them."""

from __future__ import annotations

from dataclasses import replace
from statistics import NormalDist

import numpy as np
import pandas as pd
import pytest
from scipy.special import ndtri
from worlds import normal_forecast

from decai_forecast.demand.quantiles import LEVELS
from decai_forecast.errors import ConfigError
from decai_forecast.simulation.demand import Dependence, Marginals, dependence_of, marginals_of, sample
from decai_forecast.simulation.demand.philox import philox, words
from decai_forecast.simulation.demand.tables import tables

ENGINES = (False, True)
TOGETHER = Dependence(0.4, 0.2, 0.1)


def normal(mean: float, sd: float, periods: int = 1, places: int = 1, things: int = 1) -> Marginals:
    """The same normal demand everywhere; sites a, b .. and items x0, x1 .."""
    one = marginals_of(normal_forecast({"x": (mean, sd)}, periods))
    sites, items = tuple("abcdefgh"[:places]), tuple(f"x{k}" for k in range(things))
    base, rise = (np.tile(array, (places, things, 1, 1)) for array in (one.base, one.rise))
    return Marginals(sites, items, base, rise, np.zeros((places, things), dtype=np.float32))


def uneven(places: int = 3, things: int = 4, periods: int = 6) -> Marginals:
    """Distributions that differ everywhere; every other series comes in dozens."""
    rng = np.random.default_rng(1)
    base, rise = rng.gamma(2, 20, (2, places, things, periods, 9)).astype(np.float32)
    lot = np.where(np.arange(places * things).reshape(places, things) % 2, 12, 0).astype(np.float32)
    return replace(normal(1, 1, periods, places, things), base=base, rise=rise, lot=lot)


def test_words_are_those_of_philox() -> None:
    """The published known answers of Philox4x32-10 (Random123, kat_vectors) hold."""
    every, pi = 0xFFFFFFFF, (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344)
    known = {
        ((0, 0, 0, 0), (0, 0)): "6627e8d5 e169c58d bc57ac4c 9b00dbd8",
        ((every,) * 4, (every, every)): "408f276d 41c83b0e a20bc7c6 6d5451fd",
        (pi, (0xA4093822, 0x299F31D0)): "d16cfe09 94fdcceb 5001e420 24126ea1",
    }
    for (counter, key), expected in known.items():
        a, b, c, d = (np.array([word], dtype=np.uint64) for word in counter)
        assert " ".join(f"{int(word[0]):08x}" for word in philox((a, b, c, d), key)) == expected


@pytest.mark.parametrize("compiled", ENGINES)
def test_samples_have_the_forecast_quantiles(compiled: bool) -> None:
    """The share of samples below each forecast level is that level, correlated or not; their mean is the exact one."""
    found = sample(normal(100, 20, 3), TOGETHER, seed=1, replications=range(30_000), compiled=compiled)
    expected = [100 + 20 * NormalDist().inv_cdf(level) for level in LEVELS]
    for period in range(3):
        assert np.quantile(found[0, 0, period], LEVELS) == pytest.approx(expected, rel=0.01)
    assert found.mean() == pytest.approx(normal(100, 20).mean.item(), rel=0.003)


@pytest.mark.parametrize(("rho", "expected"), [(0.0, 573.6), (0.5, 609.7)])
@pytest.mark.parametrize("compiled", ENGINES)
def test_ltd(rho: float, expected: float, compiled: bool) -> None:
    """Five days of N(100, 20): the 95 % quantile is 573.6 if independent, 609.7 for AR(1) .5 (664.5 summed naively)."""
    total = sample(normal(100, 20, 5), Dependence(rho), seed=5, replications=range(60_000), compiled=compiled).sum(axis=2)
    assert np.quantile(total, 0.95) == pytest.approx(expected, rel=0.01)


def test_both_engines_draw_the_same() -> None:
    """numpy and numba give the same bits, with lots, factors and a start within a tile."""
    numpy, numba = (sample(uneven(), TOGETHER, seed=3, replications=range(70, 300), compiled=c) for c in (False, True))
    assert np.array_equal(numpy, numba)


@pytest.mark.parametrize("compiled", ENGINES)
def test_blocks_and_neighbours_change_nothing(compiled: bool) -> None:
    """Fewer replications, items, sites or periods are a part of the larger sample, bit by bit."""
    whole = sample(uneven(), TOGETHER, seed=3, replications=range(300), compiled=compiled)
    some = uneven().only([1, 3])
    some = replace(some, locations=("b",), base=some.base[1:2, :, :4], rise=some.rise[1:2, :, :4], lot=some.lot[1:2])
    assert np.array_equal(
        sample(some, TOGETHER, seed=3, replications=range(100, 260), compiled=compiled), whole[1:2, [1, 3], :4, 100:260]
    )


def test_seeds_and_names_draw_apart() -> None:
    """Another seed, site or item is another stream."""
    drawn = [words(seed, [name], 4, range(128)) for seed, name in ((1, 2), (2, 2), (1, 3))]
    assert all(np.mean(one == other) < 0.01 for one, other in ((drawn[0], drawn[1]), (drawn[0], drawn[2])))


def test_lots_leave_the_mean() -> None:
    """Where the levels are whole lots, rounding to the nearest lot leaves the mean as it is."""
    levels = np.array([0, 0, 0, 12, 12, 24, 36, 60.0])
    frame = normal_forecast({"x": (1, 1)}, 2).assign(
        **{f"q{round(p * 100):02d}": q for p, q in zip(LEVELS, levels, strict=True)}
    )
    frame = frame.drop(columns="mean")
    lots = frame[["location_id", "item_id"]].drop_duplicates().assign(lot=12.0)
    law = marginals_of(frame, lots)
    found = sample(law, seed=1, replications=range(100_000))
    assert set(np.unique(found % 12)) == {0.0}
    assert found.mean() == pytest.approx(law.mean.mean(), rel=0.01)


def test_tail_is_exponential() -> None:
    """What the tail adds to q99 has its decay as mean."""
    piece, weight = tables().piece, tables().weight
    z = tables().normal
    cell = np.clip((z + 4.5) * 4096 / 9, 0, 4095).astype(int)
    tail = weight[cell[piece[cell] == 8]]
    assert tail.mean() == pytest.approx(1, rel=0.02)
    assert tail.std() == pytest.approx(1, rel=0.06)


def test_beyond_the_horizon_the_last_season_returns() -> None:
    """Period 4 of a forecast of 3 periods with a season of 2 is period 2."""
    law = uneven(periods=3).through(6, 2)
    assert np.array_equal(law.base[:, :, [3, 4, 5]], law.base[:, :, [1, 2, 1]])


def levels_of(found: np.ndarray, law: Marginals) -> np.ndarray:
    """The levels of the distributions of ``law``, all the same, at which the samples lie; those in the tail at .995."""
    return np.interp(found, law.base[0, 0, 0], [0, *LEVELS], right=0.995).clip(1e-4)


def test_deviates_are_correlated_as_asked() -> None:
    """Next period, same item elsewhere, other item: the correlations are those of the dependence."""
    law = normal(100, 20, 2, places=2, things=2)
    z = ndtri(levels_of(sample(law, TOGETHER, seed=1, replications=range(40_000)), law))
    pairs = [(z[0, 0, 0], z[0, 0, 1]), (z[0, 0, 1], z[1, 0, 1]), (z[0, 0, 1], z[1, 1, 1])]
    assert [np.corrcoef(*pair)[0, 1] for pair in pairs] == pytest.approx([0.4, 0.3, 0.1], abs=0.02)


@pytest.mark.parametrize("lumpy", [False, True])
def test_dependence_is_found_in_past_residuals(lumpy: bool) -> None:
    """What the samples were drawn with is found in where they fell, for smooth demand and for demand half of which is 0."""
    law = normal(100, 20, 6, places=8, things=30)
    u = levels_of(sample(law, Dependence(0.5, 0.2, 0.15), seed=2, replications=range(40)), law)
    low, high = np.where(lumpy & (u < 0.5), 0.0, u), np.where(lumpy & (u < 0.5), 0.5, u)
    site, item, period = (index.ravel() for index in np.indices(u.shape[:3]))
    keys = pd.DataFrame({"location_id": site, "item_id": item, "date": period})
    past = [keys.assign(date=period + 6 * k, level_low=low[..., k].ravel(), level_high=high[..., k].ravel()) for k in range(40)]
    found = dependence_of(past)
    assert (found.periods, found.item, found.company) == pytest.approx((0.5, 0.2, 0.15), abs=0.05)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"q50": np.nan}, "has no number for every quantile; leave the series out or forecast it anew"),
        ({"q05": -1.0}, "has a quantile below 0; demand is not negative"),
        ({"q10": 500.0}, "has quantiles that cross; they must not fall from q05 to q99"),
    ],
)
def test_unsound_quantiles_are_named(change: dict[str, float], told: str) -> None:
    """The first row with missing, negative or crossing quantiles is told with item, site, period and its numbers."""
    frame = normal_forecast({"x": (100, 20)}, 2)
    frame.loc[1, list(change)] = list(change.values())
    with pytest.raises(ConfigError) as error:
        marginals_of(frame)
    assert str(error.value).startswith(f"the forecast of item 'x' at 'main' for 2026-01-12 {told}; it is q05=")


def test_demand_without_a_site_is_named() -> None:
    """A forecast for a place that the network does not have is refused."""
    with pytest.raises(ConfigError) as error:
        marginals_of(normal_forecast({"x": (100, 20)}), locations=["elsewhere"])
    told = "the forecast has item 'x' at 'main', which is not in the network; add the site or leave the series out"
    assert str(error.value) == told
