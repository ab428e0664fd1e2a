"""Who is told when a night fails: the channels of ``notify`` in ``network.yaml``.

::

    notify:
      - {kind: webhook, url_env: DECAI_WEBHOOK_URL}
      - {kind: smtp, host: mail.example.com, port: 587, sender: decai@example.com, to: [ops@example.com],
         user_env: SMTP_USER, password_env: SMTP_PASSWORD}

Secrets come from the environment variable that is named, never from the file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from decai_forecast.documents.constraints import MailAddress, Text, Variable

__all__ = ["Channel", "MailChannel", "WebhookChannel"]


@dataclass(frozen=True)
class WebhookChannel:
    """A JSON message, posted to the address in the environment variable ``url_env``."""

    kind: Literal["webhook"]
    url_env: Variable


@dataclass(frozen=True)
class MailChannel:
    """A mail; over TLS and with a login where ``user_env`` and ``password_env`` name the variables that hold it."""

    kind: Literal["smtp"]
    host: Text
    sender: MailAddress
    to: Annotated[tuple[MailAddress, ...], Field(min_length=1)]
    port: Annotated[int, Field(ge=1, le=65_535)] = 25
    user_env: Variable = ""
    password_env: Variable = ""


Channel = Annotated[WebhookChannel | MailChannel, Field(discriminator="kind")]
