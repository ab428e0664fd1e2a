"""Local forecasts, their quantile levels and their scores."""

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table
from utilsforecast.losses import nd, quantile_loss

from decai_forecast.demand import LEVELS, TRAINED, Prepared, predict, prepare, score, to_levels, train_local, wape

Q = [f"q{round(100 * level):02d}" for level in LEVELS]


@pytest.fixture(scope="module")
def known() -> Prepared:
    """A cut-off with a known horizon."""
    return prepare(table(), WEEKS, WEEKS.add(AS_OF, -WEEKS.horizon), seed=1)


@pytest.fixture(scope="module")
def forecast(known: Prepared) -> pd.DataFrame:
    return predict(train_local(known.train, seed=1), known.future)


def test_the_same_rows_give_the_same_models(known: Prepared) -> None:
    """Training is deterministic to the byte, one text per quantile."""
    first = train_local(known.train, seed=1)
    assert first == train_local(known.train.copy(), seed=1)
    assert sorted(first) == list(TRAINED)


def test_forecasts_are_not_negative_and_do_not_cross(forecast: pd.DataFrame) -> None:
    """q10 <= q50 <= q90, all in units and at least 0."""
    low, middle, high = (forecast[q].to_numpy() for q in ("q10", "q50", "q90"))
    assert (low >= 0).all()
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert (high > low).any()


def test_forecasts_stay_in_order_where_the_models_cross(known: Prepared) -> None:
    """Models given in the wrong order of quantiles still forecast quantiles that do not cross."""
    models = train_local(known.train, seed=1)
    crossed = predict({0.1: models[0.9], 0.5: models[0.1], 0.9: models[0.5]}, known.future)
    pd.testing.assert_frame_equal(crossed, predict(models, known.future))


def test_forecasts_beat_a_constant(known: Prepared, forecast: pd.DataFrame) -> None:
    """The trees know more of a series than its recent mean."""
    future = known.future
    assert score(forecast).wape < wape(future["actual"].to_numpy(), future["scale"].to_numpy())


def test_levels_are_monotone_and_keep_the_trained_ones(forecast: pd.DataFrame) -> None:
    """Eight levels and a mean; q10, q50 and q90 are what was trained, where nothing is known of lots."""
    found = to_levels(forecast.drop(columns="lot"))
    assert (found[Q] >= 0).all(axis=None)
    assert (np.diff(found[Q].to_numpy(), axis=1) >= -1e-12).all()
    for q in ("q10", "q50", "q90"):
        assert found[q].to_numpy() == pytest.approx(forecast[q].to_numpy())
    assert found["mean"].between(found["q05"], found["q99"]).all()


def test_levels_are_whole_lots(forecast: pd.DataFrame) -> None:
    """A series ordered in dozens is forecast in dozens, one in single units in whole units; the mean is no lot."""
    for lot in (12, 1):
        found = to_levels(forecast.assign(lot=lot))
        assert (found[Q].to_numpy() % lot == 0).all()
        assert (np.diff(found[Q].to_numpy(), axis=1) >= 0).all()
        assert (found["mean"] % 1 > 0).any()


@pytest.mark.parametrize("trained", [(0, 0, 0), (0, 0, 5), (2, 2, 2), (0, 3, 3), (1, 2, 30)])
def test_levels_of_extreme_forecasts_are_monotone(trained: tuple[int, int, int]) -> None:
    """Also where quantiles are equal, or zero, or far to one side."""
    found = to_levels(pd.DataFrame([dict(zip(("q10", "q50", "q90"), map(float, trained), strict=True))]))
    assert (np.diff(found[Q].to_numpy()[0]) >= -1e-12).all()
    assert (found >= 0).all(axis=None)


def test_the_mean_of_a_normal_is_its_median() -> None:
    """A symmetric forecast has its mean in the middle."""
    found = to_levels(pd.DataFrame({"q10": [90.0], "q50": [100.0], "q90": [110.0]}))
    assert found["mean"].to_numpy() == pytest.approx(100, rel=1e-3)


def test_scores_are_those_of_utilsforecast(forecast: pd.DataFrame) -> None:
    """WAPE is the normalised deviation; WQL is twice the mean quantile loss over the mean actual."""
    frame = forecast.assign(unique_id="all", y=forecast["actual"])
    found = score(forecast)
    assert found.wape == pytest.approx(nd(frame, models=["q50"])["q50"].item())
    losses = [quantile_loss(frame, models={name: name}, q=q)[name].item() for q, name in zip(TRAINED, Q[1:6:2], strict=True)]
    assert found.wql == pytest.approx(2 * np.mean(losses) / frame["y"].mean())
    assert found.coverage == pytest.approx(frame["y"].between(frame["q10"], frame["q90"]).mean())
    assert found.rows == len(forecast)


def test_unknown_actuals_are_not_scored(forecast: pd.DataFrame) -> None:
    """Rows without an actual count for nothing; without any there is no score."""
    half = forecast.assign(actual=forecast["actual"].where(forecast["h"] <= 6))
    assert score(half) == score(forecast[forecast["h"] <= 6])
    assert score(forecast.assign(actual=np.nan)) is None
    assert score(forecast.assign(actual=0.0)) is None
