"""Features with a code book: one model of everybody's categories, whoever has which of them."""

from dataclasses import replace
from functools import partial
from typing import Any

import lightgbm as lgb
import numpy as np
import pytest
from training_parties import (
    FEATURES,
    Grow,
    bins_of,
    companies,
    outcomes,
    plan,
    pool,
    pooled,
    records,
    rows,
    stock,
    structure,
    together,
    trained,
)

from decai_forecast.code_book import codes
from decai_forecast.errors import ModelTextError
from decai_forecast.federation.exact.errors import Differs, Refused
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.rows import Rows
from decai_forecast.federation.exact.train import train
from decai_forecast.federation.model_text import validate

BOOK = ("beer", "cider", "gin", "rum", "sake", "vodka", "whisky", "wine", "mead", "port", "sherry", "tequila")
CODED = FEATURES.index("never")


def with_kinds(part: Rows, seed: int, book: tuple[str, ...] = BOOK, offered: int = 12) -> Rows:
    """The rows, each of a kind: some kinds sell more, in no order of the book; one row in twenty has none. A company offers
    the ``offered`` kinds from ``seed`` on only."""
    rng = np.random.default_rng(seed)
    kind = (seed + rng.integers(0, min(offered, len(book)), len(part.label))) % len(book)
    X, more = part.X.copy(), np.random.default_rng(5).normal(0, 1, len(book))
    X[:, CODED] = np.where(rng.random(len(kind)) < 0.05, np.nan, kind)
    return replace(part, X=X, label=(part.label + more[kind]).astype(np.float32))


def coded(book: tuple[str, ...] = BOOK, **changes: Any) -> ExactPlan:
    return plan(categories={"never": book}, **changes)


def shops(book: tuple[str, ...] = BOOK, *, weighted: bool = False, offered: int = 12) -> list[Rows]:
    return [with_kinds(part, 4 * k, book, offered) for k, part in enumerate(companies(size=900, weighted=weighted))]


@pytest.mark.parametrize("book", [BOOK[:3], BOOK])
@pytest.mark.parametrize("alpha", [None, 0.5])
def test_the_model_is_that_of_the_pooled_rows_to_the_last_bit(alpha: float | None, book: tuple[str, ...]) -> None:
    """With few categories (one against the rest) and with many (sets of them)."""
    parts, which = shops(book), coded(book, alpha=alpha, bag=0.8)
    text = trained(parts, which)[0].text
    assert text == pooled(parts, which)
    assert "cat_threshold=" in text


@pytest.mark.parametrize("alpha", [None, 0.9])
def test_rows_may_have_weights(alpha: float | None, distributed: Grow) -> None:
    """The text of LightGBM's distributed learner in one pool; its serial one counts a category's rows instead of estimating
    them from weights."""
    parts, which = shops(weighted=True), coded(alpha=alpha, weighted=True)
    text = trained(parts, which)[0].text
    assert text == pooled(parts, which, distributed)
    assert "cat_threshold=" in text


def test_it_is_what_stock_lightgbm_trains() -> None:
    """The same splits and, but for rounding, the same values."""
    parts, which = shops(), coded(alpha=None)
    text, other = trained(parts, which)[0].text, stock(parts, which)
    X, label, _ = pool(parts)
    assert structure(text) == structure(other.model_to_string())
    apart = np.abs(lgb.Booster(model_str=text).predict(X, num_threads=1) - other.predict(X, num_threads=1)).max()
    assert apart <= 1e-9 * np.abs(label).max()


def test_a_company_need_not_have_every_category() -> None:
    """Each offers a third of them, and forecasts the others' all the same."""
    parts, which = shops(offered=4), coded(alpha=None, trees=20)
    text = trained(parts, which)[0].text
    assert text == pooled(parts, which)
    shared, alone = (lgb.Booster(model_str=one) for one in (text, pooled(parts[:1], which)))
    others, label = parts[1].X, parts[1].label
    errors = [np.abs(model.predict(others, num_threads=1) - label).mean() for model in (shared, alone)]
    assert errors[0] < 0.8 * errors[1]


def test_the_text_is_taken_only_where_the_feature_has_a_book() -> None:
    text = trained(shops(), coded(alpha=0.5))[0].text
    assert validate(text, FEATURES, frozenset([CODED])).text() == text
    with pytest.raises(ModelTextError, match="categorical splits"):
        validate(text, FEATURES)
    with pytest.raises(ModelTextError, match="not a numerical split"):
        validate(text, FEATURES, frozenset([0]))


@pytest.mark.parametrize(("value", "told"), [(12.0, "12 is no code"), (-1.0, "-1 is no code"), (2.5, "2.5 is no code")])
def test_what_is_no_code_is_refused_with_its_row(value: float, told: str, tmp_path: Any) -> None:
    parts = shops()
    parts[1].X[17, CODED] = value
    found = outcomes(parts, coded(), tmp_path)
    assert isinstance(found[1], Refused)
    assert f"never, row 17: {told}" in str(found[1])


def test_another_book_is_another_plan(tmp_path: Any) -> None:
    """The same number of entries in another order would mean other things."""
    plans = [coded(), coded(), coded((*BOOK[1:], BOOK[0]))]
    found = together(
        [
            partial(train, part, which, records=records(k, tmp_path))
            for k, (part, which) in enumerate(zip(shops(), plans, strict=True))
        ]
    )
    assert all(isinstance(one, Differs) for one in found)


@pytest.mark.parametrize(
    "book", [("one",), ("twice", "twice"), tuple(map(str, range(63)))], ids=["too few", "twice", "more than bins"]
)
def test_a_book_that_cannot_be_used_is_refused(book: tuple[str, ...]) -> None:
    with pytest.raises(Refused, match=f"a code book of {len(book)} entries"):
        coded(book)


def test_a_book_of_no_feature_is_refused() -> None:
    with pytest.raises(Refused, match="colour: a code book needs a feature of the plan"):
        plan(categories={"colour": BOOK})


def test_codes_are_places_in_the_book() -> None:
    """A name that is not in it is missing, not an error: the others do not learn of it."""
    assert np.array_equal(codes(["gin", "beer", "secret blend", "gin"], BOOK), [2, 0, np.nan, 2], equal_nan=True)


def test_a_feature_of_codes_shows_no_quantiles() -> None:
    """Its bins come from the book, whatever the rows hold."""
    few, many = ([with_kinds(rows(k, 400), k, offered=n) for k in range(3)] for n in (1, 12))
    samples = [bins_of(parts, coded()).sample()[:, CODED] for parts in (few, many)]
    assert [set(one[~np.isnan(one)]) for one in samples] == [set(range(12))] * 2
