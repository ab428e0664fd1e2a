"""A signed POST of the whole report.

The body is JSON: participant, round, and the files as text under ``files``; SHA-256 of ``files["manifest.json"]`` is the key of
the report. Headers: ``Idempotency-Key`` (that key: a second POST with it is the same report, and answered as the first) and
``X-Decai-Signature: t=<seconds since 1970>,v1=<hex>``, the HMAC-SHA256 of ``<t>.<body>`` under the password of the connection.
"""

from __future__ import annotations

import hmac
import json
import time
from urllib.parse import urlsplit

from decai_forecast.channels import TIMEOUT
from decai_forecast.delivery import Connection
from decai_forecast.reports.send.bundle import Bundle
from decai_forecast.reports.send.errors import Misdescribed, Rejected, Unreachable
from decai_forecast.reports.send.settings import Target

__all__ = ["body_of", "post", "signature"]

HERE = ("localhost", "127.0.0.1", "::1")
LATER = (408, 425, 429)  # answers below 500 that may be another one a moment later


def post(target: Target, connection: Connection, bundle: Bundle) -> None:
    """Delivered is what is answered with 2xx; redirects are not followed."""
    import httpx

    _check(target, connection)
    body, now = body_of(bundle), int(time.time())
    headers = {
        "Content-Type": "application/json",
        "Idempotency-Key": bundle.digest,
        "X-Decai-Signature": f"t={now},v1={signature(connection.password, now, body)}",
    }
    host = urlsplit(target.url).hostname
    try:
        answer = httpx.post(target.url, content=body, headers=headers, timeout=TIMEOUT, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:  # their texts may hold the address with a key
        raise Unreachable(f"{target.name}: {host} does not answer ({type(error).__name__})") from None
    code = answer.status_code
    if code >= 500 or code in LATER:
        raise Unreachable(f"{target.name}: {host} answers {code}")
    if not answer.is_success:
        raise Rejected(f"{target.name}: {host} answers {code}; see the address and the key in its connection")


def body_of(bundle: Bundle) -> bytes:
    """The same for the same bundle."""
    files = {name: data.decode() for name, data in bundle.files.items()}
    body = {"event": "report", "participant": bundle.participant, "round": bundle.round, "files": files}
    return json.dumps(body, sort_keys=True).encode()


def signature(secret: str, seconds: int, body: bytes) -> str:
    """HMAC-SHA256 of ``<seconds>.<body>``, hexadecimal. Who checks it refuses a time too long ago, against repetition."""
    return hmac.new(secret.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest()


def _check(target: Target, connection: Connection) -> None:
    parts = urlsplit(target.url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
        raise Misdescribed(f"{target.name}: a report is sent to https:// addresses only")
    if not connection.password:
        raise Misdescribed(f"{target.name}: connection {target.connection!r} has no password; it is the key of the signature")
