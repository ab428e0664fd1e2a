"""Ways to reach people: e-mail and webhook. Both raise ``OSError`` (or ``smtplib.SMTPException``) when they cannot."""

from __future__ import annotations

import json
import os
import smtplib
import socket
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any

__all__ = ["MailServer", "send_mail", "send_webhook"]

TIMEOUT = 20.0  # seconds for a mail server or a webhook to answer
IMPLICIT_TLS = 465  # the port on which TLS begins with the first byte (RFC 8314)


@dataclass(frozen=True)
class MailServer:
    """Where mail goes out; with a user or ``tls``, over TLS. Without a sender, mail comes from ``decai`` at this machine."""

    host: str
    port: int = 25
    sender: str = ""
    user: str = ""
    password: str = field(default="", repr=False)
    tls: bool = False

    def __repr__(self) -> str:
        return f"MailServer({self.host}:{self.port})"

    @classmethod
    def from_environment(cls) -> MailServer | None:
        """From ``DECAI_SMTP_HOST``, ``_PORT``, ``_SENDER``, ``_USER`` and ``_PASSWORD``; None without a host."""
        given = {key: os.environ.get(f"DECAI_SMTP_{key}", "") for key in ("HOST", "PORT", "SENDER", "USER", "PASSWORD")}
        if not given["HOST"]:
            return None
        return cls(given["HOST"], int(given["PORT"] or 25), given["SENDER"], given["USER"], given["PASSWORD"])

    def connected(self) -> smtplib.SMTP:
        """An open connection, logged in where there is a user."""
        secure = ssl.create_default_context()  # smtplib's own verifies nothing
        if self.port == IMPLICIT_TLS:
            found: smtplib.SMTP = smtplib.SMTP_SSL(self.host, self.port, timeout=TIMEOUT, context=secure)
        else:
            found = smtplib.SMTP(self.host, self.port, timeout=TIMEOUT)
        try:
            if (self.user or self.tls) and self.port != IMPLICIT_TLS:
                found.starttls(context=secure)
            if self.user:
                found.login(self.user, self.password)
        except BaseException:
            found.close()
            raise
        return found


def send_mail(
    server: MailServer,
    to: Sequence[str],
    subject: str,
    text: str,
    html: str = "",
    *,
    attached: Mapping[str, tuple[str, bytes]] | None = None,
    message_id: str = "",
) -> None:
    """``attached``: name -> media type and content. Two mails with one ``message_id`` are one for who gets them."""
    mail = EmailMessage()
    mail["Subject"], mail["From"], mail["To"] = subject, server.sender or f"decai@{socket.getfqdn()}", ", ".join(to)
    if message_id:
        mail["Message-ID"] = message_id
    mail.set_content(text)
    if html:
        mail.add_alternative(html, subtype="html")
    for name, (kind, data) in (attached or {}).items():
        main, _, sub = kind.partition("/")
        mail.add_attachment(data, maintype=main, subtype=sub, filename=name)
    with server.connected() as connection:
        connection.send_message(mail)


def send_webhook(url: str, message: Mapping[str, Any]) -> None:
    """Posts ``message`` as JSON; a status of 400 or more is an ``OSError``."""
    import httpx

    headers = {"Content-Type": "application/json"}
    try:
        httpx.post(url, content=json.dumps(message).encode(), headers=headers, timeout=TIMEOUT).raise_for_status()
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise OSError(type(error).__name__) from None
