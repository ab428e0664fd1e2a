"""A party's request for a use, signed with its one key, and the door at which the owner's node reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated

from annotated_types import Ge, Le
from pydantic import StringConstraints

from decai_forecast.documents.message import read_message
from decai_forecast.errors import ExchangeError
from decai_forecast.exchange.vocabulary import Action, Purpose
from decai_forecast.identity import Identity, is_signed_by

__all__ = ["Request", "sealed_request", "unsealed"]

SIGNED = "exchange use 1"
LARGEST = 4_096  # bytes
Id = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z0-9-]{1,64}$")]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$")]
Listing = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_]{0,39}/[a-z0-9][a-z0-9_-]{0,59}$")]
Signature = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{128}$")]
Number = Annotated[int, Ge(1), Le(10**9)]


@dataclass(frozen=True)
class Request:
    """``party`` asks to use version ``number`` of ``listing`` under its ``grant``. ``key``: of the party's choice; the same key
    is the same use, however often it is sent."""

    grant: Id
    key: Id
    party: Name
    listing: Listing
    number: Number
    action: Action
    purpose: Purpose


@dataclass(frozen=True)
class Sealed:
    """A request and the signature of its party, hexadecimal."""

    request: Request
    signature: Signature


def sealed_request(request: Request, identity: Identity) -> bytes:
    """The request as it is sent."""
    signature = identity.sign(SIGNED, _text(request)).hex()
    return json.dumps({"request": asdict(request), "signature": signature}, sort_keys=True).encode()


def unsealed(data: bytes, keys: Mapping[str, bytes]) -> Request:
    """The request, if its party signed it with the key that is pinned for it (``keys``). :class:`MalformedMessage` for what is
    no request, :class:`ExchangeError` (``exchange_signature``) for one of somebody else."""
    sealed = read_message(data, Sealed, sender="a party", largest=LARGEST)
    request = sealed.request
    key = keys.get(request.party)
    if key is None or not is_signed_by(key, SIGNED, _text(request), bytes.fromhex(sealed.signature)):
        raise ExchangeError("exchange_signature", f"a request in the name of {request.party} is not signed by its pinned key")
    return request


def _text(request: Request) -> bytes:
    return json.dumps(asdict(request), sort_keys=True, separators=(",", ":")).encode()
