"""Where the passwords come from: the environment, or a store of connections such as Airflow's. Never from a contract."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from urllib.parse import parse_qsl, unquote, urlsplit

from decai_forecast.delivery.errors import SourceRefused

__all__ = ["Connection", "Credentials", "EnvironmentCredentials", "OwnCredentials"]

WHOLE = "__extra__"  # Airflow's name, in a URI, for an extra that does not fit into a query


@dataclass(frozen=True)
class Connection:
    """The parts of a connection, as Airflow names them; ``repr`` hides what is secret."""

    login: str = ""
    password: str = field(default="", repr=False)
    host: str = ""
    port: int | None = None
    schema: str = ""
    kind: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Credentials(Protocol):
    """Hands out connections by name; :class:`~decai_forecast.delivery.errors.SourceRefused` for an unknown one."""

    def get(self, name: str) -> Connection: ...


class EnvironmentCredentials:
    """``DECAI_CONN_<NAME>``, else ``AIRFLOW_CONN_<NAME>``: Airflow's URI form or its JSON form."""

    def get(self, name: str) -> Connection:
        """The connection of that name; :class:`SourceRefused` if no variable has it."""
        for prefix in ("DECAI_CONN_", "AIRFLOW_CONN_"):
            if value := os.environ.get(prefix + name.upper()):
                return _parsed(name, value)
        raise SourceRefused(f"connection {name!r} is not known; set DECAI_CONN_{name.upper()} or an Airflow connection")


@dataclass(frozen=True)
class OwnCredentials:
    """The connections of one of several companies that share an Airflow or an environment.

    A contract names the connection *and* the host it is sent to: without this, a company could have another one's password
    sent to itself. A connection belongs to the company whose id it is or begins with, before ``_``; where two ids fit, as
    ``acme`` and ``acme_north`` do for ``acme_north_erp``, to the longer one.
    """

    partner: str
    partners: Sequence[str]
    known: Credentials

    def get(self, name: str) -> Connection:
        """The connection of that name; :class:`SourceRefused` if it is another company's."""
        if self._owner(name.lower()) != self.partner:
            raise SourceRefused(f"connection {name!r} is not one of {self.partner}; its name must begin with '{self.partner}_'")
        return self.known.get(name)

    def _owner(self, name: str) -> str:
        fitting = [one for one in {*self.partners, self.partner} if name == one or name.startswith(f"{one}_")]
        return max(fitting, key=len, default="")


def _parsed(name: str, value: str) -> Connection:
    try:
        return _from_json(json.loads(value)) if value.lstrip().startswith("{") else _from_uri(value)
    except (ValueError, TypeError, AttributeError):  # their texts may hold the value
        raise SourceRefused(
            f"connection {name!r} is neither a URI nor JSON as Airflow writes them; its port is a number, its extra a mapping"
        ) from None


def _from_json(raw: Mapping[str, Any]) -> Connection:
    port = raw.get("port")
    return Connection(
        str(raw.get("login") or ""), str(raw.get("password") or ""), str(raw.get("host") or ""),
        None if port in (None, "") else int(str(port)), str(raw.get("schema") or ""), str(raw.get("conn_type") or ""),
        _extra(raw.get("extra") or {}),
    )  # fmt: skip


def _from_uri(uri: str) -> Connection:
    parts = urlsplit(uri)
    if "://" not in uri:
        raise ValueError("no scheme")
    query = dict(parse_qsl(parts.query))
    return Connection(
        unquote(parts.username or ""), unquote(parts.password or ""), parts.hostname or "", parts.port,
        unquote(parts.path.lstrip("/")), parts.scheme, _extra(query.pop(WHOLE)) if WHOLE in query else query,
    )  # fmt: skip


def _extra(given: Any) -> Mapping[str, Any]:
    found = json.loads(given) if isinstance(given, str) else given
    if not isinstance(found, Mapping):
        raise TypeError("no mapping")
    return found
