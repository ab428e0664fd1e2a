"""A shared training with a code book, through the whole Flower application."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from members import FEATURES, SHIP, Member, member, plan, rows
from test_training import Overheard, serve

from decai_forecast.code_book import CodeBook
from decai_forecast.demand import TREE_PARAMS
from decai_forecast.errors import ConfigError, ModelTextError
from decai_forecast.federation import Plan, train_shared, validate
from decai_forecast.federation.preflight import agreement
from decai_forecast.federation.run import InProcess
from decai_forecast.federation.state import RuntimeSetting
from decai_forecast.store import Store

BOOK = CodeBook("category", ("beer", "gin", "rum"))
OTHER = CodeBook("category", ("gin", "beer", "rum"))
NAMES = (*FEATURES, BOOK.feature)


def coded(book: CodeBook | None = BOOK, **changes: Any) -> Plan:
    names = (*FEATURES, book.feature) if book else FEATURES
    basis = {"feature_names": names, "code_book": book, "quantiles": (0.5,), "rounds": 2, "turns": 3}
    return plan(**basis | {"params": dict(TREE_PARAMS) | {"feature_fraction": 1.0}} | changes)


def kinds(seed: int, *, size: int = 400, change: bool = False) -> pd.DataFrame:
    """Rows of three kinds, of which the second sells more; one in twenty has none."""
    frame, rng = rows(seed, size), np.random.default_rng(seed)
    code = np.where(rng.random(size) < 0.05, np.nan, rng.integers(0, 3, size)).astype(np.float32)
    frame["target"] = (frame["target"] + 3 * (code == 1)).astype(np.float32)
    code[0] = (np.nan_to_num(code[0]) + 1) % 3 if change else code[0]
    other = np.array([1, 0, 2, np.nan], np.float32)[np.nan_to_num(code, nan=3).astype(int)]
    return frame.assign(**{BOOK.feature: code, OTHER.feature: other})


def companies(folder: Path, count: int = 4, without: str = "") -> list[Member]:
    frames = [kinds(k) for k in range(count)]
    if without:
        frames[0] = frames[0].drop(columns=without)
    return [member(folder, f"p{k}", {SHIP: frame}) for k, frame in enumerate(frames)]


def test_the_plan_survives_the_way_to_the_nodes() -> None:
    """With the book; without one there are no categories."""
    assert Plan.from_config(coded().to_config()) == coded()
    assert (coded().categories, coded().coded) == ({BOOK.feature: BOOK.names}, frozenset({3}))
    assert (coded(None).categories, coded(None).coded) == ({}, frozenset())


@pytest.mark.parametrize(
    "changes",
    [
        {"feature_names": FEATURES},
        {"code_book": None},
        {"feature_names": (*FEATURES, OTHER.feature)},
        {"strategy": "median"},
        {"strategy": "exact", "epsilon": 1.0, "budget": 10.0},
    ],
    ids=["no feature", "no book", "another book", "no trees", "private"],
)
def test_a_plan_whose_book_does_not_fit_is_refused(changes: dict[str, Any]) -> None:
    """A code read as a number would show where the codes' quantiles lie."""
    with pytest.raises(ConfigError, match=r"code.book"):
        coded(**changes)


@pytest.mark.parametrize("strategy", ["exact", "bagging", "cyclic"])
def test_every_strategy_of_trees_splits_by_the_book(tmp_path: Path, strategy: str) -> None:
    """The model has sets of codes, is safe to load, and means nothing to who does not know the book."""
    import lightgbm as lgb

    text = train_shared(companies(tmp_path), coded(strategy=strategy)).models[SHIP][0.5]
    assert "cat_threshold=" in text
    validate(text, NAMES, frozenset({3}))
    with pytest.raises(ModelTextError):
        validate(text, NAMES)
    with pytest.raises(ModelTextError, match="other features"):
        validate(text, (*FEATURES, OTHER.feature), frozenset({3}))
    X = np.zeros((2, 4), np.float32)
    X[:, 3] = [0, 1]
    low, high = lgb.Booster(model_str=text).predict(X, num_threads=1)
    assert low < high


@pytest.mark.parametrize("strategy", ["exact", "bagging"])
def test_champion_and_challenger_with_a_book_are_compared(tmp_path: Path, strategy: str) -> None:
    """A champion of another book, or of none, is not."""
    there, which = companies(tmp_path), coded(strategy=strategy)
    champion = train_shared(there, which).models[SHIP]
    verdict = train_shared(there, which, champion=champion).verdict
    assert verdict is not None
    assert set(verdict["scores"]) == {"p0", "p1", "p2", "p3"}
    assert train_shared(there, coded(OTHER, strategy="bagging"), champion=champion).verdict is None


def test_a_company_whose_rows_know_another_book_is_refused_by_its_code(tmp_path: Path) -> None:
    """And told why; the others train."""
    said: list[str] = []
    found = train_shared(companies(tmp_path, without=BOOK.feature), coded(), progress=said.append)
    assert dict(found.dropped) == {"p0": "other_code_book"}
    assert sorted(found.rows) == ["p1", "p2", "p3"]
    assert said[0].startswith("p0 cannot take part: other_code_book (its rows were made with another code_book")


def test_a_company_that_agreed_to_another_list_is_refused(tmp_path: Path) -> None:
    """Even if its rows have the codes."""
    mine, theirs = (agreement("W", 13, code_book=book) for book in (BOOK, OTHER))
    assert len({mine, theirs, agreement("W", 13)}) == 3
    there, asked = companies(tmp_path), coded(agreed=mine)
    with InProcess(there).open(asked, RuntimeSetting()):
        pass
    right = {node: {"agreed": mine} for node in (1000, 1001, 1002, 1003)}
    found = serve(Overheard(there, asked, spoil=right | {1000: {"agreed": theirs}}), asked)
    assert dict(found.state["dropped"]) == {"p0": "other_agreement"}


def test_an_old_cut_off_may_be_trained_again_with_another_book(tmp_path: Path) -> None:
    """By the same companies: what is summed again are the same rows. Not with other codes of the same book, and not without
    one of them."""
    there = companies(tmp_path, 3)
    texts = [train_shared(there, coded(book, strategy="exact")).models[SHIP][0.5] for book in (None, BOOK, OTHER)]
    assert len(set(texts)) == 3
    with pytest.raises(Exception, match="exact_begun"):
        train_shared([*there, member(tmp_path, "p3", {SHIP: kinds(3)})], coded(OTHER, strategy="exact"))
    Store(there[0].store, "p0").remove(f"rounds/{plan().round_id}/train")
    changed = member(tmp_path, "p0", {SHIP: kinds(0, change=True)})
    with pytest.raises(Exception, match="exact_begun"):
        train_shared([changed, *there[1:]], coded(strategy="exact"))
