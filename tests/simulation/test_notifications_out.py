"""Disruption notifications out (CX-0157, DemandAndCapacityNotification 3.0.0), and back in."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from supply_networks import built, demand_of, lanes_of

from decai_forecast.errors import ConfigError
from decai_forecast.periods import Calendar
from decai_forecast.simulation.shocks import Cause, Shock, files_of, notifications, read_notification, scenario_of, told

DAYS = Calendar("D", 28)
NUMBERS = {"s1": "BPNS00000000001A", "dc": "BPNS00000000002B"}
WRITTEN = datetime(2026, 1, 4, 12, tzinfo=UTC)
OPTIONAL = {"affectedSitesSender", "affectedSitesRecipient", "text", "expectedEndDateOfEffect", "sourceDisruptionId",
            "relatedNotificationIds", "materialsAffected", "resolvingMeasureDescription"}  # fmt: skip
REQUIRED = {"leadingRootCause", "effect", "startDateOfEffect", "status", "contentChangedAt", "notificationId"}


def written(*shocks: dict[str, Any]) -> list[dict[str, Any]]:
    lanes = lanes_of(("V", "dc", 1), ("dc", "s1", 1), ("dc", "s2", 1))
    network = built(demand_of({("s1", "a"): 5.0, ("s2", "a"): 4.0}, DAYS), DAYS, lanes=lanes)
    case = told(scenario_of({"name": "secret name", "shocks": list(shocks)}), network)
    return notifications(case, Cause.STRIKE, NUMBERS, WRITTEN)


def shock(kind: str, **more: Any) -> dict[str, Any]:
    return {"kind": kind, "start": 7, "length_days": 14} | more


@pytest.mark.parametrize(
    ("asked", "effect"),
    [
        (shock("site-down", node="dc"), "capacity-reduction"), (shock("ship-pause", node="dc"), "capacity-reduction"),
        (shock("capacity", node="dc", factor=0.3), "capacity-reduction"),
        (shock("demand", node="s1", factor=1.4), "demand-increase"),
        (shock("demand", node="s1", factor=0.4), "demand-reduction"),
    ],
)  # fmt: skip
def test_a_notification_has_the_keys_and_forms_of_the_model(asked: dict[str, Any], effect: str) -> None:
    """All that it must have, nothing that it cannot, and neither factor, words nor the scenario's name."""
    (one,) = written(asked)
    assert REQUIRED <= set(one) <= REQUIRED | OPTIONAL
    assert (one["effect"], one["leadingRootCause"], one["status"]) == (effect, "strike", "open")
    assert re.fullmatch(r"urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", one["notificationId"])
    assert one["affectedSitesSender"] == [NUMBERS[asked["node"]]]
    times = [datetime.fromisoformat(one[key]) for key in ("startDateOfEffect", "expectedEndDateOfEffect", "contentChangedAt")]
    assert all(time.tzinfo for time in times)
    assert (times[1] - times[0]).days == 14
    assert "secret" not in json.dumps(one)
    assert str(asked.get("factor", "secret")) not in json.dumps(one).replace("00:00", "")


def test_who_gets_it_simulates_what_was_told(tmp_path: Path) -> None:
    """The same place, days and items; with the factor that the reader takes for granted."""
    (one,) = written(shock("site-down", node="dc", items=["a"]))
    one["materialsAffected"][0]["materialNumberCustomer"] = "ours"  # the reader's own number, which it has told its supplier
    (path := tmp_path / "n.json").write_text(json.dumps(one))
    found = read_notification(path, {NUMBERS["dc"]: "Supplier"})
    assert found.shocks == (Shock("capacity", "Supplier", date(2026, 1, 12), 14, 0.0, ("ours",)),)


def test_materials_without_our_number_are_refused(tmp_path: Path) -> None:
    """Read past them, the notification would hit all items."""
    (one,) = written(shock("site-down", node="dc", items=["a"]))
    (path := tmp_path / "n.json").write_text(json.dumps(one))
    with pytest.raises(ConfigError, match="no material has a materialNumberCustomer"):
        read_notification(path, {NUMBERS["dc"]: "Supplier"})


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        (shock("supplier-down", node="V"), "V is a supplier"), (shock("lead-time", node="dc", factor=2.0), "has no effect"),
        (shock("demand", node="s2", factor=2.0), "which number s2 has"),
        (shock("demand", node="s1", factor=1.0), "has no effect"),
    ],
)  # fmt: skip
def test_what_cannot_be_told_is_refused(asked: dict[str, Any], words: str) -> None:
    """Others' outages, effects that the standard does not know, sites without a number."""
    with pytest.raises(ConfigError, match=words):
        written(asked)


def test_every_shock_has_a_file_and_the_same_one_again() -> None:
    """Of one shock the name that was given."""
    two = written(shock("site-down", node="dc"), shock("demand", node="s1", factor=2.0))
    assert list(files_of(two, "x.json")) == ["x-1.json", "x-2.json"]
    assert list(files_of(two[:1], "x.json")) == ["x.json"]
    assert two == written(shock("site-down", node="dc"), shock("demand", node="s1", factor=2.0))
    assert len({one["notificationId"] for one in two}) == 2
