"""All that a step of the coordinator may see: its own store, its end of the link, and what the network agreed on."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from decai_forecast.errors import ConfigError
from decai_forecast.link import CoordinatorFolder, CoordinatorLink
from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

if TYPE_CHECKING:
    from decai_forecast.link.reception import Reception

__all__ = ["CoordinatorContext", "coordinator_context", "reception"]


@dataclass(frozen=True)
class CoordinatorContext:
    """The coordinator's own: nothing in it opens a company's files."""

    network: Network
    store: Store
    link: CoordinatorLink


def coordinator_context(network: Network) -> CoordinatorContext:
    """The context of the network's coordinator."""
    from decai_forecast.identity import Keyring  # cryptography: not when Airflow reads a DAG file

    store, inbox, public = _stores(network)
    return CoordinatorContext(network, store, CoordinatorFolder(inbox, public, Keyring(store), store, network.partners))


def reception(network: Network) -> Reception:
    """What takes companies' messages that come over HTTPS, for :func:`coordinator_context` to read."""
    from decai_forecast.identity import Keyring
    from decai_forecast.link.reception import Reception

    store, inbox, public = _stores(network)
    return Reception(inbox, public, Keyring(store), _partners_now(network))


def _partners_now(network: Network) -> Callable[[], tuple[str, ...]]:
    """Who belongs to the network at the time of asking; a network.yaml that cannot be read changes nobody's place."""
    last = network.partners

    def partners() -> tuple[str, ...]:
        nonlocal last
        with contextlib.suppress(ConfigError):
            last = Network.load(network.home).partners
        return last

    return partners


def _stores(network: Network) -> tuple[Store, Store, Store]:
    """The coordinator's own, its inbox, and what is public."""
    own = Store(network.address(COORDINATOR), COORDINATOR)
    inbox, public = network.link_folders
    return own, Store(inbox, "inbox"), Store(public, "public")
