"""Rows with the codes of an agreed code book, and shared models that know them."""

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, table

from decai_forecast.code_book import CodeBook
from decai_forecast.demand import (
    FEATURES,
    TREE_PARAMS,
    TREES,
    Prepared,
    SharedOrigin,
    choose_shared_tree_count,
    predict,
    predict_on_top,
    prepare,
    train_own,
)
from decai_forecast.demand.drivers import DRIVERS, drivers
from decai_forecast.demand.prepare import forecast_rows

BOOK = CodeBook("item_id", ("i02", "i00"))


@pytest.fixture(scope="module")
def known() -> Prepared:
    return prepare(table(), WEEKS, AS_OF, seed=1, book=BOOK)


@pytest.fixture(scope="module")
def shared(known: Prepared) -> dict[float, str]:
    """Of rows whose target is said by the code alone."""
    import lightgbm as lgb

    names = [*FEATURES, BOOK.feature]
    code = known.train[BOOK.feature]
    data = lgb.Dataset(
        known.train[names].to_numpy(np.float32), code.fillna(-1) + 2, feature_name=names, categorical_feature=[len(FEATURES)]
    )
    params = dict(TREE_PARAMS) | {"feature_fraction": 1.0}
    return {q: str(lgb.train(params | {"alpha": q}, data, TREES).model_to_string()) for q in (0.1, 0.5, 0.9)}


def test_rows_have_the_place_of_their_item_in_the_book(known: Prepared) -> None:
    """Of training and of forecast rows; everything else is as without a book."""
    ahead = known.future.groupby("item_id")[BOOK.feature].agg(lambda codes: sorted(set(codes.fillna(-1))))
    assert ahead.to_dict() == {"i00": [1.0], "i01": [-1.0], "i02": [0.0], "i03": [-1.0]}
    assert set(known.train[BOOK.feature].fillna(-1)) == {-1.0, 0.0, 1.0}
    plain = prepare(table(), WEEKS, AS_OF, seed=1)
    pd.testing.assert_frame_equal(known.train.drop(columns=BOOK.feature), plain.train)
    pd.testing.assert_frame_equal(known.future.drop(columns=BOOK.feature), plain.future)
    pd.testing.assert_frame_equal(forecast_rows(table(), WEEKS, AS_OF, book=BOOK), known.future)


def test_training_rows_know_whose_they_are(known: Prepared) -> None:
    """Rows drawn from one item alone have that item's code."""
    alone = table()
    alone = alone[alone["item_id"] == "i02"]
    assert set(prepare(alone, WEEKS, AS_OF, seed=1, book=BOOK).train[BOOK.feature]) == {0.0}


def test_a_name_that_is_not_in_the_book_may_be_any(known: Prepared) -> None:
    """It is missing, whatever it is called."""
    renamed = table()
    renamed["item_id"] = renamed["item_id"].replace({"i01": "i01 (secret blend)"})
    pd.testing.assert_frame_equal(prepare(renamed, WEEKS, AS_OF, seed=1, book=BOOK).train, known.train)


def test_categories_may_have_the_book() -> None:
    """Of the master data, or of the delivery."""
    kinds = table().assign(category=lambda rows: np.where(rows["item_id"] < "i02", "beer", "gin"))
    future = prepare(kinds, WEEKS, AS_OF, seed=1, book=CodeBook("category", ("gin", "rum"))).future
    code = future[[c for c in future if c.startswith("code_")]].iloc[:, 0]
    assert (code[future["item_id"] >= "i02"] == 0).all()
    assert code[future["item_id"] < "i02"].isna().all()


def test_own_models_do_not_use_the_codes(known: Prepared) -> None:
    """A company's own forecaster sees its items anyway."""
    plain = prepare(table(), WEEKS, AS_OF, seed=1)
    assert train_own(known.train, seed=1).models == train_own(plain.train, seed=1).models


def test_a_shared_model_forecasts_by_the_codes(known: Prepared, shared: dict[float, str]) -> None:
    """Alone, and with own trees on top of it."""
    found = predict(shared, known.future)
    ratio = (found["q50"] / found["scale"]).groupby(found["item_id"]).mean()
    assert ratio.to_numpy() == pytest.approx([9, 1, 4, 1], rel=0.1)  # the target is a root
    with_own = predict_on_top(shared, known.train, known.future, seed=1)  # whose real sales are about as large as their scale
    assert (with_own["q50"] < found["q50"])[found["item_id"].isin(["i00", "i02"])].all()


def test_the_number_of_shared_trees_is_judged_with_the_codes(known: Prepared, shared: dict[float, str]) -> None:
    """On the forecasts that the whole model gives."""
    future = known.future.assign(actual=predict(shared, known.future)["q50"])
    found = choose_shared_tree_count([SharedOrigin(shared, future, predict(shared, future))], seed=1)
    assert found.losses["100"] < found.losses["40"]


def test_what_the_code_moves_has_a_word(known: Prepared, shared: dict[float, str]) -> None:
    """The whole difference between items is the code's."""
    found = drivers([shared[0.5]], known.future)
    assert found[list(DRIVERS)].abs().sum().idxmax() == "company and category"
    assert found["forecast"].to_numpy() == pytest.approx(predict(dict.fromkeys(shared, shared[0.5]), known.future)["q50"])
