"""Messages of a coordinator that is gone: taken only where the reader's own copy of the log vouches for these very bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:  # cryptography: not when Airflow reads a DAG file
    from decai_forecast.identity import Keyring

__all__ = ["vouched_keys"]


def vouched_keys(keyring: Keyring, key: str, data: bytes) -> tuple[bytes, ...]:
    """By which keys of former coordinators the public file ``key`` with the bytes ``data`` may be signed.

    A former key alone proves nothing: it may be lost, or in somebody's hands. But what lies in the participant's copy of the
    log's files was stated, witnessed and compared by its digest before the key was given up.
    """
    from decai_forecast.ledger.mirror import MIRROR
    from decai_forecast.ledger.names import former_keys

    store = keyring.own_store
    former = former_keys(store)
    if not former or not store.exists(copy := f"{MIRROR}/{key}") or store.read_bytes(copy) != data:
        return ()
    return former
