"""Introducing the participants of one host to one another: each takes only messages that are signed with a key it knows.

Before a round and not when the network is founded: stores may be moved until the first one.
"""

from __future__ import annotations

from decai_forecast.network import COORDINATOR, Network
from decai_forecast.store import Store

__all__ = ["introduce"]


def introduce(network: Network) -> None:
    """Where one host holds all stores, every participant learns everybody's key, once; another call writes nothing.

    :class:`~decai_forecast.errors.IdentityError` if a key is damaged, or not the one that somebody knows. Companies with hosts
    of their own pin the keys whose fingerprint they have compared (``decai federation enter``).
    """
    from decai_forecast.identity import Keyring, introduced  # cryptography: not when Airflow reads a DAG file

    names = (COORDINATOR, *(participant.id for participant in network.participants))
    introduced(Keyring(Store(network.address(name), name)) for name in names)
