"""The simple models: one set of rules for all of them, and textbook values for those that have a textbook."""

import os
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, DAYS, WEEKS, table

from decai_forecast.demand import build_table, score
from decai_forecast.demand.models import MODELS, Model, as_frame, register
from decai_forecast.demand.models.base import empirical
from decai_forecast.demand.models.croston import levels
from decai_forecast.demand.panel import Panel, to_panel
from decai_forecast.periods import Calendar


@pytest.fixture(params=sorted(MODELS))
def model(request: pytest.FixtureRequest) -> Model:
    return MODELS[request.param]


def panel(rows: Any, calendar: Calendar = WEEKS) -> Panel:
    """A panel of these quantities, and a horizon of unknown periods behind them."""
    known = np.array(rows, dtype=float)
    quantity = np.concatenate([known, np.full((len(known), calendar.horizon), np.nan)], axis=1)
    dates = pd.date_range(calendar.floor(date(2024, 1, 1)), periods=quantity.shape[1], freq=calendar.pandas)
    series = pd.DataFrame(
        {"location_id": "main", "item_id": [f"i{k}" for k in range(len(known))], "category": "", "country": ""}
    )
    none = np.full(quantity.shape, np.nan)
    return Panel(quantity, none, none, none, none, dates, series, calendar)


def sane(model: Model, rows: Any, calendar: Calendar = WEEKS) -> Any:
    """The forecast after the last of ``rows``: complete, not negative, not crossing."""
    found = model.forecast(panel(rows, calendar), len(rows[0]))
    assert found.quantiles.shape == (len(rows), calendar.horizon, 3)
    assert found.mean.shape == (len(rows), calendar.horizon)
    assert np.isfinite(found.quantiles).all()
    assert (found.quantiles >= 0).all()
    assert (found.mean >= 0).all()
    assert (np.diff(found.quantiles, axis=2) >= 0).all()
    return found


@pytest.mark.parametrize("calendar", [DAYS, WEEKS, Calendar("M", 3), Calendar("M", 14)], ids=["D", "W", "M", "M14"])
def test_a_forecast_is_complete_not_negative_and_ordered(model: Model, calendar: Calendar) -> None:
    """For every frequency, and for a horizon longer than a season."""
    sane(model, np.random.default_rng(1).poisson(3, (5, 130)), calendar)


@pytest.mark.parametrize("after", [0.0, 1e9, np.nan])
def test_what_happens_from_the_origin_on_changes_nothing(model: Model, after: float) -> None:
    """Only periods before the origin are looked at."""
    known = to_panel(table(), WEEKS)
    changed = to_panel(table(), WEEKS)
    changed.quantity[:, 80:] = after
    one, other = model.forecast(known, 80), model.forecast(changed, 80)
    assert np.array_equal(one.quantiles, other.quantiles)
    assert np.array_equal(one.mean, other.mean)


def test_the_last_period_before_the_origin_counts(model: Model) -> None:
    """The counterpart: something new reaches the forecast (of one season ahead, for the seasonal naive)."""
    calendar = Calendar("D", 7)
    one, other = (model.forecast(panel([[*[4] * 40, last]], calendar), 41) for last in (4, 9))
    assert (other.mean > one.mean).any()


def test_one_observation_is_carried_on(model: Model) -> None:
    """There is nothing else to go by (SBA takes off its 2.5 %); the spread is that of a count."""
    found = sane(model, [[9.0]])
    assert found.mean == pytest.approx(9, rel=0.03)
    assert found.quantiles[0, 0] == pytest.approx([9 - 3 * 1.28155, 9, 9 + 3 * 1.28155], rel=0.05)


def test_nothing_ever_sold_is_forecast_as_nothing(model: Model) -> None:
    """All zeros give zeros."""
    found = sane(model, [[0.0] * 60])
    assert not found.quantiles.any()
    assert not found.mean.any()


def test_a_constant_series_stays_constant(model: Model) -> None:
    """Without any error in the past no interval is wider than its middle."""
    found = sane(model, [[5.0] * 130])
    assert found.quantiles == pytest.approx(5)


