"""What may be said of an error across a company's border: a code."""

from __future__ import annotations

import re
from typing import Any

from decai_forecast.errors import DecaiError

__all__ = [
    "CLIENT_FAILED", "KEY_REVOKED", "MALFORMED", "NODE_GONE", "NO_ROWS", "TIMEOUT", "code_of", "coded", "reason_of",
]  # fmt: skip

CLIENT_FAILED = 2  # Flower's own number for a client application that raised
NO_ROWS = "no_rows"  # the node has nothing for a cut-off; of an old one that is no failure
TIMEOUT = "timeout"  # no answer within the plan's time
NODE_GONE = "node_gone"  # the node ended, or lost its connection, before it answered
KEY_REVOKED = "key_revoked"  # the node's keys were taken back
MALFORMED = "malformed"  # an answer that does not hold what was asked for
CODE = re.compile(r"[a-z0-9_]{1,40}")


def code_of(error: BaseException) -> str:
    """The error's code, or ``internal``; never its message, which may name files and rows."""
    return error.code if isinstance(error, DecaiError) else "internal"


def reason_of(reply: Any) -> str:
    """The code in a reply of Flower's that is an error: a node's own, or that Flower could not reach it."""
    return coded(reply.error.reason) if reply.error.code == CLIENT_FAILED else NODE_GONE


def coded(said: Any) -> str:
    """What a node says is its code, if it is one: it is published."""
    return str(said) if CODE.fullmatch(str(said)) else MALFORMED
