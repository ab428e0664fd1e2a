"""All that a step of the coordinator may see: its own store, its end of the link, and what the network agreed on."""

from __future__ import annotations

from dataclasses import dataclass

from decai_forecast.link import CoordinatorFolder, CoordinatorLink
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

__all__ = ["CoordinatorContext", "coordinator_context"]


@dataclass(frozen=True)
class CoordinatorContext:
    """The coordinator's own: nothing in it opens a company's files."""

    network: Network
    store: Store
    link: CoordinatorLink


def coordinator_context(network: Network) -> CoordinatorContext:
    """The context of the network's coordinator."""
    from decai_forecast.identity import Keyring  # cryptography: not when Airflow reads a DAG file

    address = network.address(COORDINATOR)
    store, inbox, public = Store(address, COORDINATOR), Store(f"{address}/inbox", "inbox"), Store(f"{address}/public", "public")
    return CoordinatorContext(network, store, CoordinatorFolder(inbox, public, Keyring(store), network.partners))
