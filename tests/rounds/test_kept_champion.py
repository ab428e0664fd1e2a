"""A night whose new shared forecaster is worse at most partners keeps the last one, and says why."""

from pathlib import Path
from typing import Any

import pytest
from support import NIGHT

from decai_forecast import federation
from decai_forecast.federation import Shared
from decai_forecast.network import Network, Participant
from decai_forecast.rounds import federate as module
from decai_forecast.rounds.federate import SharedModels, federate
from decai_forecast.rounds.roster import Roster
from decai_forecast.rounds.summary import summarise

REASON = "the new forecaster is worse at 3 of 4 partners (median gain -9.0 %, worst p0 -20.0 %)"
PARTNERS = ("p0", "p1", "p2", "p3")


@pytest.fixture
def network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """Four partners on the roster, and a shared forecaster of an earlier cut-off."""
    network = Network(tmp_path, "four", "W", 13, tuple(Participant(name) for name in PARTNERS))
    roster = Roster(NIGHT.id, NIGHT.as_of.isoformat(), dict.fromkeys(PARTNERS, "digest"), {}, 3)
    monkeypatch.setattr(module, "write_roster", lambda *_: roster)
    monkeypatch.setattr(module, "publish_comparison", lambda *_: None)
    network.public().write_json("old.json", {"models": {"0.5": "old"}})
    network.public().write_json("archive.json", {"2020-01-06": "old.json"})
    return network


@pytest.mark.parametrize("promoted", [True, False])
def test_a_challenger_that_is_worse_does_not_ship(network: Network, monkeypatch: pytest.MonkeyPatch, promoted: bool) -> None:
    """The champion of the archive serves on under its own cut-off; status and verdict are in the round's files and summary."""
    public, ship, champions = network.public(), network.calendar.cutoffs(NIGHT.as_of).ship, list[Any]()
    verdict = {"promoted": promoted, "reason": REASON, "scores": {}}

    def trained(*_: Any, champion: Any, **__: Any) -> Shared:
        champions.append(champion)
        return Shared({ship: {0.5: "new"}}, {}, {}, 1.0, 0, verdict)

    monkeypatch.setattr(federation, "train_shared", trained)
    federate(network, NIGHT)
    assert champions == [{0.5: "old"}]
    assert SharedModels(public, NIGHT.id).for_cutoff(ship, ship=True) == {0.5: "new" if promoted else "old"}
    assert summarise(network, NIGHT, scores=False)["evaluation"] == verdict
    told = public.read_json(f"rounds/{NIGHT.id}/shared.json")
    assert (told["status"], told.get("reason")) == (("trained", None) if promoted else ("kept", REASON))
    assert (ship.isoformat() in public.read_json("archive.json")) == promoted
