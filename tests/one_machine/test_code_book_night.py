"""Nights of a network that agrees on a code book: from the rows to the report, and from one book to the next."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from support import NIGHT, copy_of, own, public, quiet, reopened, submit_ready

from decai_forecast import federation
from decai_forecast.code_book import CodeBook
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import federate, keep_last
from decai_forecast.demand import FEATURES
from decai_forecast.federation import Plan, Shared, validate
from decai_forecast.link import SharedStatus
from decai_forecast.network import Network, Participant
from decai_forecast.one_machine.run import run_round
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import COMBINE
from decai_forecast.partner.report_facts import facts_of
from decai_forecast.partner.train import train
from decai_forecast.reports import build_report
from decai_forecast.round import Round
from decai_forecast.steps import read_done

BOOK = CodeBook("item_id", ("i2", "i0", "i1"))
NAMES, CODED = (*FEATURES, BOOK.feature), frozenset({len(FEATURES)})
PARTNERS = tuple(f"shop_{k}" for k in range(5))


@pytest.mark.long
def test_a_night_trains_and_forecasts_by_the_book(founded: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exactly, and with bagging; the partners' forecasts and their drivers come from a model that may split by the codes."""
    monkeypatch.setattr(federation, "Plan", partial(Plan, rounds=3))
    whole = copy_of(founded, tmp_path)
    network = replace(whole, strategy="exact", code_book=BOOK, participants=whole.participants[:3])
    network.save()
    run_round(network, NIGHT, quiet)
    assert splits_by_the_book(network)
    combined = read_done(own(network, "shop_0"), NIGHT.id, COMBINE)
    assert combined is not None
    assert {"local", "shared", "combined"} <= set(combined.facts.test)
    assert "company and category" in combined.json("drivers.json")["total"]["drivers"]
    facts = facts_of(partner_context(network, "shop_0"), NIGHT)
    assert build_report(facts)["roster"]["present"] == ["shop_0", "shop_1", "shop_2"]
    federate(coordinator_context(replace(reopened(network), strategy="bagging")), NIGHT)
    assert splits_by_the_book(network)


def splits_by_the_book(network: Network) -> bool:
    """Whether the models that ship are of all partners, safe to load, and one of them splits by categories."""
    shared = SharedForecasters.of(coordinator_context(network).link, NIGHT.id)
    assert (shared.published.status, shared.published.dropped) == (SharedStatus.TRAINED, {})
    texts, first = shared.shipped() or {}, shared.within(2).shipped() or {}
    assert [len(validate(text, NAMES, CODED).trees) for text in first.values()] == [2, 2, 2]
    return any("cat_threshold=" in validate(text, NAMES, CODED).text() for text in texts.values())


@pytest.fixture
def nights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Network, list[Any]]:
    """Five partners that deliver every night, without a book; and what each training was asked for."""
    network = Network(tmp_path, "five", "W", 13, tuple(Participant(name) for name in PARTNERS))
    asked = list[Any]()

    def trained(_: Any, plan: Plan, *, champion: Any, **__: Any) -> Shared:
        asked.append((plan.feature_names[-1], len(plan.cutoffs), champion))
        return Shared({c: {0.5: f"{plan.feature_names[-1]} {c}"} for c in plan.cutoffs}, {}, {}, 1.0, 0, None)

    monkeypatch.setattr(federation, "train_shared", trained)
    return network, asked


def trained_together(network: Network, round: Round) -> None:
    submit_ready(network, round)
    federate(coordinator_context(network), round)


def test_a_night_with_another_book_trains_anew(nights: tuple[Network, list[Any]]) -> None:
    """Every cut-off, without a champion; back with the old book, what was trained with it is there again."""
    network, asked = nights
    last, ships = FEATURES[-1], network.calendar.cutoffs(NIGHT.as_of).ship
    with_book = replace(network, code_book=BOOK)
    for day, one in enumerate([network, with_book, with_book, network], start=30):
        trained_together(one, Round.of(f"2026-06-{day}" if day < 31 else f"2026-07-{day - 30:02}"))
    every = len(network.calendar.cutoffs(NIGHT.as_of).all)
    assert asked == [
        (last, every, None),
        (BOOK.feature, every, None),
        (BOOK.feature, 2, {0.5: f"{BOOK.feature} {ships}"}),
        (last, 2, {0.5: f"{last} {ships}"}),
    ]


def test_a_night_with_another_book_that_cannot_train_ships_nothing(nights: tuple[Network, list[Any]]) -> None:
    """The forecasters of the other book are not for its rows."""
    network, _ = nights
    trained_together(network, NIGHT)
    for day, one in ((30, replace(network, code_book=BOOK)), (29, network)):
        night = Round.of(f"2026-06-{day}.2")
        keep_last(coordinator_context(one), night, "nobody came")
        shipped = SharedForecasters.of(coordinator_context(network).link, night.id).shipped()
        assert (shipped is None) == (one.code_book is not None)


def test_rows_are_made_again_for_another_book(after: Network) -> None:
    """Of a night that is still open: equal deliveries alone do not make a step done."""
    public(after).remove(f"rounds/{NIGHT.id}/closed.json")
    assert train(partner_context(after, "shop_0"), NIGHT).repeated
    again = train(partner_context(replace(after, code_book=BOOK), "shop_0"), NIGHT)
    ship = after.calendar.floor(NIGHT.as_of)
    rows = again.frame(f"rows-{ship}.parquet")
    future = again.frame(f"future-{ship}.parquet")
    assert set(rows[BOOK.feature].fillna(-1)) == set(future[BOOK.feature].fillna(-1)) == {-1.0, 0.0, 1.0, 2.0}
