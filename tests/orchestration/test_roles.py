"""Roles without an Airflow: which rights a participant's role has, whose passwords are kept, and what a page shows to whom."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from support import NIGHT

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.orchestration.page_html import page
from decai_forecast.orchestration.plan import contract_faults
from decai_forecast.orchestration.role import WHOLE, Installation, Role
from decai_forecast.orchestration.roles.grants import grants_of, own_dags, partner_of, role_of
from decai_forecast.orchestration.roles.sync import passwords_of, wanted_roles
from decai_forecast.orchestration.summaries import houses_shown, last_rounds

OTHER, OWN = "shop_0", "shop_1"


def test_a_role_names_the_dags_of_its_participant_and_no_kind_of_all() -> None:
    """No right on all DAGs, on what cannot be divided by participant, or on people."""
    grants = grants_of(own_dags("acme"))
    named = {resource for _, resource in grants if resource.startswith("DAG:")}
    assert named == {"DAG:deliver_acme", "DAG:report_acme", "DAG:what_if_acme"}
    assert ("can_read", "DAGs") not in grants
    forbidden = {"Assets", "Connections", "Pools", "Variables", "ImportError", "Audit Logs", "Users", "Roles", "Configurations"}
    assert forbidden.isdisjoint(resource for _, resource in grants)
    assert not any(action == "can_delete" for action, _ in grants)


def test_who_has_left_keeps_no_right() -> None:
    """Not even the one to look at pages."""
    assert grants_of(()) == frozenset()


def test_only_our_roles_are_ours() -> None:
    """By their names."""
    assert partner_of(role_of("acme")) == "acme"
    assert partner_of("Admin") == partner_of("Viewer") == ""


def test_a_company_alone_has_one_role(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """That of its own, since nobody else is there."""
    assert tuple(wanted_roles(network)) == network.partners
    monkeypatch.setenv("DECAI_ROLE", "partner")
    monkeypatch.setenv("DECAI_PARTNER", OWN)
    assert wanted_roles(network) == {OWN: own_dags(OWN)}


def test_passwords_are_made_once_and_for_their_owner(tmp_path: Path) -> None:
    """What is there stays, such as that of an earlier `make demo`."""
    logins = tmp_path / "passwords.json"
    logins.write_text(json.dumps({"admin": "kept"}))
    first = passwords_of(logins, {"acme": (), "bravo": ()})
    assert (first["admin"], sorted(first)) == ("kept", ["acme", "admin", "bravo"])
    assert len({*first.values()}) == 3
    assert min(len(first[name]) for name in ("acme", "bravo")) >= 16
    assert logins.stat().st_mode & 0o777 == 0o600
    assert passwords_of(logins, {"acme": ()}) == first


def test_a_given_password_takes_the_place_of_the_kept_one(tmp_path: Path) -> None:
    """That of an operator's secret; the others stay."""
    logins = tmp_path / "logins.json"
    first = passwords_of(logins, {"acme": ()}, {"admin": "one"})
    assert first["admin"] == "one"
    assert passwords_of(logins, {"acme": ()}, {"admin": "2"}) == first | {"admin": "2"}


@pytest.mark.parametrize(
    ("text", "partners", "said"),
    [
        ("{", {}, "not a JSON mapping"),
        ("[]", {}, "not a JSON mapping"),
        ('{"admin": ""}', {}, "not a JSON mapping"),
        ('{"admin": 1}', {}, "not a JSON mapping"),
        ("{}", {"admin": ()}, "called 'admin'"),
    ],
)
def test_logins_that_cannot_be_made_are_told(tmp_path: Path, text: str, partners: dict[str, object], said: str) -> None:
    """Before anything is written."""
    logins = tmp_path / "passwords.json"
    logins.write_text(text)
    with pytest.raises(ConfigError, match=said):
        passwords_of(logins, partners)
    assert logins.read_text() == text


def test_who_may_read_the_coordinators_runs_sees_the_network(network: Network) -> None:
    """Others see each company whose report they may read, as its own Airflow would show it."""
    mine = {f"report_{OWN}", f"deliver_{OWN}"}
    assert houses_shown(network, WHOLE, mine | {"close_round"}) == [WHOLE]
    assert houses_shown(network, WHOLE, mine) == [Installation(Role.PARTNER, OWN)]
    assert houses_shown(network, WHOLE, {"deliver_shop_2"}) == []
    alone = Installation(Role.PARTNER, OWN)
    assert houses_shown(network, alone, set()) == [alone]


def test_a_participants_page_has_nothing_of_others(after: Network) -> None:
    """Neither their names nor their verdicts nor the faults of their contracts."""
    mine = {f"report_{OWN}", f"deliver_{OWN}", f"what_if_{OWN}"}
    rounds = [one for house in houses_shown(after, WHOLE, mine) for one in last_rounds(after, house, 14)]
    text = page(after, rounds, mine, faults={OTHER: "line 3 is wrong", OWN: "line 5 is wrong"})
    assert f"dags/report_{OWN}/reports/{NIGHT.id}/report.html" in text
    assert "line 5 is wrong" in text
    assert OTHER not in text
    assert "line 3" not in text


def test_a_time_that_is_never_in_time_is_a_fault_of_the_plan(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the place in the contract; the others' plans stay as they are."""
    path = network.home / f"contracts/{OWN}/demand.odcs.yaml"
    path.write_text(path.read_text().replace("0 1 * * *", "0 5 * * *"))
    monkeypatch.setenv("DECAI_HOME", str(network.home))
    [(partner, fault)] = contract_faults(network).items()
    assert partner == OWN
    assert "demand.odcs.yaml:" in fault
    assert "a delivery at '0 5 * * *' (UTC) is in time for no round" in fault
