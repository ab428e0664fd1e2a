"""Who speaks for which feature follows from the plan; who speaks for another's is named, also where that one is silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from hostile_company import Change, outcomes_with
from training_parties import bins_of, companies, plan, together

from decai_forecast.federation.exact.collectives import Collectives
from decai_forecast.federation.exact.dry_run import blocks_of, shares_of
from decai_forecast.federation.exact.errors import Denied, Forged
from decai_forecast.federation.exact.fixed_point import Column, Format
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.train import limits_of
from decai_forecast.federation.gate.shares import Share, Shares, drawn
from decai_forecast.federation.gate.splits import NO_SPLIT, SPLIT, Limits, SplitGate


def unlike(features: int) -> lgb.Dataset:
    """Rows in which each feature has another number of bins, so that a block says whose it is."""
    X = np.stack([np.arange(400) % (2 + k) + 1.0 for k in range(features)], 1)
    params = {"max_bin": 255, "min_data_in_bin": 1, "feature_pre_filter": False, "enable_bundle": False, "verbosity": -1}
    return lgb.Dataset(X, np.zeros(len(X)), params=params).construct()


@pytest.mark.parametrize("features", [2, 3, 7, 20, 90])
def test_features_are_drawn_as_lightgbm_draws_them(features: int) -> None:
    """For fractions on both sides of its two ways of drawing, and seeds of any size."""
    data, rng = unlike(features), np.random.default_rng(features)
    params = {"objective": "none", "tree_learner": "data", "pre_partition": True, "num_threads": 1, "verbosity": -1}
    whole = blocks_of(data, params, features + 1)
    feature_of = {bins: k for k, bins in enumerate(whole[:-1])}
    assert len(feature_of) == features
    for fraction in (0.02, 0.1, 0.3, 0.5, 0.8, 0.97):
        seed = int(rng.integers(0, 2**31 - 1))
        blocks = blocks_of(data, params | {"feature_fraction": fraction, "seed": seed}, features + 1)
        assert drawn(features, fraction, seed) == [feature_of[bins] for bins in blocks if bins]


def test_features_go_to_whom_has_the_fewest_bins() -> None:
    share = Shares({0: 5, 2: 9, 3: 3, 4: 3, 7: 1}, 3).of_tree({"seed": 1})
    assert share == Share({0: 0, 2: 1, 3: 2, 4: 2, 7: 0}, (6, 9, 6))


def test_a_feature_that_cannot_be_split_is_nobodys() -> None:
    """LightGBM leaves it out of its drawing, so the places of the others shift."""
    X = np.stack([np.zeros(400), *(np.arange(400) % (2 + k) + 1.0 for k in range(3))], 1)
    params = {"max_bin": 63, "min_data_in_bin": 1, "feature_pre_filter": False, "enable_bundle": False, "verbosity": -1}
    data, grow = lgb.Dataset(X, np.zeros(400), params=params).construct(), plan().params(0)
    shares = shares_of(data, grow, 2)
    assert sorted(shares.bins) == [1, 2, 3]
    assert blocks_of(data, grow, 2) == list(shares.of_tree(grow).bins)


def takes(feature: int) -> Change:
    """Its own split of both leaves, or none, said to be one of ``feature``, as a whole split of a leaf that could be."""

    def changed(blob: bytes) -> bytes:
        values = list(SPLIT.unpack(blob[: SPLIT.size]))
        assert values[0] >= 0, "the hostile company has a split of the root"
        values[0], values[4] = feature, 0
        return SPLIT.pack(*values) + blob[SPLIT.size :]

    return changed


@pytest.mark.parametrize("feature", [0, 1, 2, 3, 4, 5])
def test_who_speaks_for_anothers_feature_is_named(feature: int, tmp_path: Path) -> None:
    """Six features of four companies: who has several names the best one only, and is silent of the others."""
    found = outcomes_with("split", 1, takes(feature), tmp_path)[:3]
    named = [one for one in found if isinstance(one, Forged)]
    assert all(one.rank == 3 for one in named)
    mine = 3  # each of the first four goes to another company; the two last have few bins, as the third has
    assert len(named) == (0 if feature == mine else 3), found


def test_the_owner_need_not_say_a_word() -> None:
    """The records of the others are empty; that of the liar is right in itself."""
    limits = Limits([64] * 3, frozenset(), 100.0, 100.0, 100)
    record = SPLIT.pack(1, 20, 30, 2.0**2 / 20 + 2.0**2 / 30, 5, -0.1, 2 / 30, 2.0, 20.0, -2.0, 30.0, 0, 0, 0, *[0] * 32)
    said = [2 * NO_SPLIT, 2 * NO_SPLIT, record + NO_SPLIT]
    gate = SplitGate(["ada", "bea", "cyd"], 0, limits)
    gate.begin_tree({0: 0, 1: 2})
    assert gate.checked(said) == said
    for owners, text in (({0: 0, 1: 1}, "feature 1, for which bea speaks"), ({0: 0}, "feature 1, for which nobody speaks")):
        gate.begin_tree(owners)
        with pytest.raises(Forged, match=f"cyd.*{text}") as error:
            gate.checked(said)
        assert error.value.rank == 2


def test_another_sharing_out_than_lightgbms_is_denied() -> None:
    """Were one of the two steps repeated wrongly, all would stop before the first sum by bins."""
    form, part, which = Format(Column(6, 2**30), Column(6, 2**30)), companies()[0], plan()

    def grown(session: SecureSession) -> Any:
        data = bins_of([part], which).dataset(part.X, which.max_bin, which.feature_names)
        other = Share({0: 0}, (9, 9, 9))
        with Collectives(session, form, limits_of(data, form, which, 2**20), 1.0) as collectives:
            booster = lgb.Booster(which.params(0) | {"num_machines": session.size}, data)
            collectives.begin_tree(0, other)
            ones = np.ones(len(part.label), np.float32)
            booster.update(fobj=lambda *_: (ones, ones))
            collectives.end_tree()

    found = together([grown] * 3)
    assert all(isinstance(one, Denied) and "shares the features" in str(one) for one in found)
