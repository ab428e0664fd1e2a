"""How many of the shared trees a partner uses: all, unless its own past clearly says otherwise; never by the test window."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from functools import cache

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, delivery, table

from decai_forecast.demand import (
    TREES,
    SharedOrigin,
    SharedTreeCount,
    build_table,
    choose_shared_tree_count,
    fit,
    predict,
    prepare,
    shared_tree_count,
    train_local,
)
from decai_forecast.federation import merge, sanitise
from decai_forecast.federation.model_text import parse

CUTOFFS = WEEKS.cutoffs(AS_OF)
Models = Mapping[float, str]


@cache
def whole(cutoff: date) -> Models:
    """Another company's model of a cut-off."""
    rows = prepare(table(periods=200, items=12, seed=5), WEEKS, cutoff, seed=7).train
    return fit(rows, seed=7)


@cache
def spoilt(cutoff: date) -> Models:
    """The same up to tree 40; all trees after it forecast everything a second time."""
    texts = {q: sanitise(parse(text)) for q, text in whole(cutoff).items()}
    first = {q: type(m)(m.header, m.trees[:40]) for q, m in texts.items()}
    again = {q: type(m)(m.header, m.trees[: TREES - 40]) for q, m in texts.items()}
    return {q: merge([(again[q], 1.0)], first[q]).text() for q in texts}


def origins(demand: pd.DataFrame, models: Sequence[Models]) -> list[SharedOrigin]:
    """The choice origins, and the test window where there are four models."""
    found = []
    for cutoff, shared in zip((*CUTOFFS.choice, CUTOFFS.test), models, strict=False):
        rows = prepare(build_table(demand, WEEKS, AS_OF), WEEKS, cutoff, seed=7)
        found.append(SharedOrigin(shared, rows.future, predict(train_local(rows.train, seed=7), rows.future)))
    return found


def chosen(models: Sequence[Models]) -> SharedTreeCount:
    return choose_shared_tree_count(origins(delivery(periods=200, items=12), models), seed=7)


def test_fewer_trees_are_used_where_the_later_ones_did_harm_at_each_origin() -> None:
    """The losses that it rests on are told, and their number of origins."""
    found = chosen([spoilt(c) for c in CUTOFFS.choice])
    assert (found.trees, found.origins) == (40, 3)
    assert found.reason.endswith("less loss than with all trees, less at each origin")
    assert min(found.losses, key=lambda trees: found.losses[trees]) == "40"
    assert list(found.losses) == ["40", "60", "80", "100"]


def test_harm_at_two_of_three_origins_is_chance() -> None:
    """However large: then all trees serve."""
    one, two, three = CUTOFFS.choice
    found = chosen([spoilt(one), whole(two), spoilt(three)])
    assert found.losses["40"] < 0.9 * found.losses["100"]
    assert found.trees is None
    assert "at each origin" in found.reason


def test_less_than_a_hundredth_is_no_gain(monkeypatch: pytest.MonkeyPatch) -> None:
    """Winning at each origin is not enough."""
    monkeypatch.setattr(shared_tree_count, "CLEARLY", 0.9)
    assert chosen([spoilt(c) for c in CUTOFFS.choice]).trees is None


@pytest.mark.parametrize("count", [0, 1, 2])
def test_fewer_than_three_origins_mean_all_trees(count: int) -> None:
    """An origin whose window holds no sale is none."""
    given = origins(delivery(periods=200, items=12), [spoilt(c) for c in CUTOFFS.choice])
    empty = [SharedOrigin(o.shared, o.future.assign(actual=np.nan), o.own) for o in given[count:]]
    found = choose_shared_tree_count([*given[:count], *empty], seed=7)
    assert (found.trees, found.origins) == (None, count)
    assert found.reason == f"{count} of 3 origins to judge on: all trees"


def test_the_loss_is_that_of_the_mean_of_own_and_shared() -> None:
    """Of the whole model as LightGBM forecasts it, in units, over all quantiles."""
    given = origins(delivery(periods=200, items=12), [whole(c) for c in CUTOFFS.choice])
    expected = 0.0
    for origin in given:
        known = origin.future["actual"].notna()
        shared = predict(origin.shared, origin.future)
        for q, name in ((0.1, "q10"), (0.5, "q50"), (0.9, "q90")):
            over = (origin.future["actual"] - (origin.own[name] + shared[name]) / 2)[known]
            expected += float(np.maximum(q * over, (q - 1) * over).sum())
    assert choose_shared_tree_count(given, seed=7).losses["100"] == pytest.approx(expected, rel=1e-9)


def test_very_many_rows_are_drawn_by_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same seed, the same choice and losses."""
    monkeypatch.setattr(shared_tree_count, "MOST_JUDGED", 60)
    given = origins(delivery(periods=200, items=12), [spoilt(c) for c in CUTOFFS.choice])
    one, same, other = (choose_shared_tree_count(given, seed=seed) for seed in (7, 7, 8))
    assert one == same
    assert one.trees == 40
    assert one.losses != other.losses


def test_altering_the_test_window_changes_no_tree_count() -> None:
    """From the test cut-off on demand is another one: choice and losses stay; judged on the window itself they would not."""
    given = delivery(periods=200, items=12)
    known = given["date"] < pd.Timestamp(CUTOFFS.test)
    changed = given.assign(quantity=given["quantity"].where(known, given["quantity"] * 9 + 50))
    models = [spoilt(c) for c in (*CUTOFFS.choice, CUTOFFS.test)]
    before, after = (origins(demand, models) for demand in (given, changed))
    assert choose_shared_tree_count(before[:3], seed=7) == choose_shared_tree_count(after[:3], seed=7)
    assert choose_shared_tree_count(before[1:], seed=7) != choose_shared_tree_count(after[1:], seed=7)
