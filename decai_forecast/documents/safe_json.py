"""Somebody else's JSON: bounded in depth, every key once, numbers of 64 bits, printable text; with the place of each part.

Python's own reader keeps the last of two equal keys, takes NaN, and reads 1e999 as infinity: two readers of one message could
understand two things.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

from decai_forecast.documents.fault import Where
from decai_forecast.documents.safe_yaml import DEEPEST, UNPRINTABLE

__all__ = ["Json", "JsonFault", "read_json", "too_large"]

LARGEST_INTEGER = 2**63 - 1
STRING = r'"(?:[^"\\]|\\.)*+"?'  # the last quote may be missing: else each quote would be tried to the end of the text
TOKEN = re.compile(rf"{STRING}|[\[\]{{}}:,]|[^\s\[\]{{}}:,\"]+", re.DOTALL)
DIGITS = 20  # of a number that may fit into 64 bits, with its sign


class JsonFault(ValueError):
    """The text is no JSON that may be read: where (character from 0, and path) and why."""

    def __init__(self, offset: int, text: str, where: Where = ()) -> None:
        self.offset, self.text, self.where = offset, text, where
        super().__init__(text)


class Json(NamedTuple):
    """The value, and at which character each part of it begins; ``keys``: the key of the part, where it has one."""

    value: Any
    places: Mapping[Where, int]
    keys: Mapping[Where, int]


class _Token(NamedTuple):
    where: Where
    offset: int
    text: str
    key: bool


def read_json(text: str) -> Json:
    """The value with its places; :class:`JsonFault` at the first thing that may not be there."""
    _shallow(text)
    try:
        value = json.loads(text, parse_int=lambda digits: int(digits[:DIGITS]))
    except json.JSONDecodeError as error:
        raise JsonFault(error.pos, f"not JSON: {error.msg}") from None
    places, keys = dict[Where, int](), dict[Where, int]()
    for token in _tokens(text):
        _harmless(token)
        if not token.key:
            places[token.where] = token.offset
        elif token.where in keys:
            raise JsonFault(token.offset, f"key {_cut(token)} is there twice; keep one of them", token.where[:-1])
        else:
            keys[token.where] = token.offset
    return Json(value, places, keys)


def too_large(number: float) -> bool:
    """Whether another reader of JSON, with integers and floats of 64 bits, would read another number."""
    return abs(number) > LARGEST_INTEGER if isinstance(number, int) else not isfinite(number)


def _shallow(text: str) -> None:
    if text.count("[") + text.count("{") <= DEEPEST:
        return
    depth = 0
    for token in TOKEN.finditer(text):
        depth += (token[0] in ("[", "{")) - (token[0] in ("]", "}"))
        if depth > DEEPEST:
            raise JsonFault(token.start(), f"more than {DEEPEST} lists and mappings inside each other")


def _tokens(text: str) -> Iterator[_Token]:
    """Keys, values and opening brackets of a text that is JSON."""
    where: list[str | int] = []
    awaits_key = False
    for found in TOKEN.finditer(text):
        token, offset = found[0], found.start()
        if token in ("]", "}"):
            where.pop()
            awaits_key = False
        elif token == ",":
            awaits_key = isinstance(where[-1], str)
            where[-1] = where[-1] if isinstance(where[-1], str) else where[-1] + 1
        elif token == ":":
            awaits_key = False
        elif awaits_key:
            where[-1] = json.loads(token)
            yield _Token(tuple(where), offset, token, key=True)
        else:
            yield _Token(tuple(where), offset, token, key=False)
            if token in ("[", "{"):
                where.append(0 if token == "[" else "")
            awaits_key = token == "{"


def _harmless(token: _Token) -> None:
    where = token.where[:-1] if token.key else token.where
    if token.text[0] == '"':
        if character := UNPRINTABLE.search(json.loads(token.text) if "\\" in token.text else token.text):
            raise JsonFault(token.offset, f"the character U+{ord(character[0]):04X} is not allowed", where)
    elif token.text[0] not in "[{tfn" and _too_long(token.text):
        raise JsonFault(token.offset, f"{token.text[:DIGITS]} is no number of 64 bits", where)


def _too_long(digits: str) -> bool:
    whole = digits.lstrip("-").isdigit()
    return len(digits) > DIGITS or too_large(int(digits)) if whole else too_large(float(digits))


def _cut(token: _Token) -> str:
    name = str(token.where[-1])
    return repr(name if len(name) <= 40 else f"{name[:37]}...")
