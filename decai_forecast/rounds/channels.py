"""Ways to reach people: e-mail and webhook. Both raise ``OSError`` (or ``smtplib.SMTPException``) when they cannot."""

from __future__ import annotations

import json
import os
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any

__all__ = ["MailServer", "send_mail", "send_webhook"]

TIMEOUT = 20.0  # seconds for a mail server or a webhook to answer


@dataclass(frozen=True)
class MailServer:
    """Where mail goes out; with a user, over TLS. Without a sender, mail comes from ``decai`` at this machine."""

    host: str
    port: int = 25
    sender: str = ""
    user: str = ""
    password: str = ""

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    @classmethod
    def from_environment(cls) -> MailServer | None:
        """From ``DECAI_SMTP_HOST``, ``_PORT``, ``_SENDER``, ``_USER`` and ``_PASSWORD``; None without a host."""
        given = {key: os.environ.get(f"DECAI_SMTP_{key}", "") for key in ("HOST", "PORT", "SENDER", "USER", "PASSWORD")}
        if not given["HOST"]:
            return None
        return cls(given["HOST"], int(given["PORT"] or 25), given["SENDER"], given["USER"], given["PASSWORD"])


def send_mail(server: MailServer, to: Sequence[str], subject: str, text: str, html: str = "") -> None:
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, server.sender or f"decai@{socket.getfqdn()}", ", ".join(to)
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    with smtplib.SMTP(server.host, server.port, timeout=TIMEOUT) as connection:
        if server.user:
            connection.starttls(context=ssl.create_default_context())  # smtplib's own verifies nothing
            connection.login(server.user, server.password)
        connection.send_message(mail)


def send_webhook(url: str, message: Mapping[str, Any]) -> None:
    import httpx

    headers = {"Content-Type": "application/json"}
    try:
        httpx.post(url, content=json.dumps(message).encode(), headers=headers, timeout=TIMEOUT).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(type(error).__name__) from None
