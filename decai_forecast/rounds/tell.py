"""Telling a partner what became of its delivery, through the support channel that its contract names.

A channel of the contract is an address (``mailto:`` or plain) or a webhook (``https:``). Mail needs a server: the
environment variables ``DECAI_SMTP_HOST``, ``_PORT``, ``_SENDER``, ``_USER``, ``_PASSWORD``. A copy always lies in the
partner's own store, so that a dead channel loses nothing.
"""

from __future__ import annotations

import logging
import smtplib

from decai_forecast.contracts import Check, Contract
from decai_forecast.rounds.channels import MailServer, send_mail, send_webhook
from decai_forecast.rounds.seat import Seat

__all__ = ["tell"]

log = logging.getLogger(__name__)


def tell(seat: Seat, round_id: str, contract: Contract, found: Check) -> list[str]:
    """Sends the report to every channel of the contract; returns those that could not be reached."""
    subject = f"{contract.data_set} of {seat.partner}, round {round_id}: {found.verdict.replace('_', ' ')}"
    seat.store.write_bytes(f"notices/{round_id}-{contract.data_set}.txt", f"{subject}\n\n{found.to_text()}".encode())
    return [channel for channel in contract.channels if not _reached(channel, subject, found)]


def _reached(channel: str, subject: str, found: Check) -> bool:
    try:
        return _send(channel, subject, found)
    except (OSError, smtplib.SMTPException, ValueError) as error:
        log.warning("the contract's channel could not be reached (%s)", type(error).__name__)
        return False


def _send(channel: str, subject: str, found: Check) -> bool:
    address = channel.removeprefix("mailto:")
    if channel.startswith(("https://", "http://")):
        send_webhook(channel, {"subject": subject, "text": found.to_text(), "verdict": found.verdict})
        return True
    server = MailServer.from_environment()
    if "@" in address and server is not None:
        send_mail(server, [address], subject, found.to_text(), found.to_html())
        return True
    return False
