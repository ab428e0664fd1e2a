"""Passwords and tokens do not belong into a file: finding them, and never showing them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from decai_forecast.documents.fault import Fault, Where

__all__ = ["masked", "secret_faults"]

WORDS = ("password", "passwd", "pwd", "token", "secret", "accesskey", "apikey", "privatekey", "credential", "signature")
IN_WORDS = "|".join(WORDS).replace("accesskey|apikey|privatekey", "access[-_]?key|api[-_]?key|private[-_]?key")
# each pattern begins with what is rare: tried at every letter of a long word, it would take the square of its length
USER = re.compile(r"(?:://[^/\s:@'\"]*:)(?P<secret>[^/\s@'\"]+)(?=@)", re.IGNORECASE)
QUERY = re.compile(rf"(?:[?&;](?P<name>[\w.-]*(?:{IN_WORDS})[\w.-]*|key|sig|auth)=)(?P<secret>[^&#\s'\"]+)", re.IGNORECASE)
VALUE = r"['\"]?(?P<secret>[^\s'\",}\]][^\n'\",}\]]*)"
KEY = re.compile(rf"(?:(?:{IN_WORDS})['\"]?\s*:\s*){VALUE}", re.IGNORECASE)
PROPERTY = re.compile(rf"(?:property:\s*['\"]?[\w-]*(?:{IN_WORDS})[\w-]*['\"]?\s*,\s*value:\s*){VALUE}", re.IGNORECASE)
FIRST = re.compile(rf"(?:value:\s*){VALUE}(?=['\"]?,\s*property:\s*['\"]?[\w-]*(?:{IN_WORDS}))", re.IGNORECASE)


def masked(text: str) -> str:
    """``text`` with a star for each character of a secret, so that places stay what they are."""
    for pattern in (USER, QUERY, KEY, PROPERTY, FIRST):
        text = pattern.sub(_starred, text)
    return text


def _starred(found: re.Match[str]) -> str:
    begin, end = found.start("secret") - found.start(), found.end("secret") - found.start()
    return found[0][:begin] + "*" * (end - begin) + found[0][end:]


def secret_faults(value: Any, where: Where, advice: str) -> Iterator[Fault]:
    """Secrets anywhere in ``value``, which stands at ``where``; the secret itself is in no message.

    ``advice`` follows the name of what holds the secret: "does not belong into a contract; name a connection".
    """
    if isinstance(value, Mapping):
        for key, item in value.items():
            named = key if key != "property" else item
            if item and _secret(str(named)) and (key != "property" or value.get("value")):
                yield Fault((*where, key), f"{named} {advice}", key != "property")
            else:
                yield from secret_faults(item, (*where, key), advice)
    elif isinstance(value, list):
        for k, item in enumerate(value):
            yield from secret_faults(item, (*where, k), advice)
    elif isinstance(value, str):
        yield from _in_address(value, where, advice)


def _in_address(value: str, where: Where, advice: str) -> Iterator[Fault]:
    place = next((part for part in reversed(where) if isinstance(part, str)), "")
    if USER.search(value):
        yield Fault(where, f"a password in {place} {advice}")
    elif found := QUERY.search(value):
        yield Fault(where, f"{found['name']} in {place} {advice}")


def _secret(name: str) -> bool:
    return any(word in name.lower().replace("_", "").replace("-", "") for word in WORDS)
