"""What a delivery raises: each alarm names item, place, period, what was expected and what to do; quiet data raise none."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from test_models import panel

from decai_forecast.demand.models import MODELS, as_frame
from decai_forecast.demand.watch import (
    DECISION,
    LEAST_ERRORS,
    TRACKING,
    alarms,
    bias_alarms,
    cusum,
    drift_alarms,
    forecast_value_added,
    outlier_alarms,
    psi,
    shift_alarms,
    tracking_signal,
)

NEW = 100  # the first of the new periods


def counts(mean: float = 20, series: int = 6, periods: int = 110, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).poisson(mean, (series, periods)).astype(float)


def past(actual: np.ndarray, forecast: float) -> pd.DataFrame:
    """One-step forecasts of one series, always the same, and what was sold."""
    dates = pd.date_range("2024-01-01", periods=len(actual), freq="W-MON")
    frame = pd.DataFrame({"location_id": "main", "item_id": "a", "date": dates, "h": 1, "actual": actual})
    return frame.assign(q10=0.0, q50=forecast, q90=2 * forecast, mean=forecast)


@pytest.mark.parametrize("mean", [0.3, 3.0, 50.0])
def test_plain_counts_raise_hardly_an_alarm(mean: float) -> None:
    """Of 300 series over ten periods fewer than one in a hundred is named."""
    quiet = panel(counts(mean, 300))
    assert len(outlier_alarms(quiet, NEW) + shift_alarms(quiet, NEW) + drift_alarms(quiet, NEW)) < 3


def test_an_outlier_is_named_with_what_was_expected_and_what_to_do() -> None:
    """Constant sales of 9, then 900 once."""
    found = outlier_alarms(panel([[*[9.0] * 105, 900.0, *[9.0] * 4]]), NEW)
    assert [str(alarm) for alarm in found] == [
        "outlier: item 'i0' at 'main', 2026-01-05: expected a sale of about 9, 81 at most, seen 900 units; "
        "check it for a slip or a unit; if it was real and comes again, record it as a promotion or an override"
    ]


def test_an_outlier_of_an_earlier_delivery_is_not_told_again() -> None:
    """Only new periods alarm."""
    assert not outlier_alarms(panel([[*[9.0] * 95, 900.0, *[9.0] * 14]]), NEW)


def test_a_promotion_is_no_outlier() -> None:
    """It is large on purpose."""
    given = panel([[*[9.0] * 105, 900.0, *[9.0] * 4]])
    given.promotion[0, 105] = 1.0
    assert not outlier_alarms(given, NEW)


def test_a_rare_item_is_judged_by_its_sales() -> None:
    """A sale as large as the other sales is no outlier among periods without one."""
    rare = [*[0.0, 0.0, 0.0, 50.0] * 27, 0.0, 0.0]
    assert not outlier_alarms(panel([rare]), NEW)


def test_a_level_shift_is_named_once() -> None:
    """An item that halves: the alarm says from what to what, and later deliveries do not repeat it."""
    rows = counts(100)
    rows[2, 98:] /= 4
    found = shift_alarms(panel(rows), NEW)
    assert [(a.kind, a.item_id) for a in found] == [("level_shift", "i2")]
    assert found[0].period >= date(2024, 1, 1)
    assert found[0].seen.endswith("over the last 8 periods")
    assert not shift_alarms(panel(rows), 109)


def test_what_all_items_do_is_no_shift_of_one() -> None:
    """A season common to all raises no alarm; without the others the same item does."""
    rows = counts(100)
    rows[:, 98:] *= 1.7
    assert not shift_alarms(panel(rows), NEW)
    assert shift_alarms(panel(rows[:1]), NEW)


def test_the_tracking_signal_is_triggs() -> None:
    """Smoothed error over smoothed absolute error, by hand; all to one side is one; unknown periods keep it."""
    errors = np.array([[1.0, -1.0, 1.0, 1.0] * 5, [2.0] * 20, [2.0, np.nan] * 10])
    found = tracking_signal(errors)
    signed = absolute = 0.0
    for error in errors[0]:
        signed, absolute = 0.9 * signed + 0.1 * error, 0.9 * absolute + 0.1 * abs(error)
    assert found[0, -1] == pytest.approx(signed / absolute)
    assert found[1, -1] == pytest.approx(1)
    assert np.isnan(found[:, : LEAST_ERRORS - 1]).all()
    assert np.isnan(found[2]).all()  # ten errors are too few


def test_the_cusum_adds_what_exceeds_the_slack() -> None:
    """After errors of +-1 (spread 1.2533) each error of 2 adds 2/1.2533 - 1/2, and less as the spread learns."""
    found = cusum(np.array([[1.0, -1.0] * 8 + [2.0]]))
    assert found[0, -1] == pytest.approx(2 / 1.2533 - 0.5)


def test_unbiased_errors_rarely_alarm() -> None:
    """Fewer than one in a hundred periods, by either test."""
    errors = np.random.default_rng(2).normal(size=(500, 120))
    assert (np.abs(tracking_signal(errors)) > TRACKING).mean() < 0.01
    assert (np.abs(cusum(errors)) > DECISION).mean() < 0.01


def test_a_single_large_order_is_no_bias() -> None:
    """One error adds at most three deviations."""
    errors = np.random.default_rng(3).choice([-1.0, 1.0], (1, 40))
    errors[0, 30] = 500
    assert np.abs(cusum(errors))[0, 30] <= DECISION


def test_a_biased_forecast_is_named() -> None:
    """Forecast 20, sold 30: how much, which way, and what to do."""
    sold = np.concatenate([counts(20, 1)[0, :90], counts(30, 1)[0, :20]])
    found = bias_alarms(past(sold, 20.0), date(2025, 9, 1))
    assert len(found) == 1
    assert found[0].item_id == "a"
    assert found[0].seen.split(" sold")[0].endswith("units more")
    assert "set an override" in found[0].advice
    assert not bias_alarms(past(counts(20, 1)[0], 20.0), date(2025, 9, 1))


def test_the_nearest_forecast_of_a_period_is_judged() -> None:
    """A far one that was wrong is not held against it."""
    near = past(counts(20, 1)[0], 20.0)
    both = pd.concat([near.assign(h=9, mean=500.0), near])
    assert not bias_alarms(both, date(2025, 9, 1))


def test_stability_is_zero_for_the_same_and_large_for_another_distribution() -> None:
    """And by hand: shares of zero one half and three quarters, the rest alike."""
    rng = np.random.default_rng(4)
    one, same, other = rng.gamma(2, 1, 5000), rng.gamma(2, 1, 5000), rng.gamma(2, 3, 5000)
    assert psi(one, same) < 0.02
    assert psi(one, other) > 0.25
    before, after = np.array([0.0, 0, 1, 1]), np.array([0.0, 0, 0, 1])
    assert psi(before, after) == pytest.approx(0.25 * np.log(1.5) + 0.25 * np.log(2))


def test_drift_concerns_everything_and_is_told_once() -> None:
    """Every item sells every fourth week only: no outlier, another way of ordering."""
    rows = counts(20, 40)
    rows[:, 101:] *= 4 * (np.arange(9) % 4 == 0)
    found = drift_alarms(panel(rows), 102)
    assert [(a.kind, a.location_id, a.item_id) for a in found] == [("drift", "all", "all")]
    assert str(found[0]).startswith("drift: all items at 'all', 2026-02-02: expected sizes and gaps as in the year before")
    assert not drift_alarms(panel(rows), 109)


def test_all_alarms_of_a_delivery_come_together() -> None:
    """By kind, the largest first."""
    rows = counts(20)
    rows[0, 105], rows[1, 105], rows[2, 98:] = 4000, 9000, 1
    given = panel(rows)
    forecasts = [as_frame(given, t, MODELS["moving_average"].forecast(given, t)) for t in range(60, 110)]
    found = alarms(given, NEW, pd.concat([frame[frame["h"] == 1] for frame in forecasts]))
    assert [a.item_id for a in found if a.kind == "slip"] == ["i1", "i0"]
    assert {a.kind for a in found} == {"bias", "level_shift", "slip"}
    assert found == alarms(given, NEW, pd.concat([frame[frame["h"] == 1] for frame in reversed(forecasts)]))


def test_a_slip_is_named_until_it_is_corrected() -> None:
    """With both numbers, however old; it is neither an outlier beside that nor a shift of the level."""
    rows = counts(80)
    rows[0, 60] = rows[1, 108] = 99999
    found = alarms(panel(rows), NEW)
    assert {(a.kind, a.item_id) for a in found} == {("slip", "i0"), ("slip", "i1")}
    first = next(alarm for alarm in found if alarm.item_id == "i0")
    assert first.expected == "a sale of about 82, as which it counts"
    assert first.seen == "99999 units delivered"


def test_one_observation_raises_nothing() -> None:
    """There is nothing to compare it with."""
    assert not alarms(panel([[5.0]]), 0)


def test_value_added_is_the_naives_loss_less_ours() -> None:
    """Per item, worst first: exact for one, ten units a week worse for the other."""
    given = panel(counts(20, 2, 123))
    naive = as_frame(given, 110, MODELS["seasonal_naive"].forecast(given, 110))
    other = naive["item_id"] == "i1"
    ours = naive.assign(q50=np.where(other, naive["actual"] + np.abs(naive["actual"] - naive["q50"]) + 10, naive["actual"]))
    found = forecast_value_added(ours, naive)
    assert found["item_id"].tolist() == ["i1", "i0"]
    assert found["fva"].tolist() == pytest.approx([-130, found["loss_naive"][1]])
    assert found["fva_share"][1] == pytest.approx(1)
    assert found["rows"].tolist() == [13, 13]


def test_value_added_is_told_in_total_and_by_quantiles() -> None:
    """Per partner, with the pinball loss; an unknown loss is named."""
    given = panel(counts(20, 2, 123))
    naive, ours = (as_frame(given, 110, MODELS[m].forecast(given, 110)).assign(partner="p") for m in ("seasonal_naive", "sba"))
    found = forecast_value_added(ours, naive, ["partner"], loss="quantile")
    assert found["fva"][0] == pytest.approx(found["loss_naive"][0] - found["loss_ours"][0])
    assert found["fva"][0] > 0
    with pytest.raises(ValueError, match="loss 'mape' is not known; use 'absolute' or 'quantile'"):
        forecast_value_added(ours, naive, loss="mape")
