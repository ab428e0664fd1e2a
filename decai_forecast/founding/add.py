"""Adding a company to a network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from decai_forecast.contracts import load_contract
from decai_forecast.errors import ConfigError
from decai_forecast.network import Network, Participant, valid_id
from decai_forecast.store import Store

__all__ = ["add_participant", "add_partner"]


def add_partner(network: Network, files: Sequence[Path]) -> tuple[Network, str]:
    """Adds the company that the contracts name as ``tenant``, or gives it further contracts; returns network and id.

    All contracts are checked before anything is written. A running Airflow finds the new DAGs by itself.
    """
    contracts = [load_contract(path, windows=network.windows) for path in files]
    tenants = sorted({contract.partner for contract in contracts})
    if len(tenants) != 1:
        raise ConfigError(
            f"the contracts name {len(tenants)} companies ({', '.join(tenants) or 'none'}); add one company at a time"
        )
    partner = valid_id(tenants[0])
    home = Store(network.home, "network")
    for contract in contracts:
        home.write_bytes(f"contracts/{partner}/{contract.data_set}.odcs.yaml", contract.path.read_bytes())
    return add_participant(network, partner), partner


def add_participant(network: Network, partner: str) -> Network:
    """Adds a company whose contracts lie somewhere else, or are there already; one that takes part stays as it is."""
    if valid_id(partner) not in network.partners:
        network = replace(network, participants=(*network.participants, Participant(partner)))
        network.save()
    return network
