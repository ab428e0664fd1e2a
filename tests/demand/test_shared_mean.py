"""The mean that all companies learn together."""

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand import FEATURES, fit_shared_mean, implied_mean, with_shared_mean
from decai_forecast.demand.target import LARGEST_RATIO, to_target
from decai_forecast.federation.model_text import parse, sanitise, shift

SCALE = 40.0  # units


def rows(seed: int, size: int = 600) -> pd.DataFrame:
    """A season that doubles demand in the second half of a year, and many zeros."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(0.0, index=range(size), columns=list(FEATURES)).assign(week=rng.integers(1, 53, size))
    sold = rng.random(size) < 0.4
    ratio = sold * rng.gamma(2.0, 1.25, size) * np.where(frame["week"] > 26, 4 / 3, 2 / 3)
    return frame.assign(target=to_target(ratio, 1.0), weight=1.0, scale=SCALE, ratio=ratio)


FORECAST = pd.DataFrame({"q10": [0.0] * 52, "q50": [0.0] * 52, "q90": [90.0] * 52})
WEEKS = rows(0, 52).assign(week=np.arange(1, 53))


def test_it_is_the_mean_of_demand_in_units_and_follows_the_season() -> None:
    """Where the median is zero, and three quantiles know nothing of the sizes beyond."""
    learned = pd.concat([rows(1, 4000), rows(2, 4000)], ignore_index=True)
    mean = with_shared_mean(FORECAST, fit_shared_mean(learned, seed=1), WEEKS)["mean"].to_numpy()
    first, second = mean[:26].mean(), mean[26:].mean()
    assert second / first == pytest.approx(2, rel=0.15)
    assert mean.mean() == pytest.approx(SCALE * learned["ratio"].mean(), rel=0.1)


def test_without_a_model_the_quantiles_imply_it() -> None:
    assert fit_shared_mean(rows(1).assign(target=0.0), seed=1) == ""
    assert np.allclose(with_shared_mean(FORECAST, "", WEEKS)["mean"], implied_mean(FORECAST))


def test_no_mean_is_beyond_what_a_target_can_be() -> None:
    """Whatever a text from outside says."""
    hostile = shift(sanitise(parse(fit_shared_mean(rows(1), seed=1))), 900.0).text()
    assert (with_shared_mean(FORECAST, hostile, WEEKS)["mean"] == LARGEST_RATIO * SCALE).all()
