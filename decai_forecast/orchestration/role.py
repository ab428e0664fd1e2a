"""Whose Airflow this is: ``DECAI_ROLE`` and ``DECAI_PARTNER`` decide which DAGs and pages an installation has.

``all`` (default): every participant's, on one host. ``coordinator``: the coordinator's. ``partner``: those of the company that
``DECAI_PARTNER`` names, and nothing of any other.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from decai_forecast.errors import ConfigError
from decai_forecast.network import FILE, Network

__all__ = ["PARTNER", "ROLE", "WHOLE", "Installation", "Role", "installation"]

ROLE, PARTNER = "DECAI_ROLE", "DECAI_PARTNER"


class Role(StrEnum):
    """Which house an Airflow belongs to."""

    PARTNER = "partner"
    COORDINATOR = "coordinator"
    ALL = "all"


@dataclass(frozen=True)
class Installation:
    """``partner``: the company whose Airflow this is; empty in the other roles."""

    role: Role
    partner: str = ""

    @property
    def coordinates(self) -> bool:
        """Whether the coordinator's store is here."""
        return self.role is not Role.PARTNER

    @property
    def watches(self) -> bool:
        """Whether messages come from other hosts, over the link, and not from tasks of this Airflow."""
        return self.role is not Role.ALL

    def partners(self, network: Network) -> tuple[str, ...]:
        """The companies whose stores are here, sorted."""
        if self.role is Role.ALL:
            return network.partners
        return (self.partner,) if self.partner else ()

    def environment(self) -> dict[str, str]:
        """The variables that say so."""
        return {ROLE: self.role.value, PARTNER: self.partner}


WHOLE = Installation(Role.ALL)


def installation(network: Network, environment: Mapping[str, str] = os.environ) -> Installation:
    """Of this process; :class:`ConfigError` names the variable, what it says and what it may say."""
    role, partner = _role(environment.get(ROLE, "")), environment.get(PARTNER, "")
    if role is not Role.PARTNER:
        if partner:
            raise ConfigError(
                f"{PARTNER} is {partner!r} and {ROLE} is {role.value!r}; only {ROLE}=partner has a company of its own"
            )
        if role is Role.ALL and network.link.way == "https":
            apart = f"{network.home / FILE}: the companies are apart (link: way: https)"
            raise ConfigError(f"{apart}; an Airflow is of one of them or of the coordinator: set {ROLE}")
        return Installation(role)
    if partner not in network.partners:
        expected = f"one of {', '.join(network.partners) or 'none'}, the partners in {network.home / FILE}"
        raise ConfigError(f"{PARTNER} is {partner!r}; expected, with {ROLE}=partner, {expected}")
    return Installation(role, partner)


def _role(text: str) -> Role:
    """An empty variable counts as none, as docker-compose passes those that are not set."""
    try:
        return Role(text or Role.ALL)
    except ValueError:
        raise ConfigError(f"{ROLE} is {text!r}; expected one of {', '.join(Role)}") from None
