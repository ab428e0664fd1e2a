"""The coordinator's desk for companies that are invited, or change their keys, as the service over HTTPS asks it
(``founding/apart/desk.py``)."""

from __future__ import annotations

from typing import Protocol

from decai_forecast.link.tls import Caller

__all__ = ["Desk"]


class Desk(Protocol):
    """All raise :class:`~decai_forecast.errors.LinkError` for whoever shows no invitation or certificate that holds."""

    def take(self, caller: Caller, data: bytes) -> None:
        """Keeps the answer to the caller's invitation, once; the same again changes nothing.
        :class:`~decai_forecast.errors.MalformedMessage` or :class:`~decai_forecast.errors.LinkError` for what is none."""

    def admission(self, caller: Caller) -> bytes | None:
        """The envelope with the caller's admission; None before the coordinator has admitted it."""

    def check(self, caller: Caller) -> None:
        """That the company's certificate was not taken back."""

    def take_keys(self, caller: Caller, data: bytes) -> None:
        """Keeps the company's request for new keys or another certificate, in place of an earlier one."""

    def package(self, caller: Caller) -> bytes | None:
        """The envelope with the admission that answers the request; None before the coordinator has approved it."""

    def take_revocation(self, caller: Caller, data: bytes) -> None:
        """Takes back the key that the company says it has lost, at once."""
