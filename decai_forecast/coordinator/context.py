"""All that a step of the coordinator may see: its own store, its end of the link, and what the network agreed on."""

from __future__ import annotations

from dataclasses import dataclass

from decai_forecast.link import CoordinatorFolder
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

__all__ = ["CoordinatorContext", "coordinator_context"]


@dataclass(frozen=True)
class CoordinatorContext:
    """The coordinator's own: nothing in it opens a company's files."""

    network: Network
    store: Store
    link: CoordinatorFolder


def coordinator_context(network: Network) -> CoordinatorContext:
    """The context of the network's coordinator."""
    address = network.address(COORDINATOR)
    link = CoordinatorFolder(Store(f"{address}/inbox", "inbox"), Store(f"{address}/public", "public"), network.partners)
    return CoordinatorContext(network, Store(address, COORDINATOR), link)
