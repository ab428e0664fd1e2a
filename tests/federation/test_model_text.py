"""Model texts: averaged exactly, stripped of what they tell, and never loaded when they could abort the interpreter."""

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from members import FEATURES, grown, predicted

from decai_forecast.errors import ModelTextError
from decai_forecast.federation import merge, sanitise, validate
from decai_forecast.federation.model_text import MAX_BYTES, parse, shift

SAFE = sanitise(parse(grown())).text()


def field(name: str, text: str = SAFE) -> str:
    """The value of a field in the first tree that splits."""
    found = re.search(rf"^{name}=(.+)$", text, re.MULTILINE)
    assert found
    return found[1]


def put(name: str, change: Callable[[str], str]) -> str:
    """``SAFE`` with a field of its first tree changed, and sizes to match, as an attacker would write it."""
    old = f"\n{name}={field(name)}\n"
    return resized(SAFE.replace(old, f"\n{name}={change(field(name))}\n", 1))


def resized(text: str) -> str:
    body = text.partition("\nend of trees\n")[0]
    sizes = " ".join(str(len(f"Tree={block}\n")) for block in body.split("\nTree=")[1:])
    return re.sub("(?m)^tree_sizes=.*$", f"tree_sizes={sizes}", text)


def first(value: str) -> Callable[[str], str]:
    return lambda old: " ".join([value, *old.split()[1:]])


def test_an_average_predicts_the_average() -> None:
    """The weighted sum of models is one model with the weighted sum of their predictions."""
    parts = [(parse(grown(seed)), weight) for seed, weight in ((1, 0.2), (2, 0.5), (3, 0.3))]
    expected = sum(weight * predicted(grown(seed)) for seed, weight in ((1, 0.2), (2, 0.5), (3, 0.3)))
    assert predicted(merge(parts).text()) == pytest.approx(expected, abs=1e-12)


def test_a_base_is_added_and_a_shift_too() -> None:
    """Boosting: the model so far plus the average of the new trees; the start lies in the first tree."""
    base, new = grown(1), grown(2)
    both = merge([(parse(new), 0.5)], shift(parse(base), 3.25))
    assert predicted(both.text()) == pytest.approx(predicted(base) + 3.25 + predicted(new) / 2, abs=1e-12)


def test_models_of_different_features_are_not_averaged() -> None:
    """Their splits would mean something else."""
    other = grown().replace("feature_names=a b c", "feature_names=c b a")
    with pytest.raises(ModelTextError, match="feature_names"):
        merge([(parse(text), 0.5) for text in (grown(), other)])


@pytest.mark.parametrize("params", [{}, {"num_leaves": 31, "min_data_in_leaf": 5}, {"min_data_in_leaf": 500}])
def test_a_sanitised_model_predicts_the_same_bits(params: dict[str, int]) -> None:
    """Also where features are missing, and where a tree is a single leaf."""
    text = grown(**params)
    assert (predicted(sanitise(parse(text)).text()) == predicted(text)).all()


def test_a_sanitised_model_tells_no_ranges_counts_gains_or_parameters() -> None:
    """What is left is splits and leaf values."""
    text = grown()
    for name in ("leaf_count", "leaf_weight", "internal_count", "internal_value", "internal_weight", "split_gain"):
        assert field(name, text) not in SAFE
    assert set(field("feature_infos").split()) == {"[0:1]"}
    assert "learning_rate" in text
    assert "learning_rate" not in SAFE
    assert re.search(r"feature_importances:\n\nparameters:\nend of parameters", SAFE)


def test_sanitising_twice_is_sanitising_once() -> None:
    """The form that is exchanged is one form."""
    assert sanitise(parse(SAFE)).text() == SAFE


def test_shap_values_of_a_sanitised_model_are_finite_and_add_up() -> None:
    """The counts that are left in keep SHAP defined."""
    values = predicted(SAFE, pred_contrib=True)
    assert np.isfinite(values).all()
    assert values.sum(axis=1) == pytest.approx(predicted(SAFE))


def load(text: str, folder: Path) -> int:
    """The exit code of an interpreter that loads the text and predicts."""
    path = folder / "model.txt"
    path.write_text(text)
    code = f"import lightgbm as b; b.Booster(model_str=open({str(path)!r}).read()).predict([[0.1, None, -3]])"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode


