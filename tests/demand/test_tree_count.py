"""How many trees a partner's own models get: by time, from what lies before the cut-off, and the usual number otherwise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table

from decai_forecast.demand import FEATURES, choose_tree_count, prepare, train_local, train_own

HORIZON, SPLIT = 13, 26  # periods
USUAL = {"q10": 640, "q50": 640, "q90": 640}


def rows(told: float = 1.0, size: int = 3_000) -> pd.DataFrame:
    """Training rows whose target is so much told by one of the features, and for the rest noise."""
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(size, len(FEATURES))).astype(np.float32), columns=list(FEATURES))
    frame["h"] = rng.integers(1, HORIZON + 1, size).astype(np.float32)
    signal, noise = 3.0 + frame["mean3"].clip(-2, 2), rng.exponential(1.0, size)
    frame["target"] = (told * signal + (1 - told) * noise).astype(np.float32)
    return frame.assign(back=rng.integers(1, 101, size), weight=np.float32(1), young=False)


def test_what_can_be_learnt_gets_more_trees_than_noise() -> None:
    """Where a feature tells the target, more trees are still better; where nothing does, fewer than usual are not worse."""
    assert choose_tree_count(rows(told=1.0), seed=1).trees["q50"] == 240
    assert choose_tree_count(rows(told=0.0), seed=1).trees["q50"] <= 160


def test_rows_that_reach_over_the_split_are_not_used() -> None:
    """A row whose origin lies before the split and whose target after it tells neither side anything."""
    known = rows(told=0.9)
    over = (known["back"] <= SPLIT) & (known["back"] + known["h"] > SPLIT + 1)
    changed = known.assign(target=known["target"].where(~over, 50.0))
    assert over.any()
    assert choose_tree_count(changed, seed=1) == choose_tree_count(known, seed=1)


def test_the_judged_rows_do_not_reach_the_models_they_judge() -> None:
    """A change of level after the split, which could be learnt from the judged rows, does not raise the number of trees."""
    known = rows(told=0.0)
    judged = known["back"] <= SPLIT
    changed = known.assign(target=known["target"].where(~judged, 3.0 + known["mean3"].clip(-2, 2)))
    assert max(choose_tree_count(changed, seed=1).trees.values()) <= 160


@pytest.mark.parametrize(("kept", "told"), [(60, "to learn from"), (300, "to judge on")])
def test_too_few_rows_get_the_usual_number(kept: int, told: str) -> None:
    """A young company is not judged, and the reason says how many rows there are and how many it takes."""
    found = choose_tree_count(rows(size=kept), seed=1)
    assert found.trees == USUAL
    assert told in found.reason
    assert found.reason.endswith("of 50 and 200 needed: the usual number of trees")


def test_back_counts_periods_to_the_cut_off() -> None:
    """No training row has a target at the cut-off or after it, and no origin before its history begins."""
    train = prepare(table(), WEEKS, AS_OF, seed=1).train
    assert train["back"].min() == 1
    assert (train["back"] + train["h"]).max() <= 120


def test_models_have_the_trees_that_were_chosen() -> None:
    """Chosen on a part of the rows, grown on all of them."""
    known = prepare(table(items=12), WEEKS, AS_OF, seed=1).train
    own = train_own(known, seed=1)
    assert own.tree_count.judged >= 200
    assert own.models == train_local(known, seed=1, trees={q: own.tree_count.trees[f"q{q * 100:.0f}"] for q in own.models})
    assert own.models[0.5].count("Tree=") == own.tree_count.trees["q50"]
