"""What has to be done once before the processes of an Airflow start, at every start: look, migrate, make logins and roles."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from decai_forecast.errors import ConfigError
from decai_forecast.network import Network
from decai_forecast.orchestration.environment import MANAGER
from decai_forecast.upkeep import HomeInUse, diagnose, user_of

__all__ = ["PASSWORDS", "prepare"]

PASSWORDS = "DECAI_PASSWORDS_FILE"  # a secret that may be read-only: the administrator's password, and others that are given
LOGIN = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"  # which Airflow's simple login opens for writing
AUTH_MANAGER = "AIRFLOW__CORE__AUTH_MANAGER"
LOGINS = "logins.json"  # in AIRFLOW_HOME: login -> password of the administrator and each participant, as they were made


def prepare(home: Path, environment: Mapping[str, str] = os.environ) -> Path | None:
    """Where first passwords lie, if participants log in, too.

    Raises :class:`ConfigError` with all that is wrong, a line each, before anything is changed.
    """
    faults = [one.fault for one in diagnose(home, environment) if one.fault]
    faults += _faults_of_airflow(environment)
    if faults:
        raise ConfigError("\n".join(faults))
    if (user := user_of(home)) is not None and user.airflow != airflow_id(environment):
        raise HomeInUse(home, user)
    _lay_passwords(environment)
    if subprocess.run(["airflow", "db", "migrate"], stdin=subprocess.DEVNULL, check=False).returncode:
        raise ConfigError("`airflow db migrate` failed; the lines above say why")
    return _sync_roles(home, environment) if environment.get(AUTH_MANAGER) == MANAGER else None


def airflow_id(environment: Mapping[str, str] = os.environ) -> str:
    """Equal for the processes of one Airflow: the mark of a start of ours, else where its database is, without the password."""
    url = environment.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")
    return environment.get("DECAI_STACK") or url.rpartition("@")[2]


def _airflow_home(environment: Mapping[str, str]) -> Path:
    return Path(environment.get("AIRFLOW_HOME") or "~/airflow").expanduser()


def _faults_of_airflow(environment: Mapping[str, str]) -> list[str]:
    folder = _airflow_home(environment)
    faults = []
    if folder.exists() and not os.access(folder, os.W_OK):
        faults.append(f"AIRFLOW_HOME {folder} cannot be written by uid {os.geteuid()}; give it to that user")
    if (given := environment.get(PASSWORDS)) and not os.access(given, os.R_OK):
        faults.append(f"{PASSWORDS}={given} cannot be read by uid {os.geteuid()}; make that its owner, with mode 400")
    return faults


def _lay_passwords(environment: Mapping[str, str]) -> None:
    """For Airflow's simple login, where it is that."""
    if not (given := environment.get(PASSWORDS)) or not environment.get(LOGIN):
        return
    place = Path(environment[LOGIN])
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(Path(given).read_bytes())


def _sync_roles(home: Path, environment: Mapping[str, str]) -> Path:
    """A role and a login for each participant; passwords of the secret hold at every start."""
    from decai_forecast.orchestration.roles.sync import read_passwords, sync_roles

    secret, logins = environment.get(PASSWORDS), _airflow_home(environment) / LOGINS
    sync_roles(Network.load(home), logins, read_passwords(Path(secret)) if secret else None)
    return logins
