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
    ("setting", "said"),
    [
        (
            "code_book: [beer, gin]",
            "code_book needs column and names, such as {column: category, names: [beer",
        ),
        ("code_book: {names: [beer, gin]}", "code_book needs column and names"),
        ("code_book: {column: category, names: beer}", "code_book: names must be a list, not 'beer'"),
        ("code_book: {column: price, names: [a, b]}", "code_book: column must be one of item_id, category, not 'price'"),
        ("code_book: {column: item_id, names: [a]}", f"code_book: 1 names; expected 2 to {MOST}, those that most companies"),
        (f"code_book: {{column: item_id, names: {[f'i{k}' for k in range(63)]}}}", "code_book: 63 names; expected 2 to 62"),
        ("code_book: {column: item_id, names: [a, 4006381333931]}", "each name must be text, not 4006381333931; put it into q"),
        ("code_book: {column: item_id, names: [a, '']}", "each name must be text, not ''"),
        ("code_book: {column: item_id, names: [a, b, a]}", "code_book: 'a' stands there twice"),
        (
            "code_book: {column: item_id, names: [a, b]}\nprivacy: {epsilon: 3, budget: 30}",
            "privacy and code_book: noise is not made for splits by categories; drop one of them",
        ),
        (
            "code_book: {column: item_id, names: [a, b]}\nstrategy: median",
            "code_book needs strategy exact, bagging or cyclic, not median; drop it",
        ),
    ],
)
def test_a_book_that_cannot_be_used_is_explained(network: Network, setting: str, said: str) -> None:
    """With the file, what was found, and what would be right."""
    network.save()
    path = network.home / "network.yaml"
    given = ["code_book", *(key for key in ("privacy", "strategy") if f"\n{key}:" in setting)]
    kept = [line for line in path.read_text().splitlines() if line.split(":")[0] not in given]
    path.write_text("\n".join([*kept, setting, ""]))
    with pytest.raises(ConfigError, match=r"network\.yaml: ") as error:
        Network.load(network.home)
    assert said in str(error.value)


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
