"""What a start needs and a first call asks for: home, disk and owner, the host's clock, the database, libraries, Flower.

Each check gives a line for people. Nothing is changed.
"""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from ctypes.util import find_library
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from decai_forecast.errors import ConfigError
from decai_forecast.network import FILE, Network
from decai_forecast.node_environment import node_python

__all__ = ["Finding", "diagnose", "faults_of_home"]

SPACE = 1_000_000_000  # bytes that a night of some companies may need, with Airflow's database and logs
AHEAD = 300.0  # seconds that a clock may be behind the newest file of a home
DATABASE, PARTNER, ROLE = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "DECAI_PARTNER", "DECAI_ROLE"
PORTS = {"postgresql": 5432, "mysql": 3306}
PATIENCE = 5.0  # seconds for a database to answer


@dataclass(frozen=True)
class Finding:
    """``fault``: what is wrong and what to do, empty if all is well; ``detail``: for people, if it is."""

    name: str
    detail: str = ""
    fault: str = ""


def diagnose(home: Path, environment: Mapping[str, str] | None = None) -> list[Finding]:
    """All checks of the installation at ``home`` with an environment (None: of this process); where the home cannot be used,
    what lies in it is not looked at."""
    environment = os.environ if environment is None else environment
    found = [_library(), _flower(environment), _of("home", faults_of_home(home), str(home))]
    if not found[-1].fault:
        found += [_network(home), _of("clock", _faults_of_clock(home), time.strftime("%Y-%m-%d %H:%M %Z"))]
    return [*found, _role(home, environment), *_database(environment)]


def faults_of_home(home: Path) -> Iterator[str]:
    """Why a night cannot write into ``home``: not there, another user's, on a read-only disk, no space."""
    if not home.is_dir():
        yield f"{home}: not a folder; make a network with `decai network init --home {home}`"
        return
    if os.statvfs(home).f_flag & os.ST_RDONLY:
        yield f"{home} lies on a read-only disk; mount it for writing, or move the home and set DECAI_HOME"
    elif not os.access(home, os.R_OK | os.W_OK | os.X_OK):
        yield (
            f"{home} belongs to {_user(home.stat().st_uid)} and this process is {_user(os.geteuid())}; run it as that user, "
            f"or `chown -R {os.geteuid()} {home}`"
        )
    elif strange := next(_of_others(home), None):
        yield f"{strange} cannot be written by {_user(os.geteuid())}; `chown -R {os.geteuid()} {home}`"
    if (free := shutil.disk_usage(home).free) < SPACE:
        yield f"{home}: {free / 1e6:.0f} MB are free and a night may need {SPACE / 1e6:.0f}; make room"


def _of_others(home: Path) -> Iterator[Path]:
    """What this user cannot write: the first levels of the home, where another user's start would have left something."""
    there = (path for pattern in ("*", "*/*", "stores/*/*") for path in home.glob(pattern))
    return (path for path in there if path.is_dir() and not os.access(path, os.W_OK))


def _user(uid: int) -> str:
    try:
        return f"user {pwd.getpwuid(uid).pw_name} (uid {uid})"
    except KeyError:
        return f"uid {uid}"


def _library() -> Finding:
    fault = "" if find_library("gomp") else "libgomp is not installed and LightGBM needs it: `apt-get install libgomp1`"
    return Finding("libraries", "libgomp", fault)


def _flower(environment: Mapping[str, str]) -> Finding:
    try:
        return Finding("flower", str(node_python(environment)))
    except ConfigError as error:
        return Finding("flower", fault=str(error))


def _of(name: str, faults: Iterator[str], detail: str) -> Finding:
    return Finding(name, detail, "; ".join(faults))


def _network(home: Path) -> Finding:
    try:
        network = Network.load(home)
    except (ConfigError, OSError) as error:
        return Finding("network", fault=str(error))
    return Finding("network", f"{network.name}, {len(network.partners)} partners")


def _role(home: Path, environment: Mapping[str, str]) -> Finding:
    role, partner = environment.get(ROLE) or "all", environment.get(PARTNER, "")
    if role == "partner" and not partner:
        return Finding("role", fault=f"{PARTNER} is missing: {ROLE}=partner needs the id of the company in {home / FILE}")
    return Finding("role", f"{role} {partner}".strip())


def _faults_of_clock(home: Path) -> Iterator[str]:
    there = [home / FILE, *home.glob("stores/*/rounds/*")]
    newest = max((path for path in there if path.exists()), key=lambda path: path.stat().st_mtime, default=None)
    if newest and (ahead := newest.stat().st_mtime - time.time()) > AHEAD:
        yield f"the clock of this host is wrong: {newest} was written {ahead / 60:.0f} minutes from now; set the clock"


def _database(environment: Mapping[str, str]) -> Iterator[Finding]:
    url = environment.get(DATABASE, "")
    if not url or url.startswith("sqlite"):
        return
    parts = urlsplit(url)
    host, port = parts.hostname or "localhost", parts.port or PORTS.get(parts.scheme.partition("+")[0], 0)
    fault = f"the database at {host}:{port} does not answer; start it, or correct {DATABASE}"
    with suppress(OSError), socket.create_connection((host, port), PATIENCE):
        fault = ""
    yield Finding("database", f"{host}:{port}", fault)
