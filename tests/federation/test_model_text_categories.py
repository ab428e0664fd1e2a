"""Model texts that split by categories: their sets of categories lie where LightGBM reads them, or they are refused."""

import re
from collections.abc import Callable

import lightgbm as lgb
import numpy as np
import pytest

from decai_forecast.errors import ModelTextError
from decai_forecast.federation.model_text import parse, sanitise, validate

FEATURES, CODED = ("kind", "size"), frozenset([0])


def grown() -> str:
    """As LightGBM writes it: forty kinds, so that a set takes two words."""
    rng = np.random.default_rng(1)
    X = np.column_stack([rng.integers(0, 40, 3000), rng.normal(size=3000)])
    y = rng.normal(size=40)[X[:, 0].astype(int)] + X[:, 1]
    data = lgb.Dataset(X, y, feature_name=list(FEATURES), categorical_feature=[0])
    params = {
        "objective": "quantile",
        "alpha": 0.5,
        "num_leaves": 6,
        "min_data_per_group": 5,
        "num_threads": 1,
        "verbosity": -1,
    }
    return str(lgb.train(params, data, 3).model_to_string())


SAFE = sanitise(parse(grown())).text()


def put(key: str, change: Callable[[str], str]) -> str:
    """The text with another value of the first line of ``key``, and sizes of trees that fit."""
    text = re.sub(rf"(?m)^{key}=(.*)$", lambda found: f"{key}={change(found[1])}", SAFE, count=1)
    try:
        return sanitise(parse(text)).text()
    except (ModelTextError, ValueError, IndexError):
        return text


def entry(old: str, new: str) -> Callable[[str], str]:
    """The set numbered ``old`` of a tree, called ``new``."""
    return lambda line: " ".join(new if one == old else one for one in line.split())


REFUSED = {
    "another feature": put("split_feature", lambda old: old.replace("0", "1")),
    "one set too many": put("num_cat", lambda old: str(int(old) + 1)),
    "no sets": put("num_cat", lambda _: "0"),
    "a set beyond the sets": put("threshold", entry("0", "77")),
    "one set twice": put("threshold", entry("1", "0")),
    "a set that is a fraction": put("threshold", entry("0", "0.5")),
    "bounds short": put("cat_boundaries", lambda old: old.rpartition(" ")[0]),
    "bounds empty": put("cat_boundaries", lambda _: ""),
    "bounds beyond the words": put("cat_boundaries", lambda old: old.rpartition(" ")[0] + " 99999"),
    "bounds below zero": put("cat_boundaries", lambda old: "-5 " + old.partition(" ")[2]),
    "bounds that fall": put("cat_boundaries", lambda old: " ".join(["0", "9", *old.split()[2:]])),
    "words short": put("cat_threshold", lambda old: old.rpartition(" ")[0]),
    "a word of 33 bits": put("cat_threshold", lambda old: "4294967296 " + old.partition(" ")[2]),
    "a word below zero": put("cat_threshold", lambda old: "-1 " + old.partition(" ")[2]),
}


def test_a_text_that_splits_by_categories_keeps_its_predictions() -> None:
    """What is stripped changes none, of known, unknown and missing kinds."""
    assert "cat_threshold=" in SAFE
    X = np.column_stack([[*range(40), 99, np.nan], np.linspace(-2, 2, 42)])
    assert validate(SAFE, FEATURES, CODED).text() == SAFE
    plain, safe = (lgb.Booster(model_str=text).predict(X, num_threads=1) for text in (grown(), SAFE))
    assert (plain == safe).all()


@pytest.mark.parametrize("name", REFUSED)
def test_malformed_sets_are_refused(name: str) -> None:
    assert REFUSED[name] != SAFE
    with pytest.raises(ModelTextError):
        validate(REFUSED[name], FEATURES, CODED)
