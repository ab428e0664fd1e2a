"""The coordinator's archive: which forecaster is in use for a cut-off, and which were trained."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from decai_forecast.code_book import CodeBook
from decai_forecast.coordinator.archive import Archive
from decai_forecast.link import ModelFile
from decai_forecast.store import Store

FIRST, SECOND, THIRD = date(2026, 6, 15), date(2026, 6, 22), date(2026, 6, 29)


def file(name: str) -> ModelFile:
    return ModelFile(f"shared/2026-06-29/{name}.json", name * 32)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "coordinator")


def test_before_the_first_training_it_is_empty(store: Store) -> None:
    """Nobody is the champion."""
    archive = Archive.read(store, None)
    assert archive == Archive({}, {})
    assert archive.champion(THIRD) is None


@pytest.mark.parametrize(
    ("ship", "champion"),
    [(FIRST, None), (SECOND, "ab"), (date(2026, 6, 28), "ab"), (THIRD, "cd"), (date(2027, 1, 1), "cd")],
)
def test_the_champion_is_the_last_that_shipped(ship: date, champion: str | None) -> None:
    """For a cut-off until the one asked for: a replay of an old round does not see what came after it."""
    archive = Archive({FIRST: file("ef")}, {SECOND: file("ab"), THIRD: file("cd")})
    assert archive.champion(ship) == (champion and file(champion))


def test_what_was_only_trained_is_no_champion() -> None:
    """A cut-off that was trained for backtests was compared with nothing."""
    assert Archive({FIRST: file("ab"), SECOND: file("cd")}, {}).champion(THIRD) is None


def test_a_training_adds_its_cut_offs(store: Store) -> None:
    """Those of before stay; the one that ships is in use from its cut-off on; the archive before it does not change."""
    before = Archive({FIRST: file("ab")}, {FIRST: file("ab")})
    after = before.with_training({SECOND: file("cd"), THIRD: file("ef")}, THIRD, file("ef"))
    assert after.trained == {FIRST: file("ab"), SECOND: file("cd"), THIRD: file("ef")}
    assert after.shipped == {FIRST: file("ab"), THIRD: file("ef")}
    assert before == Archive({FIRST: file("ab")}, {FIRST: file("ab")})
    after.write(store, None)
    assert Archive.read(store, None) == after


def test_a_round_that_is_trained_again_replaces_its_own(store: Store) -> None:
    """One forecaster ships for a cut-off, the last one."""
    archive = Archive({THIRD: file("ab")}, {THIRD: file("ab")}).with_training({THIRD: file("cd")}, THIRD, file("cd"))
    assert archive == Archive({THIRD: file("cd")}, {THIRD: file("cd")})


def test_each_list_of_features_has_an_archive_of_its_own(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """After an update that adds a feature nothing older is used: no row has its features any more."""
    Archive({FIRST: file("ab")}, {FIRST: file("ab")}).write(store, None)
    monkeypatch.setattr("decai_forecast.demand.FEATURES", ("h", "lag0"))
    assert Archive.read(store, None) == Archive({}, {})


def test_each_code_book_has_an_archive_of_its_own(store: Store) -> None:
    """What was trained with another book, or without, is neither reused nor shipped."""
    book = CodeBook("item_id", ("i1", "i2"))
    Archive({FIRST: file("ab")}, {FIRST: file("ab")}).write(store, None)
    assert Archive.read(store, book) == Archive({}, {})
    Archive({FIRST: file("cd")}, {}).write(store, book)
    assert Archive.read(store, None).trained == {FIRST: file("ab")}
