"""What has to be done once before the processes of an Airflow start, at every start: look, lay down the passwords, migrate."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

from decai_forecast.errors import ConfigError
from decai_forecast.upkeep import HomeInUse, diagnose, user_of

__all__ = ["PASSWORDS", "prepare"]

PASSWORDS = "DECAI_PASSWORDS_FILE"  # a secret that may be read-only; Airflow's simple login opens its file for writing
LOGIN = "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE"


def prepare(home: Path, environment: Mapping[str, str] = os.environ) -> None:
    """Raises :class:`ConfigError` with all that is wrong, a line each, before anything is changed."""
    faults = [one.fault for one in diagnose(home, environment) if one.fault]
    faults += _faults_of_airflow(environment)
    if faults:
        raise ConfigError("\n".join(faults))
    if (user := user_of(home)) is not None and user.airflow != airflow_id(environment):
        raise HomeInUse(home, user)
    _lay_passwords(environment)
    if subprocess.run(["airflow", "db", "migrate"], stdin=subprocess.DEVNULL, check=False).returncode:
        raise ConfigError("`airflow db migrate` failed; the lines above say why")


def airflow_id(environment: Mapping[str, str] = os.environ) -> str:
    """Equal for the processes of one Airflow: the mark of a start of ours, else where its database is, without the password."""
    url = environment.get("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "")
    return environment.get("DECAI_STACK") or url.rpartition("@")[2]


def _faults_of_airflow(environment: Mapping[str, str]) -> list[str]:
    folder = Path(environment.get("AIRFLOW_HOME") or "~/airflow").expanduser()
    faults = []
    if folder.exists() and not os.access(folder, os.W_OK):
        faults.append(f"AIRFLOW_HOME {folder} cannot be written by uid {os.geteuid()}; give it to that user")
    if (given := environment.get(PASSWORDS)) and not os.access(given, os.R_OK):
        faults.append(f"{PASSWORDS}={given} cannot be read by uid {os.geteuid()}; make that its owner, with mode 400")
    return faults


def _lay_passwords(environment: Mapping[str, str]) -> None:
    if not (given := environment.get(PASSWORDS)):
        return
    place = Path(environment[LOGIN])
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(Path(given).read_bytes())
