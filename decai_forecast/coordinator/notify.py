"""Telling people that a round failed: a log line and a file always, e-mail or webhook where ``network.yaml`` says so.

::

    notify:
      - {kind: webhook, url_env: DECAI_WEBHOOK_URL}
      - {kind: smtp, host: mail.example.com, port: 587, sender: decai@example.com, to: [ops@example.com],
         user_env: SMTP_USER, password_env: SMTP_PASSWORD}

Secrets come from the environment variable that is named, never from the file.
"""

from __future__ import annotations

import logging
import os
import smtplib
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from decai_forecast.channels import MailServer, send_mail, send_webhook
from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.errors import ConfigError

__all__ = ["notify"]

log = logging.getLogger(__name__)


def notify(coordinator: CoordinatorContext, subject: str, text: str) -> list[str]:
    """Sends one message through every channel; returns the channels that failed (a dead channel stops nothing)."""
    log.error("%s: %s", subject, text)
    _to_file(coordinator, subject, text)
    network = coordinator.network
    return [str(channel.get("kind")) for channel in network.notify if not _send(channel, network.name, subject, text)]


def _to_file(coordinator: CoordinatorContext, subject: str, text: str) -> None:
    stamp = datetime.now(UTC)
    at, name = stamp.isoformat(timespec="seconds"), coordinator.network.name
    line = {"at": at, "network": name, "subject": subject, "text": text}
    coordinator.store.write_json(f"notices/{stamp:%Y%m%dT%H%M%S%f}.json", line)


def _send(channel: Mapping[str, Any], network: str, subject: str, text: str) -> bool:
    kind = str(channel.get("kind"))
    if kind not in CHANNELS:
        raise ConfigError(f"notify: {kind!r} is not known; use {' or '.join(sorted(CHANNELS))}")
    try:
        CHANNELS[kind](channel, network, subject, text)
    except (OSError, smtplib.SMTPException, KeyError, ConfigError) as error:
        log.error("notify %s failed: %s", kind, type(error).__name__)
        return False
    return True


def _webhook(channel: Mapping[str, Any], network: str, subject: str, text: str) -> None:
    send_webhook(os.environ[channel["url_env"]], {"network": network, "subject": subject, "text": text})


def _smtp(channel: Mapping[str, Any], network: str, subject: str, text: str) -> None:
    user, password = (os.environ[channel[key]] if "user_env" in channel else "" for key in ("user_env", "password_env"))
    server = MailServer(channel["host"], int(channel.get("port", 25)), channel["sender"], user, password)
    send_mail(server, channel["to"], f"[{network}] {subject}", text)


CHANNELS: dict[str, Callable[[Mapping[str, Any], str, str, str], None]] = {"webhook": _webhook, "smtp": _smtp}
