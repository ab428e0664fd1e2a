"""By which keys the sender of a message is known to its reader."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from decai_forecast.errors import LinkError

if TYPE_CHECKING:  # cryptography: not when Airflow reads a DAG file
    from decai_forecast.identity import Keyring

__all__ = ["keys_of"]


def keys_of(keyring: Keyring, sender: str) -> tuple[bytes, ...]:
    """The public keys of ``sender`` that are taken now, the newest first; none of whom nobody has pinned. :class:`LinkError`
    (``key_revoked``) if its key was taken back."""
    pin = keyring.pins().get(sender)
    if pin is None:
        return ()
    if pin.key is None:
        day = max((one.day for one in pin.revoked), default=None)
        raise LinkError(
            "key_revoked", f"the key of {sender} was taken back on {day}; nothing of it is used until it has a new one"
        )
    return pin.taken(datetime.now(UTC))
