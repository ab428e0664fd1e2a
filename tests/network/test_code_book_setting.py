"""``code_book`` of network.yaml: a public list of names, which the shared forecaster may tell apart."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from decai_forecast.code_book import MOST, CodeBook, coded_by
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant

BOOK = CodeBook("category", ("beer", "gin", "rum"))


@pytest.fixture
def network(tmp_path: Path) -> Network:
    return Network(tmp_path, "three", "W", 13, tuple(Participant(f"p{k}") for k in range(3)))


def test_it_is_saved_and_loaded(network: Network) -> None:
    """With its order; a network has none unless it says so."""
    assert network.code_book is None
    with_book = replace(network, code_book=BOOK)
    with_book.save()
    assert Network.load(network.home) == with_book


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ([], "code_book: code_book must be a mapping of column, names, not an empty list"),
        ({"names": ["a", "b"]}, "code_book: code_book needs column"),
        ({"column": "category", "names": ["a", "b", "a"]}, "code_book: 'a' is there twice; each name needs one place"),
        ({"column": "category", "names": [f"i{k}" for k in range(MOST + 1)]},
         "code_book: names must be a list of 2 to 62 entries, not a list of 63"),
    ],
)  # fmt: skip
def test_a_book_of_somebody_else_is_checked(given: object, said: str) -> None:
    """Such as the coordinator's."""
    with pytest.raises(ConfigError) as error:
        CodeBook.of(given)
    assert str(error.value) == said
    assert CodeBook.of(None) is None
    assert CodeBook.of(BOOK.to_json()) == BOOK


def test_codes_are_places_in_the_book() -> None:
    """A name that is not in it is missing, not an error: the others do not learn of it."""
    assert np.array_equal(BOOK.codes(["rum", "beer", "secret blend", None, "rum"]), [2, 0, np.nan, np.nan, 2], equal_nan=True)


def test_every_book_has_a_feature_of_its_own() -> None:
    """Another order, another list or another column mean other things."""
    others = [CodeBook("item_id", BOOK.names), CodeBook("category", BOOK.names[::-1]), CodeBook("category", BOOK.names[:2])]
    assert len({one.feature for one in (BOOK, *others)}) == 4
    assert BOOK.feature == CodeBook("category", ("beer", "gin", "rum")).feature
    assert coded_by(BOOK, ("a", "b")) == (("a", "b", BOOK.feature), frozenset({2}))
    assert coded_by(None, ("a", "b")) == (("a", "b"), frozenset())
