"""The card of a listing's version: what is offered, under which licence, from what it was made. It is public in the network,
and the log has its digest.

A card has no figure of quality: none is there that a statement of the log would bear out. Whatever stands on it is either
computed here (digest, size, number, moment) or said by the owner in words (title, intended use).
"""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass

from decai_forecast.errors import ConfigError
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.vocabulary import Kind
from decai_forecast.store import digest_bytes

__all__ = ["Card", "Draft", "licence_of", "reference_of"]

LISTING = re.compile(r"[a-z0-9][a-z0-9_]{0,39}/[a-z0-9][a-z0-9_-]{0,59}")
REFERENCE = re.compile(rf"({LISTING.pattern})@([1-9][0-9]{{0,8}})")
LONGEST = 400  # characters of a title or an intended use


@dataclass(frozen=True)
class Draft:
    """What the owner says of a version; ``parents``: versions that it was made from, such as ``acme/forecaster@3``."""

    name: str
    kind: Kind
    title: str
    licence: str
    intended_use: str
    parents: tuple[str, ...] = ()
    contributors: int = 0  # companies whose data are in it; 0: not said

    def listing(self, owner: str) -> str:
        """Its id; :class:`ConfigError` for what cannot be one, and for words that are missing."""
        listing = f"{owner}/{self.name}"
        if not LISTING.fullmatch(listing):
            raise ConfigError(f"{self.name!r} is no name of a listing; use small letters, digits, - and _, such as demand")
        for what, text in (("a title", self.title), ("an intended use", self.intended_use)):
            if not 0 < len(text) <= LONGEST or not text.isprintable():
                raise ConfigError(f"{listing} needs {what} of 1 to {LONGEST} characters on one line")
        for parent in self.parents:
            reference_of(parent)
        return listing


@dataclass(frozen=True)
class Card:
    """Of version ``number`` of ``listing``; ``published``: ISO 8601 in UTC; ``size``: bytes of ``file``."""

    listing: str
    number: int
    owner: str
    kind: Kind
    title: str
    licence: str
    intended_use: str
    parents: tuple[str, ...]
    contributors: int
    file: str
    size: int
    published: str
    offer: Offer

    def to_bytes(self) -> bytes:
        """The one text that the card has, whose digest is stated."""
        return json.dumps(asdict(self), sort_keys=True, separators=(",", ":")).encode()

    @property
    def digest(self) -> str:
        return digest_bytes(self.to_bytes())

    @classmethod
    def parse(cls, data: str | bytes) -> Card:
        """Of :meth:`to_bytes`."""
        value = json.loads(data)
        fixed = {"kind": Kind(value["kind"]), "parents": tuple(value["parents"]), "offer": Offer.from_json(value["offer"])}
        return cls(**(value | fixed))


def licence_of(text: str) -> str:
    """The SPDX expression as the list of SPDX writes it; :class:`ConfigError` for what is none."""
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(text))
    except InvalidLicenseExpression:
        told = "is no licence of SPDX; write an expression such as Apache-2.0, CC-BY-4.0 or LicenseRef-our-terms"
        raise ConfigError(f"{text!r} {told}") from None


def reference_of(text: str) -> tuple[str, int]:
    """Listing and number of ``acme/forecaster@3``; :class:`ConfigError` for what is none."""
    found = REFERENCE.fullmatch(text)
    if found is None:
        raise ConfigError(f"{text!r} is no version of a listing, such as acme/forecaster@3")
    return found[1], int(found[2])
