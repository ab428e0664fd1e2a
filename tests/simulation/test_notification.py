"""Disruption notifications of Catena-X (CX-0157) are scenarios."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.shocks import Shock, read_notification

CONTENT = {  # made up, in the shape of urn:samm:io.catenax.demand_and_capacity_notification:2.0.0
    "notificationId": "urn:uuid:00000000-0000-4000-8000-000000000001",
    "leadingRootCause": "strike",
    "effect": "capacity-reduction",
    "status": "open",
    "startDateOfEffect": "2026-01-12T06:00:00+01:00",
    "expectedEndDateOfEffect": "2026-01-26T06:00:00+01:00",
    "contentChangedAt": "2026-01-11T06:00:00+01:00",
    "affectedSitesSender": ["BPNS00000000001A"],
    "affectedSitesRecipient": ["BPNS00000000002B"],
    "materialNumberCustomer": ["a"],
    "materialNumberSupplier": ["b"],
    "text": "Strike at our plant.",
}
PLACES = {"BPNS00000000001A": "Acme", "BPNS00000000002B": "dc", "BPNL00000000003C": "Acme"}


def written(folder: Path, drop: str = "", *, header: bool = True, **changes: Any) -> Path:
    content = {key: value for key, value in (CONTENT | changes).items() if key != drop}
    message = {"header": {"senderBpn": "BPNL00000000003C"}, "content": {"demandAndCapacityNotification": content}}
    (path := folder / "notification.json").write_text(json.dumps(message if header else content, indent=1))
    return path


@pytest.mark.parametrize("header", [True, False])
def test_less_capacity_hits_the_senders_site(tmp_path: Path, header: bool) -> None:
    """For our numbers of the materials; how much is not said, and that is."""
    found = read_notification(written(tmp_path, header=header), PLACES)
    assert found.name == "strike: capacity-reduction"
    assert found.shocks == (Shock("capacity", "Acme", date(2026, 1, 12), 14, 0.0, ("a",)),)
    assert found.notes == ("the notification does not say how much: factor 0 of capacity is assumed",)


def test_a_change_of_demand_hits_our_site(tmp_path: Path) -> None:
    """Of which we are the supplier; with a factor nothing is assumed."""
    found = read_notification(written(tmp_path, effect="demand-increase"), PLACES, factor=1.2)
    assert found.shocks == (Shock("demand", "dc", date(2026, 1, 12), 14, 1.2, ("b",)),)
    assert found.notes == ()


def test_without_a_site_the_sender_is_hit(tmp_path: Path) -> None:
    """Until the end of the horizon where no end is expected."""
    path = written(tmp_path, "expectedEndDateOfEffect", affectedSitesSender=[], materialNumberCustomer=None)
    assert read_notification(path, PLACES).shocks == (Shock("capacity", "Acme", date(2026, 1, 12), None, 0.0),)


@pytest.mark.parametrize(
    ("changes", "at", "said"),
    [
        ({"status": "resolved"}, '"resolved"', "status is 'resolved'; only an open notification can be simulated"),
        ({"effect": "capacity-increase"}, '"capacity-inc', "effect is 'capacity-increase'; more capacity is no disruption"),
        ({"effect": "x"}, '"x"', "effect must be one of capacity-reduction, demand-reduction, demand-increase, not 'x'"),
        ({"drop": "effect"}, '{\n   "notificationId', "a disruption notification of CX-0157 needs effect"),
        ({"effect": 5}, "5", "effect must be one of capacity-reduction, demand-reduction, demand-increase, not 5"),
        ({"materialNumberCustomer": "a"}, '"a"', "materialNumberCustomer must be a list, not 'a'; write [a]"),
        ({"startDateOfEffect": "soon"}, '"soon"',
         "startDateOfEffect must be a time such as 2026-12-07T08:00:00+01:00, not 'soon'"),
        ({"expectedEndDateOfEffect": "2026-01-01T00:00:00Z"}, '"2026-01-01T00',
         "expectedEndDateOfEffect 2026-01-01 lies before startDateOfEffect 2026-01-12"),
        ({"affectedSitesSender": ["BPNS00000000009Z"]}, '[\n    "BPNS00000000009Z',
         "nobody said which site or supplier BPNS00000000009Z is; add it to the places by number"),
    ],
)  # fmt: skip
def test_what_cannot_be_simulated_is_told(tmp_path: Path, changes: dict[str, Any], at: str, said: str) -> None:
    """One sentence, with file, line and column."""
    path = written(tmp_path, **changes)
    with pytest.raises(ConfigError) as error:
        read_notification(path, PLACES)
    before = path.read_text().partition(at)[0]
    line, column = before.count("\n") + 1, len(before) - before.rfind("\n")
    assert str(error.value).splitlines()[0] == f"{path}:{line}:{column}: {said}"


def test_what_is_no_notification_is_told(tmp_path: Path) -> None:
    """Not JSON, or not an object."""
    (path := tmp_path / "n.json").write_text('{"a": \n}')
    with pytest.raises(ConfigError, match=r"n\.json:2:1: not JSON: "):
        read_notification(path, PLACES)
    path.write_text("[]")
    with pytest.raises(ConfigError, match="expected a disruption notification of CX-0157, a JSON object"):
        read_notification(path, PLACES)
