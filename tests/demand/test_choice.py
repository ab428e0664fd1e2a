"""The combination: the mean of own and shared unless another is clearly better, and never chosen on the test window."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, delivery, table

from decai_forecast.demand import build_table, candidates, choose, choose_groups, predict, prepare, score, train_local

Origin = dict[str, pd.DataFrame]


def forecast(offset: float) -> pd.DataFrame:
    """Ten periods of 100 units, forecast ``offset`` too high."""
    frame = pd.DataFrame({"actual": np.full(10, 100.0)})
    return frame.assign(**dict.fromkeys(("q10", "q50", "q90"), 100.0 + offset))


def origins(local: list[float], shared: list[float]) -> list[Origin]:
    return [candidates(forecast(own), forecast(other)) for own, other in zip(local, shared, strict=True)]


@pytest.mark.parametrize(
    ("local", "shared", "expected"),
    [
        ([10, 10, 10], [-10, -10, -10], "mean"),  # errors cancel
        ([10, 10, 10], [10, 10, 10], "mean"),  # all equal
        ([1, 1, 1], [30, 30, 30], "local"),
        ([30, 30, 30], [1, 1, 1], "shared"),
        ([10, 10, 10], [9.9, 9.9, 9.9], "mean"),  # better, but not clearly
        ([2, 2, 40], [-2, -2, 90], "mean"),  # better on average, by one origin out of three
        ([10, 10, 12], [13, 13, 11], "local"),  # own better in most origins, by 8 %
        ([13, 13, 11], [10, 10, 12], "mean"),  # the shared one not in all of them
        ([11, 11, 11], [10.4, 10.4, 10.4], "mean"),  # nor by 5 %
    ],
)
def test_another_than_the_mean_must_win_clearly_and_often(local: list[float], shared: list[float], expected: str) -> None:
    """The own model by one per cent in most origins, the shared one by five in all: nobody shall lose by taking part."""
    found = choose(origins(local, shared))
    assert found.name == expected
    assert found.origins == 3
    assert set(found.wape) == {"local", "mostly_local", "mean", "mostly_shared", "shared"}


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_origins_mean_the_mean(count: int) -> None:
    """However good a candidate was once or twice."""
    found = choose(origins([1] * count, [50] * count))
    assert (found.name, found.origins) == ("mean", count)


def test_an_origin_that_tells_nothing_is_no_origin() -> None:
    """Without a sale in its window, or without a shared forecaster, an origin is not judged on."""
    good, nothing = origins([1, 1], [50, 50]), candidates(forecast(1).assign(actual=0.0), forecast(50))
    assert choose([*good, nothing]).origins == 2
    assert choose([*good, candidates(forecast(1), None)]).origins == 2


def test_without_a_shared_forecaster_only_local_is_a_candidate() -> None:
    """The default of ``choose`` is then not among the candidates, and who asks takes local; the reason says so."""
    only = candidates(forecast(1), None)
    found = choose([only] * 3)
    assert list(only) == ["local"]
    assert (found.name, found.origins, dict(found.wape)) == ("mean", 0, {})
    assert "local where there is no shared one" in found.reason


def test_the_mean_is_half_own_half_shared() -> None:
    """Quantile by quantile, with the keys and actuals of the own forecast; the inputs stay as they are."""
    own, other = forecast(10), forecast(30)
    found = candidates(own, other)
    assert (found["mean"][["q10", "q50", "q90"]] == 120).all(axis=None)
    assert (own["q50"] == 110).all()


def judged(demand: pd.DataFrame, others: dict[date, dict[float, str]]) -> list[Origin]:
    """The candidates of every cut-off, with another company's models of that cut-off as the shared forecaster."""
    found = []
    for cutoff, shared in others.items():
        rows = prepare(demand, WEEKS, cutoff, seed=7)
        own = predict(train_local(rows.train, seed=7), rows.future)
        found.append(candidates(own, predict(shared, rows.future)))
    return found


def test_altering_the_test_window_changes_no_choice() -> None:
    """The last horizon is not seen: the choice and every score it rests on stay the same, the test scores do not."""
    cutoffs = WEEKS.cutoffs(AS_OF)
    other = table(periods=200, items=12, seed=5)
    others = {c: train_local(prepare(other, WEEKS, c, seed=7).train, seed=7) for c in (*cutoffs.choice, cutoffs.test)}
    given = delivery(periods=200, items=12)
    known = given["date"] < pd.Timestamp(cutoffs.test)
    changed = given.assign(quantity=given["quantity"].where(known, given["quantity"] * 9 + 50))
    before, after = (judged(build_table(d, WEEKS, AS_OF), others) for d in (given, changed))
    scores = [[{name: score(frame) for name, frame in o.items()} for o in found] for found in (before, after)]
    assert choose(before[:3]) == choose(after[:3])
    assert choose(before[:3]).origins == 3
    assert scores[0][:3] == scores[1][:3]
    assert scores[0][3] != scores[1][3]


def test_a_class_that_cannot_be_judged_follows_the_company() -> None:
    """The shared one is best by far; the second kind of item sold at two of three origins only, and has no say of its own."""
    origins = []
    for sold in (True, True, False):
        rows = pd.DataFrame({"actual": np.full(600, 100.0), "item_class": ["regular"] * 300 + ["intermittent"] * 300})
        rows.loc[rows["item_class"] == "intermittent", "actual"] = 100.0 if sold else 0.0
        own, other = (rows.assign(**dict.fromkeys(("q10", "q50", "q90"), level)) for level in (160.0, 100.0))
        origins.append(candidates(own, other))
    found = choose_groups(origins, short=False)
    assert (found.name, dict(found.groups)) == ("shared", {})
