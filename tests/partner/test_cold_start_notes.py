"""Which items and sites of the master data are new, which are dead, and what is said of those that cannot be forecast."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from decai_forecast.contracts import Verdict
from decai_forecast.partner.combine.cold_start import ColdStart, cold_start
from decai_forecast.partner.facts import CHECK, PULL, CheckFacts, DataSetFacts, PullFacts
from decai_forecast.periods import Calendar
from decai_forecast.round import Round
from decai_forecast.steps import Done, Writer, run_step
from decai_forecast.store import Store

WEEKS = Calendar("W", 2)
NIGHT, HORIZON_AGO, LATER = Round.of("2026-06-29"), Round.of("2026-06-15"), Round.of("2026-06-16")
SOLD = ("i0", "i1")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path, "shop")


def table() -> pd.DataFrame:
    """Two items at one site, ten units a week."""
    dates = pd.date_range(end="2026-06-22", periods=60, freq="W-MON")
    rows = [("north", item, day, 10.0, False) for item in SOLD for day in dates]
    found = pd.DataFrame(rows, columns=["location_id", "item_id", "date", "quantity", "censored"])
    unknown = dict.fromkeys(("price", "promotion", "planned_price", "planned_promotion"), float("nan"))
    return found.assign(category="", country="", **unknown)


def items(*new: str) -> pd.DataFrame:
    return pd.DataFrame({"item_id": [*SOLD, *new], "category": "tools"})


def sites(*new: str) -> pd.DataFrame:
    return pd.DataFrame({"location_id": ["north", *new], "region": "coast"})


def checked(store: Store, round: Round, **data_sets: pd.DataFrame) -> Done[CheckFacts]:
    """A night in which these data sets were pulled and accepted."""

    def work(writer: Writer) -> CheckFacts:
        for name, frame in data_sets.items():
            writer.frame(f"{name}-clean.parquet", frame)
        return CheckFacts({name: DataSetFacts(Verdict.ACCEPTED, len(frame), 0, "") for name, frame in data_sets.items()})

    pulled = PullFacts(round.as_of, {}, {}, {}, {}, {}, {}, {}, {})
    run_step(store, round.id, PULL, [], lambda writer: pulled)
    return run_step(store, round.id, CHECK, [], work)


def started(store: Store, **data_sets: pd.DataFrame) -> ColdStart:
    return cold_start(store, WEEKS, NIGHT, checked(store, NIGHT, **data_sets), table(), partner="shop")


def ids(found: ColdStart) -> list[tuple[str, str]]:
    return [(one.location_id, one.item_id) for one in found.series()]


def test_without_master_data_nothing_is_new(store: Store) -> None:
    """Nor of a company that has sold nothing yet."""
    assert started(store) == ColdStart()
    empty = cold_start(store, WEEKS, NIGHT, checked(store, NIGHT, items=items("new")), table().iloc[:0], partner="shop")
    assert empty == ColdStart()
    assert empty.series() == ()


def test_a_new_item_is_forecast_from_those_like_it(store: Store) -> None:
    """Over the whole horizon, at their scale; which ones they were is told."""
    found = started(store, items=items("new"))
    assert found.notes == ()
    assert found.frame is not None
    assert found.frame["date"].tolist() == [pd.Timestamp("2026-06-29"), pd.Timestamp("2026-07-06")]
    (first,) = found.series()
    assert (first.location_id, first.item_id, first.units) == ("north", "new", pytest.approx(10.0))
    assert first.reason == "no history: from the 2 most similar items, first i0 (50%), i1 (50%), at their scale"


def test_five_items_that_never_sold_may_be_new(store: Store) -> None:
    """However small the range; of more than that and a quarter of the range most are dead, and none is forecast."""
    assert len(started(store, items=items(*(f"n{k}" for k in range(5)))).series()) == 5
    many = started(Store(store.path("other"), "shop"), items=items(*(f"n{k}" for k in range(6))))
    assert many.series() == ()
    assert many.notes == (
        "6 items of the master data never sold, too many to be new: none of them is forecast; items that are listed from "
        "now on will be",
    )


def test_an_item_that_was_listed_a_horizon_ago_is_dead(store: Store) -> None:
    """A night of that time tells new items from old ones, of however many."""
    checked(store, HORIZON_AGO, items=items(*(f"old{k}" for k in range(9))))
    found = started(store, items=items(*(f"old{k}" for k in range(9)), "new"))
    assert (ids(found), found.notes) == ([("north", "new")], ())


def test_a_younger_night_tells_nothing(store: Store) -> None:
    """What was listed since the horizon began may be new still."""
    checked(store, LATER, items=items("new"))
    assert ids(started(store, items=items("new"))) == [("north", "new")]


def test_a_site_is_new_where_a_night_did_not_list_it(store: Store) -> None:
    """It sells what the site most like it sells; without such a night it may be a warehouse."""
    assert started(store, locations=sites("south")) == ColdStart()
    checked(store, HORIZON_AGO, locations=sites())
    found = cold_start(store, WEEKS, NIGHT, checked(store, NIGHT, locations=sites("south")), table(), partner="shop")
    assert ids(found) == [("south", "i0"), ("south", "i1")]


def test_a_warehouse_never_becomes_a_shop(store: Store) -> None:
    """It was listed a horizon ago and never sold."""
    checked(store, HORIZON_AGO, locations=sites("south"))
    assert started(store, locations=sites("south")) == ColdStart()


def test_an_item_like_no_other_is_told(store: Store) -> None:
    """Whose, which one, and what to deliver; the others are forecast."""
    alone = items("new", "odd").assign(category=["tools", "tools", "tools", None])
    found = started(store, items=alone)
    assert ids(found) == [("north", "new")]
    (note,) = found.notes
    assert note == ("partner shop, item_id odd: none of category is known both of it and of any older one; deliver one of them")


def test_a_name_of_its_own_says_nothing_of_likeness(store: Store) -> None:
    """Texts that no two items share are not compared, nor names, even if two share one; numbers are."""
    named = items("new").assign(name=["a", "b", "c"], colour=["x", "y", "z"], unit_cost=[1.0, 100.0, 100.0])
    (first,) = started(store, items=named).series()
    assert first.reason.startswith("no history: from the 2 most similar items, first i1 (")
    shared = items("new").assign(name=["a", "bolt", "bolt"])  # the second item and the new one
    (alike,) = started(Store(store.path("other"), "shop"), items=shared).series()
    assert alike.reason.startswith("no history: from the 2 most similar items, first i0 (50%), i1 (50%)")