def test_a_giant_outlier_of_the_past_does_not_move_the_median_far(model: Model) -> None:
    """The middle of the past errors takes back what the outlier did to the level."""
    found = sane(model, [[*[5.0] * 60, 1e6, *[5.0] * 60]])
    assert (found.quantiles[:, :, 1] < 1e4).all()


def test_a_series_of_which_nothing_is_known_has_no_forecast(model: Model) -> None:
    """Unknown is not zero: NaN, and the other series are as without it."""
    unknown, known = [np.nan] * 60, [*range(60)]
    both = model.forecast(panel([unknown, known]), 60)
    assert np.isnan(both.mean[0]).all()
    assert np.isnan(both.quantiles[0]).all()
    assert np.array_equal(both.quantiles[1], model.forecast(panel([known]), 60).quantiles[0])


def test_no_period_before_the_origin_gives_no_forecast(model: Model) -> None:
    """A series that is all future is unknown, and no error."""
    assert np.isnan(model.forecast(panel([[1.0, 2.0]]), 0).mean).all()


def test_unknown_periods_are_skipped(model: Model) -> None:
    """A third of the periods unknown, the rest at ten: the level is ten, not five."""
    found = sane(model, [[10.0 if k % 3 else np.nan for k in range(130)]])
    assert found.mean == pytest.approx(10, rel=0.03)


def test_a_frame_has_the_rows_of_the_forecast(model: Model) -> None:
    """One row per series and period, with what was really sold, where it is known."""
    known = to_panel(table(items=2), WEEKS)
    forecast = model.forecast(known, 107)
    found = as_frame(known, 107, forecast)
    assert list(found) == ["location_id", "item_id", "date", "h", "actual", "mean", "q10", "q50", "q90"]
    second = found[(found["item_id"] == "i01") & (found["h"] == 5)].iloc[0]
    assert second["date"] == known.dates[111]
    assert second["actual"] == known.quantity[1, 111]
    assert second["q90"] == forecast.quantiles[1, 4, 2]
    assert found["date"].max() < pd.Timestamp(AS_OF)


def test_intervals_of_independent_counts_hold() -> None:
    """Eight of ten further draws lie between q10 and q90 of the moving average, or on them."""
    drawn = np.random.default_rng(3).poisson(40, (400, 143)).astype(float)
    found = MODELS["moving_average"].forecast(panel(drawn), 130)
    inside = (drawn[:, 130:] >= found.quantiles[:, :, 0]) & (drawn[:, 130:] <= found.quantiles[:, :, 2])
    assert inside.mean() == pytest.approx(0.8, abs=0.03)


def test_quantiles_are_those_of_numpy() -> None:
    """Weibull's plotting position, over the known values only."""
    values = np.random.default_rng(2).normal(size=(20, 30))
    values[::2, ::3] = np.nan
    given = [0.1, 0.5, 0.9]
    assert empirical(values, given) == pytest.approx(np.nanquantile(values, given, axis=1, method="weibull").T)


def test_the_seasonal_naive_is_the_same_day_of_last_week() -> None:
    """Or of the week before, where that day is unknown."""
    week, last = [1, 2, 3, 4, 5, 6, 7], [11, 12, np.nan, 14, 15, 16, 17]
    found = MODELS["seasonal_naive"].forecast(panel([[0, *week, *last]], Calendar("D", 14)), 15)
    assert found.mean[0].tolist() == [11, 12, 3, 14, 15, 16, 17] * 2


def test_the_moving_average_is_the_mean_of_thirteen_weeks() -> None:
    """Nothing older counts."""
    found = MODELS["moving_average"].forecast(panel([[1000] * 9 + list(range(13))]), 22)
    assert found.mean == pytest.approx(6)


