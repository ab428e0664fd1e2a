"""Telling people that a round failed: a log line and a file always, e-mail or webhook where ``network.yaml`` says so."""

from __future__ import annotations

import logging
import os
import smtplib
from datetime import UTC, datetime

from decai_forecast.channels import MailServer, send_mail, send_webhook
from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.network import MailChannel, WebhookChannel

__all__ = ["notify"]

log = logging.getLogger(__name__)


def notify(coordinator: CoordinatorContext, subject: str, text: str) -> list[str]:
    """Sends one message through every channel; returns the channels that failed (a dead channel stops nothing)."""
    log.error("%s: %s", subject, text)
    _to_file(coordinator, subject, text)
    network = coordinator.network
    return [channel.kind for channel in network.notify if not _send(channel, network.name, subject, text)]


def _to_file(coordinator: CoordinatorContext, subject: str, text: str) -> None:
    stamp = datetime.now(UTC)
    at, name = stamp.isoformat(timespec="seconds"), coordinator.network.name
    line = {"at": at, "network": name, "subject": subject, "text": text}
    coordinator.store.write_json(f"notices/{stamp:%Y%m%dT%H%M%S%f}.json", line)


def _send(channel: WebhookChannel | MailChannel, network: str, subject: str, text: str) -> bool:
    try:
        if isinstance(channel, WebhookChannel):
            send_webhook(os.environ[channel.url_env], {"network": network, "subject": subject, "text": text})
        else:
            _mail(channel, f"[{network}] {subject}", text)
    except (OSError, smtplib.SMTPException, KeyError) as error:
        log.error("notify %s failed: %s", channel.kind, type(error).__name__)
        return False
    return True


def _mail(channel: MailChannel, subject: str, text: str) -> None:
    user, password = (os.environ[name] if name else "" for name in (channel.user_env, channel.password_env))
    send_mail(MailServer(channel.host, channel.port, channel.sender, user, password), channel.to, subject, text)
