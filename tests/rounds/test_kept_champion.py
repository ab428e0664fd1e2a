"""A night whose new shared forecaster is worse at most partners keeps the last one, and says why."""

from pathlib import Path
from typing import Any

import pytest
from support import NIGHT, copy_of

from decai_forecast import federation
from decai_forecast.federation import Shared
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.rounds.federate import SharedModels, federate
from decai_forecast.rounds.summary import summarise

REASON = "the new forecaster is worse at 3 of 4 partners (median gain -9.0 %, worst a -20.0 %)"


@pytest.mark.parametrize("promoted", [True, False])
def test_a_challenger_that_is_worse_does_not_ship(
    finished: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, promoted: bool
) -> None:
    """The champion of the archive serves on under its own cut-off; status, reason and scores are in the summary."""
    network, asked = copy_of(finished, tmp_path), list[Any]()
    public, ship = network.public(), network.calendar.cutoffs(NIGHT.as_of).ship
    manifest, archive = f"rounds/{NIGHT.id}/shared.json", public.read_json("archive.json")
    key = archive.pop(ship.isoformat())
    public.write_json("archive.json", archive)
    verdict = {"promoted": promoted, "reason": REASON, "scores": {}}

    def trained(*_: Any, champion: Any, **__: Any) -> Shared:
        asked.append(champion)
        return Shared({ship: {0.5: "new"}}, {}, {}, 1.0, 0, verdict)

    monkeypatch.setattr(federation, "train_shared", trained)
    public.remove(manifest)
    network.store(COORDINATOR).remove(f"rounds/{NIGHT.id}/federate")
    federate(network, NIGHT)
    used = SharedModels(public, NIGHT.id).for_cutoff(ship, ship=True)
    assert key
    assert set(asked[0]) == {0.1, 0.5, 0.9}
    assert used == ({0.5: "new"} if promoted else asked[0])
    assert summarise(network, NIGHT)["evaluation"] == verdict
    assert public.read_json(manifest)["status"] == ("trained" if promoted else "kept")
