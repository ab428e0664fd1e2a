"""A night whose new shared forecaster is worse at most partners keeps the last one, and says why."""

from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support import NIGHT, public, submit_ready

from decai_forecast import federation
from decai_forecast.commands.table import print_summary
from decai_forecast.coordinator.archive import Archive
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import federate, keep_last
from decai_forecast.coordinator.training import Gain
from decai_forecast.errors import FederationError
from decai_forecast.federation import Shared
from decai_forecast.link import SharedModels, SharedStatus
from decai_forecast.network import Network, Participant
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.page_html import page
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.round import Round

REASON = "the new forecaster is worse at 3 of 4 partners (median gain -9.0 %, worst p0 -20.0 %)"
PARTNERS = ("p0", "p1", "p2", "p3")
OLD = date(2020, 1, 6)


@pytest.fixture
def network(tmp_path: Path) -> Network:
    """Four partners that are ready, and a shared forecaster of an earlier cut-off."""
    network = Network(tmp_path, "four", "W", 13, tuple(Participant(name) for name in PARTNERS))
    coordinator = coordinator_context(network)
    old = {OLD: coordinator.link.publish_models(SharedModels(OLD, {0.5: "old"}))}
    Archive(old, old).write(coordinator.store, None)
    submit_ready(network, NIGHT)
    return network


def shared(network: Network, night: Round = NIGHT) -> SharedForecasters:
    """What a company reads of the night."""
    return SharedForecasters.of(coordinator_context(network).link, night.id)


def archived(network: Network) -> Archive:
    return Archive.read(coordinator_context(network).store, None)


@pytest.mark.parametrize("promoted", [True, False])
def test_a_challenger_that_is_worse_does_not_ship(network: Network, monkeypatch: pytest.MonkeyPatch, promoted: bool) -> None:
    """The champion of the archive serves on under its own cut-off; status and verdict are in the round's files and summary."""
    ship, champions = network.calendar.cutoffs(NIGHT.as_of).ship, list[Any]()
    verdict = {"promoted": promoted, "reason": REASON, "scores": {}}

    def trained(*_: Any, champion: Any, **__: Any) -> Shared:
        champions.append(champion)
        return Shared({ship: {0.5: "new"}}, {}, {}, 1.0, 0, verdict)

    monkeypatch.setattr(federation, "train_shared", trained)
    federate(coordinator_context(network), NIGHT)
    assert champions == [{0.5: "old"}]
    assert shared(network).shipped() == {0.5: "new" if promoted else "old"}
    assert summarise(network, NIGHT, scores=False)["evaluation"] == verdict
    told = shared(network).published
    assert (told.status, told.reason) == ((SharedStatus.TRAINED, "") if promoted else (SharedStatus.KEPT, REASON))
    assert (ship in archived(network).trained) == promoted


def night_with(network: Network, monkeypatch: pytest.MonkeyPatch, night: Round, promoted: bool, text: str) -> list[Any]:
    """Trains the night's cut-offs and judges the one that ships; returns the champions it was compared with."""
    champions = list[Any]()
    scores = {"p0": Gain(9, 1.0, 1.2, -0.2), "p1": Gain(9, 1.0, 0.95, 0.05)}
    verdict = {"promoted": promoted, "reason": REASON, "scores": {name: asdict(gain) for name, gain in scores.items()}}

    def trained(_: Any, plan: Any, *, champion: Any, **__: Any) -> Shared:
        champions.append(champion)
        return Shared({cutoff: {0.5: f"{text} {cutoff}"} for cutoff in plan.cutoffs}, {}, {}, 1.0, 0, verdict)

    monkeypatch.setattr(federation, "train_shared", trained)
    submit_ready(network, night)
    federate(coordinator_context(network), night)
    return champions


def test_nothing_else_of_the_night_ships_in_its_place(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The cut-offs of the partners' backtests are younger than the champion, and compared with nothing: tonight the champion
    serves, it is the one that the next night compares with, and the one that a night without a training keeps."""
    cutoffs = network.calendar.cutoffs(NIGHT.as_of)
    assert night_with(network, monkeypatch, NIGHT, False, "suspect") == [{0.5: "old"}]
    tonight = shared(network)
    assert tonight.shipped() == {0.5: "old"}
    assert tonight.at(cutoffs.test) == {0.5: f"suspect {cutoffs.test}"}, "each partner's own backtest judges it"
    assert set(archived(network).trained) == {OLD}, "later nights do not build on what is suspect"
    later = Round.of("2026-07-06")
    assert night_with(network, monkeypatch, later, True, "new") == [{0.5: "old"}]
    shipped = network.calendar.cutoffs(later.as_of).ship
    last = Round.of("2026-07-13")
    keep_last(coordinator_context(network), last, "closed")
    assert shared(network, last).shipped() == {0.5: f"new {shipped}"}


def test_a_replayed_night_is_compared_with_what_shipped_before_it(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not with a forecaster that has seen what the replayed night is to forecast."""
    night_with(network, monkeypatch, Round.of("2026-07-06"), True, "new")
    assert night_with(network, monkeypatch, NIGHT, True, "replayed") == [{0.5: "old"}]


@pytest.mark.parametrize(
    ("promoted", "said"),
    [
        (True, f"The new shared forecaster ships: {REASON}."),
        (False, f"The new shared forecaster does not ship, the last one stays in use: {REASON}."),
    ],
)
def test_the_verdict_stands_where_an_analyst_looks(
    network: Network, monkeypatch: pytest.MonkeyPatch, promoted: bool, said: str
) -> None:
    """In the printed table, with what it means for each partner, and on the round's page in Airflow, without."""
    night_with(network, monkeypatch, NIGHT, promoted, "new")
    summary = summarise(network, NIGHT, scores=False)
    console = Console(width=300, record=True)
    print_summary(summary, console)
    printed = console.export_text()
    assert said in printed
    assert "Loss saved on the newest rows, against the last forecaster: p0 -20.0 %, p1 +5.0 %." in printed
    shown = page(network, [summary], set())
    assert said in shown
    assert "+5.0 %" not in shown


def test_why_a_training_failed_is_printed(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the operator, until it is repeated with success; the public file of the round does not have it."""
    why = "3 partners are needed; dropped: p0 (exact_budget), p1 (exact_budget)"

    def failing(*_: Any, **__: Any) -> Shared:
        raise FederationError(why)

    monkeypatch.setattr(federation, "train_shared", failing)
    with pytest.raises(FederationError):
        federate(coordinator_context(network), NIGHT)
    console = Console(width=300, record=True)
    print_summary(summarise(network, NIGHT, scores=False), console)
    assert f"The training failed: {why}." in console.export_text()
    assert not [key for key in public(network).keys("rounds") if why.encode() in public(network).read_bytes(key)]
    night_with(network, monkeypatch, NIGHT, True, "new")
    assert summarise(network, NIGHT, scores=False)["failure"] == ""
