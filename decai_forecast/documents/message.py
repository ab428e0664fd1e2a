"""Messages of other participants: JSON of a given form, or :class:`~decai_forecast.errors.MalformedMessage`.

The error names the sender and every fault with its place (``$.counts.rows``), so that the sender can mend it; what was sent is
shown in a few characters at most, and never what a terminal would obey.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from decai_forecast.documents.fault import Fault, Where
from decai_forecast.documents.safe_json import JsonFault, read_json
from decai_forecast.documents.sentences import shown
from decai_forecast.documents.typed import typed
from decai_forecast.errors import MalformedMessage

__all__ = ["LARGEST_MESSAGE", "read_message"]

T = TypeVar("T")
LARGEST_MESSAGE = 1_000_000  # bytes
MOST_FAULTS = 20  # that one error lists


def read_message(data: bytes, form: type[T], *, sender: str, largest: int = LARGEST_MESSAGE) -> T:
    """``data`` as a ``form``; ``largest`` in bytes. :class:`~decai_forecast.errors.MalformedMessage` otherwise."""
    try:
        text = _decoded(data, largest)
        message, faults = typed(read_json(text).value, form, "the message")
    except JsonFault as fault:
        message, faults = None, (Fault(fault.where, fault.text),)
    if faults or message is None:
        raise MalformedMessage(f"{sender} sent a malformed message: {_listed(faults)}")
    return message


def _decoded(data: bytes, largest: int) -> str:
    if len(data) > largest:
        raise JsonFault(0, f"{len(data):,} bytes; at most {largest:,} are read")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise JsonFault(0, f"byte {error.start} is not UTF-8") from None


def _listed(faults: Iterable[Fault]) -> str:
    lines = [f"{_path(fault.where[:-1] if fault.key else fault.where)}: {fault.text}" for fault in faults]
    more = ["and further faults"] if len(lines) > MOST_FAULTS else []
    return "\n  ".join(lines[:MOST_FAULTS] + more)


def _path(where: Where) -> str:
    """As JSONPath has it: ``$.counts[2].rows``."""
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else _key(part) for part in where)


def _key(key: str) -> str:
    return f".{key}" if key.isidentifier() and key.isascii() and len(key) <= 40 else f"[{shown(key)}]"
