"""What a participant's role may do, in Flask-AppBuilder's words: pairs of an action and a resource."""

from __future__ import annotations

from collections.abc import Iterable

__all__ = ["PREFIX", "Grant", "grants_of", "own_dags", "partner_of", "role_of"]

Grant = tuple[str, str]

PREFIX = "participant "  # of the names of our roles: no other role is ever touched
KINDS = ("deliver", "report", "what_if")  # DAGs of a participant
OWN = ("can_read", "can_edit")  # of each of its DAGs; `can_edit` starts, clears and pauses it
EVERYWHERE: tuple[Grant, ...] = (  # of DAGs that it may read, and of nothing else
    ("can_read", "DAG Runs"), ("can_create", "DAG Runs"), ("can_edit", "DAG Runs"), ("menu_access", "DAG Runs"),
    ("can_read", "Task Instances"), ("can_edit", "Task Instances"), ("menu_access", "Task Instances"),
    ("can_read", "Task Logs"), ("can_read", "XComs"), ("can_read", "DAG Versions"), ("menu_access", "DAGs"),
    ("can_read", "HITL Detail"), ("can_read", "DAG Dependencies"),  # Airflow's list of DAGs and its graph ask for them
)  # fmt: skip
PAGES: tuple[Grant, ...] = (
    ("can_read", "Website"), ("can_read", "Plugins"),  # the pages of this project are a plugin
    ("can_read", "My Profile"), ("can_edit", "My Profile"), ("can_read", "My Password"), ("can_edit", "My Password"),
)  # fmt: skip


def own_dags(partner: str) -> tuple[str, ...]:
    """The ids of a participant's DAGs."""
    return tuple(f"{kind}_{partner}" for kind in KINDS)


def role_of(partner: str) -> str:
    """The name of the participant's role."""
    return PREFIX + partner


def partner_of(role: str) -> str:
    """Whose role it is; empty where it is none of ours."""
    return role.removeprefix(PREFIX) if role.startswith(PREFIX) else ""


def grants_of(dags: Iterable[str]) -> frozenset[Grant]:
    """All that a role may do whose DAGs are ``dags``; without any it may do nothing."""
    own = {(action, f"DAG:{dag}") for dag in dags for action in OWN}
    return frozenset(own | {*EVERYWHERE, *PAGES}) if own else frozenset()