@pytest.mark.parametrize(
    ("name", "expected"),
    [("croston", [0, 0, 2, 2, 1.8]), ("sba", [0, 0, 1.5, 1.5, 1.35]), ("tsb", [0, 0, 3, 1.5, 2.8125])],
)
@pytest.mark.parametrize("unknown", [False, True])
def test_intermittent_levels_are_those_computed_by_hand(name: str, expected: list[float], unknown: bool) -> None:
    """Sales of 6 and 3 after intervals of 3 and 2, smoothing one half; an unknown period in between changes nothing.

    Croston: 6/3; then (6 + 3)/2 over (3 + 2)/2. SBA: three quarters of it. TSB: chance 1/2, 1/4, 5/8, sizes 6, 6, 4.5.
    """
    sales = [0.0, 0.0, 6.0, 0.0, 3.0]
    given = np.array([[value for pair in zip(sales, [np.nan] * 5, strict=True) for value in pair] if unknown else sales])
    half = np.array([[0.5]])
    found = [float(level[0, 0]) for level in levels(name, given, half, half)][1:]
    assert found[:: 2 if unknown else 1] == pytest.approx(expected)


def test_tsb_fades_where_nothing_sells_any_more_and_croston_does_not() -> None:
    """A year without a sale: what TSB is for."""
    sales = [[5.0, 0.0] * 50 + [0.0] * 52]
    croston, tsb = (MODELS[name].forecast(panel(sales), 152).mean[0, 0] for name in ("croston", "tsb"))
    assert tsb < 0.5
    assert croston > 2


def test_a_name_is_taken_once() -> None:
    """Registering a second model under a name is a mistake, said with the name."""
    taken = MODELS["tsb"]
    assert register(taken) is taken
    with pytest.raises(ValueError, match="two models are called 'tsb'; names in MODELS are unique"):
        register(replace(taken, about="another one"))


@pytest.mark.real_data
def test_on_real_orders_the_intermittent_methods_beat_the_naive() -> None:
    """Fifteen companies, thirteen weeks from 2021-09-27: partner means of WAPE and WQL."""
    path = Path(os.environ.get("DECAI_TEST_DATA", "")) / "iowa_orders_small.parquet"
    if "DECAI_TEST_DATA" not in os.environ or not path.exists():
        pytest.skip("set DECAI_TEST_DATA to the folder with iowa_orders_small.parquet to run on real orders")
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in MODELS}
    for _, rows in pd.read_parquet(path).groupby("partner_id"):
        given = to_panel(build_table(rows, WEEKS, date(2021, 12, 27)), WEEKS)
        origin = given.index(date(2021, 9, 27))
        for name, model in MODELS.items():
            scores = score(as_frame(given, origin, model.forecast(given, origin)).dropna(subset=["q50"]))
            found[name].append((scores.wape, scores.wql))
    wape, wql = ({name: np.mean([pair[k] for pair in pairs]) for name, pairs in found.items()} for k in (0, 1))
    assert len(found["tsb"]) == 15
    assert wape["sba"] < wape["moving_average"] < wape["seasonal_naive"]
    assert wql["tsb"] < wql["moving_average"] < wql["seasonal_naive"]


def test_own_quantiles_are_those_of_the_last_year() -> None:
    """Weibull's positions among 52 weeks; what lies further back does not count."""
    found = MODELS["own_quantiles"].forecast(panel([[*[900] * 30, *range(1, 53)]]), 82)
    assert found.quantiles[0, 0] == pytest.approx([5.3, 26.5, 47.7])
    assert found.mean[0, -1] == pytest.approx(26.5)


def test_the_seasonal_index_follows_the_season_of_all_items() -> None:
    """Two years, 12 weeks of which sell double: the peak is forecast, also for an item that began after the last one."""
    year = np.where(np.arange(52) % 52 < 12, 20.0, 10.0)
    old, young = np.resize(year, 104), np.where(np.arange(104) < 90, np.nan, 10.0)
    found = MODELS["seasonal_index"].forecast(panel([old, old, young]), 104)
    ratio = found.mean[:, 5] / found.mean[:, 12]
    assert ratio == pytest.approx([ratio[0]] * 3)
    assert 1.2 < ratio[0] < 2.0  # two years are drawn by a third towards no season
    assert found.mean[2, 12] == pytest.approx(found.mean[0, 12] * 1.0, rel=0.25)


def test_of_less_than_a_season_no_index_is_made() -> None:
    """It is the moving average then."""
    rows = np.random.default_rng(2).poisson(5.0, (3, 40))
    index, average = (MODELS[name].forecast(panel(rows), 40) for name in ("seasonal_index", "moving_average"))
    assert index.mean == pytest.approx(average.mean)
