"""Standard base64 as every format here has it: with padding, and of each value exactly one text."""

from __future__ import annotations

import base64
import binascii

__all__ = ["decoded", "encoded"]


def encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()


def decoded(text: str) -> bytes:
    """:class:`ValueError` for what is no base64, or another spelling of it."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"{text[:20]!r} is no base64") from None
    if encoded(data) != text:
        raise ValueError(f"{text[:20]!r} is not the one base64 text of its bytes")
    return data
