"""Bringing the roles of Airflow's database in line with the network: one for each participant, with exactly its rights."""

from __future__ import annotations

import json
import logging
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.orchestration.role import installation
from decai_forecast.orchestration.roles.grants import Grant, grants_of, own_dags, partner_of, role_of
from decai_forecast.store import Store

__all__ = ["ADMIN", "SyncedRole", "passwords_of", "read_passwords", "sync_roles", "wanted_roles"]

ADMIN = "admin"
LENGTH = 12  # bytes of a password that is made here


@dataclass(frozen=True)
class SyncedRole:
    """A role as it stands now. ``given`` and ``taken``: rights that it got and lost; ``login``: who has it, if made here."""

    partner: str
    dags: tuple[str, ...]
    given: int
    taken: int
    login: str = ""


def wanted_roles(network: Network) -> dict[str, tuple[str, ...]]:
    """Participant -> its DAGs, of those whose Airflow this is."""
    return {partner: own_dags(partner) for partner in installation(network).partners(network)}


def read_passwords(path: Path) -> dict[str, str]:
    """Login -> password; :class:`ConfigError` where the file is none of ours."""
    try:
        read = json.loads(path.read_text())
    except ValueError:
        read = None
    if not isinstance(read, dict) or not all(isinstance(one, str) and one for one in read.values()):
        raise ConfigError(f"{path}: not a JSON mapping of login to password")
    return read


def passwords_of(logins: Path, partners: Mapping[str, Any], given: Mapping[str, str] | None = None) -> dict[str, str]:
    """Login -> password, of the administrator and each participant; missing ones are made and kept for their owner only.

    ``given``: passwords that take the place of kept ones. :class:`ConfigError` where the file is none of ours.
    """
    if ADMIN in partners:
        raise ConfigError(f"a participant is called {ADMIN!r}, as the administrator's login is; make its login by hand")
    kept = read_passwords(logins) if logins.exists() else {}
    passwords = {name: secrets.token_urlsafe(LENGTH) for name in (ADMIN, *partners)} | kept | dict(given or {})
    if passwords != kept:
        Store(logins.parent, "airflow").write_bytes(logins.name, json.dumps(passwords).encode())
        logins.chmod(0o600)
    return passwords


def sync_roles(network: Network, logins: Path | None = None, given: Mapping[str, str] | None = None) -> list[SyncedRole]:
    """Makes, mends and empties the roles of participants; with ``logins`` everybody who has none gets a login, too.

    ``given``: login -> password that holds from now on, also of a login that is there (an operator's secret).
    A participant that has left keeps its login, and no right. :class:`ConfigError` without Flask-AppBuilder's auth manager.
    """
    try:
        from airflow.providers.fab.auth_manager.cli_commands.utils import get_application_builder
        from werkzeug.security import check_password_hash
    except ImportError:
        raise ConfigError("roles need Flask-AppBuilder's auth manager; install `decai-forecast[roles]`") from None
    logging.getLogger("airflow.providers.fab").setLevel(logging.WARNING)  # it has a line for each right
    wanted = wanted_roles(network)
    with get_application_builder() as builder:
        manager = builder.sm
        manager.sync_roles()  # Airflow's own, such as Admin
        gone = {partner: () for role in manager.get_all_roles() if (partner := partner_of(role.name)) and partner not in wanted}
        changes = [_synced(manager, partner, dags) for partner, dags in sorted((wanted | gone).items())]
        if logins is None:
            return changes
        for login, password in passwords_of(logins, wanted, given).items():
            if (user := manager.find_user(username=login)) is None:
                _make_login(manager, login, password, wanted)
            elif login in (given or {}) and not check_password_hash(user.password or "", password):
                manager.reset_password(user.id, password)  # ends its sessions, too
    return [SyncedRole(one.partner, one.dags, one.given, one.taken, one.partner if one.dags else "") for one in changes]


def _synced(manager: Any, partner: str, dags: tuple[str, ...]) -> SyncedRole:
    role, grants = manager.add_role(role_of(partner)), grants_of(dags)
    held: dict[Grant, Any] = {(one.action.name, one.resource.name): one for one in role.permissions}
    for grant in grants - held.keys():
        manager.add_permission_to_role(role, manager.create_permission(*grant))
    for grant in held.keys() - grants:
        manager.remove_permission_from_role(role, held[grant])
    return SyncedRole(partner, dags, len(grants - held.keys()), len(held.keys() - grants))


def _make_login(manager: Any, login: str, password: str, partners: Mapping[str, Any]) -> None:
    """Of the administrator or a participant; a kept password of who has left makes none."""
    if login not in (ADMIN, *partners):
        return
    role = manager.find_role("Admin" if login == ADMIN else role_of(login))
    manager.add_user(login, login, "", f"{login}@localhost", role, password=password)
