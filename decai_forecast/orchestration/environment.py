"""The settings of a local Airflow: LocalExecutor and SQLite, everything on the loopback interface."""

from __future__ import annotations

import json
import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path

from decai_forecast.network import Network
from decai_forecast.orchestration.role import WHOLE, Installation
from decai_forecast.store import Store

__all__ = ["Stack", "can_have_roles", "has_airflow", "stack_environment"]

ROOT = Path(__file__).parents[2]
MANAGER = "decai_forecast.orchestration.roles.manager.ParticipantAuthManager"
SHORTEST = 15  # seconds between two readings of a DAG file; a second more per company: each costs 0.13 CPU-s a reading
PREFIX = "AIRFLOW__"
PARALLELISM = 2  # more parallel tasks than this and SQLite answers "database is locked"


class Stack:
    """Where one local Airflow keeps its files, which port it uses, whose it is, and whether participants log in, too.

    ``exported``: an operator's settings (``AIRFLOW__SECTION__KEY``), which take the place of ours but for what must fit
    together (folders, addresses, who may log in).
    """

    def __init__(
        self,
        network: Network,
        port: int,
        here: Installation = WHOLE,
        *,
        roles: bool = False,
        exported: Mapping[str, str] | None = None,
    ) -> None:
        self.network, self.port, self.here, self.roles = network, port, here, roles
        self.exported = {name: value for name, value in (exported or {}).items() if name.startswith(PREFIX)}
        self.home = network.home / "airflow"
        self.url = f"http://127.0.0.1:{port}"
        self.user = "admin"

    @property
    def logins(self) -> Path:
        """Login -> password of all who log in, JSON; readable by its owner only."""
        return self.home / "passwords.json"

    @property
    def password(self) -> str:
        """The administrator's password: random, kept in the network's home."""
        return self.password_of(self.user)

    def password_of(self, login: str) -> str:
        """Of a participant, whose login is its id, or of the administrator."""
        passwords: dict[str, str] = json.loads(self.logins.read_text())
        return passwords[login]


def has_airflow() -> bool:
    """Whether Airflow is installed here; the node environment has none."""
    from importlib.util import find_spec

    try:
        return find_spec("airflow") is not None
    except ImportError:  # forbidden
        return False


def can_have_roles() -> bool:
    """Whether Flask-AppBuilder's auth manager is installed, which knows rights per DAG."""
    from importlib.util import find_spec

    return find_spec("airflow.providers.fab") is not None


def _secret(home: Path, name: str, length: int) -> str:
    """A random secret that stays the same for this network."""
    path = home / name
    if not path.exists():
        Store(home, "airflow").create_bytes(name, secrets.token_urlsafe(length).encode())
        path.chmod(0o600)
    return path.read_text()


def stack_environment(stack: Stack) -> dict[str, str]:
    """The environment of the stack's processes; writes the secrets on first use."""
    home = stack.home
    home.mkdir(parents=True, exist_ok=True)
    passwords = stack.logins
    if not passwords.exists():
        Store(home, "airflow").create_bytes("passwords.json", json.dumps({stack.user: secrets.token_urlsafe(12)}).encode())
        passwords.chmod(0o600)
    inherited = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX) and k != "PYTHONDONTWRITEBYTECODE"}
    ours = {name: value for name, value in _defaults(stack).items() if not _is_exported(stack, name)}
    return inherited | ours | stack.exported | stack.here.environment() | _fixed(stack)


def _is_exported(stack: Stack, name: str) -> bool:
    """By its own name, or as a command or a secret, which a plain value would hide."""
    return any(name + suffix in stack.exported for suffix in ("", "_CMD", "_SECRET"))


def _defaults(stack: Stack) -> dict[str, str]:
    """What an operator may set otherwise."""
    home = stack.home
    return {
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": str(PARALLELISM),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60",
        "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "30",  # seconds; the default of 5 is too short on a busy machine
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__BASE_URL": stack.url,
        "AIRFLOW__API__SECRET_KEY": _secret(home, "secret_key", 48),
        "AIRFLOW__API__WORKERS": "1",
        "AIRFLOW__API_AUTH__JWT_SECRET": _secret(home, "jwt_secret", 64),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "10",  # seconds until a new partner's DAGs are seen
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": str(max(SHORTEST, len(stack.network.partners))),
        "AIRFLOW__SCHEDULER__ENABLE_HEALTH_CHECK": "False",
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": "90",  # seconds; a task that is gone is tried again
        "AIRFLOW__OPENLINEAGE__CUSTOM_RUN_FACETS": "decai_forecast.orchestration.lineage.statement_facets",
        "AIRFLOW__OPENLINEAGE__NAMESPACE": stack.network.name,
        "AIRFLOW__OPENLINEAGE__EMISSION_POLICY": json.dumps([{"scope": {}, "controls": {"include_source_code": False}}]),
    }


def _fixed(stack: Stack) -> dict[str, str]:
    """What the processes, the pages and we ourselves must agree on."""
    return {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}",
        "DECAI_HOME": str(stack.network.home),
        "AIRFLOW_HOME": str(stack.home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(ROOT / "dags"),
        "AIRFLOW__CORE__PLUGINS_FOLDER": str(ROOT / "plugins"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{stack.url}/execution/",
        "AIRFLOW__API__PORT": str(stack.port),
        "OMP_NUM_THREADS": "1",
        "MPLBACKEND": "Agg",
        "SPT_NOENV": "1",  # process titles leave the environment readable: by it a stack finds its own processes
    } | _logins(stack)


def _logins(stack: Stack) -> dict[str, str]:
    """Who may log in: the administrator of Airflow's simple login, or everybody with a role of Flask-AppBuilder's."""
    if stack.roles:
        return {"AIRFLOW__CORE__AUTH_MANAGER": MANAGER}
    return {
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": f"{stack.user}:admin",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": str(stack.logins),
    }