ACCEPTED = {
    "sanitised": SAFE,
    "merged": merge([(sanitise(parse(grown(seed))), 1 / 3) for seed in range(3)]).text(),
    "shifted": shift(parse(SAFE), -1.5).text(),
    "constant": sanitise(parse(grown(min_data_in_leaf=500))).text(),
    "infinite threshold": put("threshold", first("inf")),
    "large leaf": put("leaf_value", first("-1e6")),
}
REFUSED = {
    "empty": "",
    "garbage": "Lorem ipsum\n" * 99,
    "binary": "tree\n\x00\x01",
    "truncated": SAFE[: len(SAFE) // 2],
    "truncated in the tail": SAFE[:-30],
    "as LightGBM writes it": grown(),
    "something in the tail": SAFE.replace("parameters:\n", "parameters:\n[machines: 10.0.0.1]\n", 1),
    "pandas_categorical": SAFE.replace("pandas_categorical:null", "pandas_categorical:[{]"),
    "no tree": re.sub("(?s)Tree=0.*end of trees", "end of trees", re.sub("tree_sizes=.*", "tree_sizes=", SAFE)),
    "a tree size less": re.sub(r"(tree_sizes=.*) \d+", r"\1", SAFE),
    "other tree sizes": re.sub(r"tree_sizes=\d+", "tree_sizes=99", SAFE),
    "huge tree size": re.sub(r"tree_sizes=\d+", "tree_sizes=99999999", SAFE),
    "leaf_value short": put("leaf_value", lambda old: old.rpartition(" ")[0]),
    "leaf_value long": put("leaf_value", lambda old: old + " 1"),
    "leaf nan": put("leaf_value", first("nan")),
    "leaf infinite": put("leaf_value", first("inf")),
    "huge leaf": put("leaf_value", first("1e7")),
    "leaf text": put("leaf_value", first("DROP")),
    "child out of range": put("left_child", first("77")),
    "child negative out of range": put("left_child", first("-77")),
    "child cycle": put("left_child", first("0")),
    "two parents": put("left_child", lambda old: field("right_child")),
    "split_feature 999": put("split_feature", first("999")),
    "split_feature -1": put("split_feature", first("-1")),
    "split_feature short": put("split_feature", lambda old: old.rpartition(" ")[0]),
    "num_leaves 1e9": put("num_leaves", lambda old: "1000000000"),
    "num_leaves 0": put("num_leaves", lambda old: "0"),
    "num_leaves as Python writes": put("num_leaves", lambda old: f"0_{old}"),
    "num_leaves in other digits": put("num_leaves", lambda old: old.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))),
    "tabs between numbers": put("leaf_value", lambda old: old.replace(" ", "\t")),
    "threshold nan": put("threshold", first("nan")),
    "categorical": put("num_cat", lambda old: "1"),
    "categorical split": put("decision_type", first("1")),
    "linear": put("is_linear", lambda old: "1"),
    "shrinkage text": put("shrinkage", lambda old: "fast"),
    "leaf_count told": put("leaf_count", first("25")),
    "other features": SAFE.replace("feature_names=a b c", "feature_names=a b d"),
    "fewer features": SAFE.replace("feature_names=a b c", "feature_names=a b"),
    "other objective": SAFE.replace("objective=quantile", "objective=binary sigmoid:1"),
    "objective with options": SAFE.replace("objective=quantile", "objective=quantile sqrt"),
    "other version": SAFE.replace("version=v4", "version=v3"),
    "more classes": SAFE.replace("num_class=1", "num_class=9"),
    "other label": SAFE.replace("label_index=0", "label_index=x"),
    "repeated header": SAFE.replace("num_class=1\n", "num_class=1\nnum_class=1\n"),
    "unknown field": SAFE.replace("\nnum_cat=0\n", "\nnum_cat=0\nleaf_coeff=1\n", 1),
    "tree numbers": SAFE.replace("\nTree=1\n", "\nTree=5\n"),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_is_accepted_can_be_loaded(name: str, tmp_path: Path) -> None:
    """An interpreter that loads it lives on."""
    text = ACCEPTED[name]
    assert validate(text, FEATURES).text() == text
    assert load(text, tmp_path) == 0


@pytest.mark.parametrize("name", REFUSED)
def test_malformed_texts_are_refused(name: str) -> None:
    """Each raises ModelTextError, in Python, before LightGBM sees it."""
    assert REFUSED[name] not in ACCEPTED.values()
    with pytest.raises(ModelTextError):
        validate(REFUSED[name], FEATURES)


def test_refusing_is_needed(tmp_path: Path) -> None:
    """LightGBM itself ends the interpreter on a tree size that is wrong."""
    assert load(REFUSED["other tree sizes"], tmp_path) != 0


def test_a_text_beyond_the_limit_is_refused_unread() -> None:
    """Nobody's memory is filled."""
    with pytest.raises(ModelTextError, match="bytes"):
        validate(SAFE + " " * MAX_BYTES, FEATURES)


def test_any_cut_is_refused() -> None:
    """Wherever a transfer breaks off."""
    for end in range(0, len(SAFE), 41):
        with pytest.raises(ModelTextError):
            validate(SAFE[:end], FEATURES)
