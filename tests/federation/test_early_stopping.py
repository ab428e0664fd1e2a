"""Early stopping through the whole Flower application: on each company's newest rows, by its own word which these are."""

from pathlib import Path

import numpy as np
import pytest
from members import SHIP, Member, member, plan, rows

from decai_forecast.errors import FederationError
from decai_forecast.federation import train_shared
from decai_forecast.federation.model_text import parse

QUICK = {"learning_rate": 1.0, "num_leaves": 12, "min_data_in_leaf": 16}  # learns the noise soon
WHICH = plan(strategy="exact", turns=40, quantiles=(0.5,), early_stopping_rounds=5, params=QUICK)


def companies(folder: Path, *, dated: bool) -> list[Member]:
    """Three; with or without a column that says how long ago each target was."""
    frames = [rows(k, 200) for k in range(3)]
    if dated:
        frames = [frame.assign(back=np.arange(len(frame), 0, -1.0)) for frame in frames]
    return [member(folder, f"p{k}", {SHIP: frame}) for k, frame in enumerate(frames)]


def test_all_stop_once_the_newest_rows_gain_nothing(tmp_path: Path) -> None:
    """Long before the last tree of the plan."""
    found = train_shared(companies(tmp_path, dated=True), WHICH)
    assert 5 <= len(parse(found.models[SHIP][0.5]).trees) <= 30


def test_rows_of_which_nobody_knows_the_newest_are_not_all_held_out(tmp_path: Path) -> None:
    """Nothing would be left to learn from: the company refuses before it sends anything."""
    with pytest.raises(FederationError, match=r"p0 \(exact_refused\), p1 \(exact_refused\), p2 \(exact_refused\)"):
        train_shared(companies(tmp_path, dated=False), WHICH)
