"""The coordinator's desk for companies that are invited, as the service over HTTPS asks it (``founding/apart/desk.py``)."""

from __future__ import annotations

from typing import Protocol

from decai_forecast.link.tls import Caller

__all__ = ["Desk"]


class Desk(Protocol):
    """Both raise :class:`~decai_forecast.errors.LinkError` for whoever shows no invitation, or one that does not hold any
    more."""

    def take(self, caller: Caller, data: bytes) -> None:
        """Keeps the answer to the caller's invitation, once; the same again changes nothing.
        :class:`~decai_forecast.errors.MalformedMessage` or :class:`~decai_forecast.errors.LinkError` for what is none."""

    def admission(self, caller: Caller) -> bytes | None:
        """The envelope with the caller's admission; None before the coordinator has admitted it."""
