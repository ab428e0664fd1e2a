"""Early stopping: all stop after the same tree, and where one company with everybody's rows would."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import lightgbm as lgb
import numpy as np
import pytest
from training_parties import companies, plan, pool, pooled, records, together, trained

from decai_forecast.federation.exact.errors import Refused
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.stopping import EVERY, Stopping
from decai_forecast.federation.exact.train import train

QUICK = {"num_leaves": 12, "learning_rate": 1.0}  # learns the noise soon


def held_out(weighted: bool = False) -> list[Rows]:
    """The last quarter of every company's rows is held out."""
    parts = companies(3, 80, weighted=weighted)
    return [replace(part, held=np.arange(len(part.label)) >= 0.75 * len(part.label)) for part in parts]


def looks(text: str, parts: list[Rows], alpha: float, trees: int) -> list[float]:
    """The pinball loss over all held-out rows at every look."""
    X, label, steps = pool(parts)
    held = ~np.concatenate([part.learned for part in parts])
    booster, losses = lgb.Booster(model_str=text), []
    for count in range(EVERY, trees + 1, EVERY):
        error = label[held] - booster.predict(X[held], num_iteration=count, num_threads=1)
        losses.append(float((np.maximum(alpha * error, (alpha - 1) * error) * steps[held]).sum()))
    return losses


@pytest.mark.parametrize("weighted", [False, True])
def test_it_stops_where_the_pooled_rows_do(weighted: bool) -> None:
    """The same text as pooled training cut at the least loss of the pooled held-out rows, patience counted from there."""
    parts = held_out(weighted)
    which = plan(alpha=0.5, weighted=weighted, trees=40, patience=10, least_weight=16.0, tree=QUICK)
    losses = looks(pooled(parts, which), parts, 0.5, which.trees)
    best = next(k for k, loss in enumerate(losses) if loss < min([*losses[:k], np.inf]) and loss <= min(losses[k + 1 : k + 3]))
    best = EVERY * (best + 1)
    assert best + which.patience < which.trees, "the rows must be such that it matters"
    assert {one.text for one in trained(parts, which)} == {pooled(parts, replace(which, trees=best))}


def test_an_interrupted_training_stops_at_the_same_tree(tmp_path: Path) -> None:
    """What was looked at before is looked at again from the kept trees."""
    parts = held_out()
    which = plan(alpha=0.5, trees=40, patience=10, least_weight=16.0, tree=QUICK)

    def stop(trees: int, _: int) -> None:
        if trees == 12:
            raise RuntimeError

    together([partial(train, part, which, records=records(k, tmp_path), progress=stop) for k, part in enumerate(parts)])
    again = together([partial(train, part, which, records=records(k, tmp_path)) for k, part in enumerate(parts)])
    assert {one.text for one in again} == {one.text for one in trained(parts, which)}


def test_rows_are_held_out_if_and_only_if_the_plan_has_patience() -> None:
    """A participant that forgets them would stop elsewhere."""
    part = held_out()[0]
    for rows, which in ((part, plan()), (replace(part, held=None), plan(patience=5))):
        with pytest.raises(Refused, match="rows are held out where the plan has patience, and only there"):
            rows.checked(which)


def test_without_patience_nothing_is_asked_for() -> None:
    """No sum more than before."""
    stopping = Stopping(0, lambda: pytest.fail("asked"))
    assert not stopping.after(EVERY)
    assert stopping.kept(EVERY) == EVERY
