"""Telling a partner what became of its delivery, through the support channel that its contract names.

A channel of the contract is an address (``mailto:`` or plain) or a webhook (``https:``). Mail needs a server: the
environment variables ``DECAI_SMTP_HOST``, ``_PORT``, ``_SENDER``, ``_USER``, ``_PASSWORD``. A copy always lies in the
partner's own store, so that a dead channel loses nothing. Of one verdict on one data set in one round a partner hears once.
"""

from __future__ import annotations

import logging
import smtplib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.errors import MessageError
from pathlib import Path

from decai_forecast.channels import MailServer, send_mail, send_webhook
from decai_forecast.contracts import Contract, load_contract
from decai_forecast.errors import ConfigError, ContractError, DeliveryError
from decai_forecast.partner.context import DEMAND
from decai_forecast.store import Store

__all__ = ["Notice", "known_channels", "remember_channels", "tell", "tell_of_failure"]

log = logging.getLogger(__name__)
CHANNELS = "notices/channels.json"


@dataclass(frozen=True)
class Notice:
    """What a partner is told: the verdict on a data set in a round, as text and, for mail, as a page. ``about``: the subject,
    where it is no verdict of a round."""

    partner: str
    round: str
    data_set: str
    verdict: str
    text: str
    html: str = ""
    about: str = ""

    @property
    def subject(self) -> str:
        return self.about or f"{self.data_set} of {self.partner}, round {self.round}: {self.verdict.replace('_', ' ')}"


def tell(store: Store, channels: Sequence[str], notice: Notice) -> list[str]:
    """Sends the notice to every channel, once; returns the channels that could not be reached."""
    name = f"notices/{notice.round}-{notice.data_set}"
    if not store.create_bytes(f"{name}-{notice.verdict}.told", b"{}"):
        return []
    store.write_bytes(f"{name}.txt", f"{notice.subject}\n\n{notice.text}".encode())
    return [channel for channel in channels if not _reached(channel, notice)]


def tell_of_failure(store: Store, contract_files: Sequence[Path], partner: str, round_id: str, error: BaseException) -> None:
    """Tells the company of what kept its delivery from being checked, as far as it can mend it."""
    if isinstance(error, DeliveryError):
        notice = Notice(partner, round_id, DEMAND, "not_delivered", str(error))
    elif isinstance(error, ConfigError):
        notice = Notice(partner, round_id, "contract", "broken", str(error))
    else:
        return
    tell(store, known_channels(store, contract_files), notice)


def remember_channels(store: Store, contracts: Mapping[str, Contract]) -> None:
    """Keeps the channels for a night on which the contract cannot be read."""
    channels = sorted({channel for contract in contracts.values() for channel in contract.channels})
    if not store.exists(CHANNELS) or store.read_json(CHANNELS) != channels:
        store.write_json(CHANNELS, channels)


def known_channels(store: Store, contract_files: Sequence[Path]) -> tuple[str, ...]:
    """The channels of all contracts that can be read; where one cannot, also those of the last night."""
    found: dict[str, None] = {}
    broken = False
    for path in contract_files:
        try:
            found |= dict.fromkeys(load_contract(path, strict=False).channels)
        except ContractError:
            broken = True
    if broken and store.exists(CHANNELS):
        found |= dict.fromkeys(store.read_json(CHANNELS))
    return tuple(found)


def _reached(channel: str, notice: Notice) -> bool:
    try:
        return _sent(channel, notice)
    except (OSError, smtplib.SMTPException, MessageError, ValueError) as error:
        log.warning("a channel of %s could not be reached (%s)", notice.partner, type(error).__name__)
        return False


def _sent(channel: str, notice: Notice) -> bool:
    if channel.startswith(("https://", "http://")):
        send_webhook(channel, {"subject": notice.subject, "text": notice.text, "verdict": notice.verdict})
        return True
    address = channel.removeprefix("mailto:")
    if "@" not in address:
        said = "support channel %r of %s cannot be used; give it an e-mail address, or a url that begins with https://"
        log.warning(said, channel, notice.partner)
        return False
    server = MailServer.from_environment()
    if server is None:
        log.warning("no mail to %s: DECAI_SMTP_HOST is not set; the notice lies in the partner's store", notice.partner)
        return False
    send_mail(server, [address], notice.subject, notice.text, notice.html)
    return True
