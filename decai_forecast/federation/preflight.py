"""What all must have in common before they train: versions, features, and what the network agreed on.

A node says what it has; the coordinator compares and names who has something else, and what. The exact strategy compares
plan and LightGBM once more among the companies themselves, who need not believe the coordinator.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from decai_forecast.code_book import CodeBook
from decai_forecast.errors import FederationError
from decai_forecast.network import Agreement

__all__ = [
    "PROTOCOL",
    "OtherAgreement",
    "OtherCodeBook",
    "OtherFeatures",
    "OtherPrivacy",
    "OtherStrategy",
    "OtherTerms",
    "OtherVersion",
    "agreed_by",
    "agreement",
    "compare",
    "schema_of",
    "versions",
]

PROTOCOL = 2  # of our own messages, features and trees; another one where a release changes what is summed or how trees grow
LIBRARIES = ("flwr", "lightgbm")
VERSION = re.compile(r"[0-9A-Za-z.+!-]{1,40}")  # a version (PEP 440); anything else of a stranger's is not shown


class OtherVersion(FederationError):
    """A library of another version: its trees or features could be others."""

    code = "other_version"


class OtherFeatures(FederationError):
    """Training rows with other columns: they were prepared by another version or from other settings."""

    code = "other_features"


class OtherAgreement(FederationError):
    """Another ``network.yaml``: frequency, horizon or a setting of the training."""

    code = "other_agreement"


class OtherCodeBook(FederationError):
    """Asked for rows with the codes of another ``code_book`` than the own ``network.yaml`` had when they were made."""

    code = "other_code_book"


class OtherStrategy(FederationError):
    """Asked for what another strategy tells than the own ``network.yaml`` says; ``exact``, which tells least, is answered."""

    code = "other_strategy"


class OtherTerms(FederationError):
    """Asked to grow trees by other parameters, for other quantiles, or for more of them, than the company itself trains by."""

    code = "other_terms"


class OtherPrivacy(FederationError):
    """Asked for sums without the noise, or with another epsilon, budget or delta, than the own ``network.yaml`` says; or for
    exact scores of rows that are trained on in private."""

    code = "other_privacy"


def versions() -> dict[str, str]:
    """Library -> version, of those whose version changes models or messages. Of this one it is the protocol that counts:
    releases that share it train together, so that no company stops the others by a new release in the midst of a night."""
    return {"protocol": str(PROTOCOL)} | {name: version(name) for name in LIBRARIES}


def agreement(
    frequency: str, horizon: int, privacy: str = "", early_stopping_rounds: int = 0, code_book: CodeBook | None = None
) -> str:
    """Digest of what the network agreed on and every participant reads from its own ``network.yaml``; ``privacy``: terms."""
    basis = {"frequency": frequency, "horizon": horizon, "code_book": code_book and code_book.to_json()}
    return _digest(basis | {"privacy": privacy, "early_stopping_rounds": early_stopping_rounds})


def agreed_by(network: Agreement) -> str:
    """The digest of what ``network`` agreed on."""
    privacy = network.privacy.terms if network.privacy else ""
    return agreement(network.frequency, network.horizon, privacy, network.early_stopping_rounds, network.code_book)


def schema_of(columns: Iterable[str]) -> str:
    """Digest of the names of the columns that are trained on, in their order."""
    return _digest(list(columns))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def compare(partner: str, said: Mapping[str, Any], schemas: Iterable[str], agreed: str) -> None:
    """Raises the first mismatch; the text names the partner, what it has and what is expected."""
    for name, expected in versions().items():
        found = str(said.get(f"version-{name}", "none"))
        if found != expected:
            shown = found if VERSION.fullmatch(found) else "something that is no version"
            own = str(said.get("release", ""))
            which = f" (release {own})" if VERSION.fullmatch(own) else ""
            raise OtherVersion(f"{partner} has {name} {shown}{which}; this training needs {expected}: install the same release")
    if said.get("schema") not in set(schemas):
        raise OtherFeatures(f"{partner} has training rows with other columns; prepare the round with the same release")
    if agreed and said.get("agreed") != agreed:
        what = "has another frequency or horizon in its network.yaml, or other settings of the training"
        raise OtherAgreement(f"{partner} {what}; compare the files")
