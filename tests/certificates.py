"""Certificates of models, as companies sign them at the end of an exact training."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace

from decai_forecast.federation.exact.certificate import Certificate
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.identity import Identity

__all__ = ["certificate"]


def certificate(identities: Iterable[Identity], subject: str, text: str) -> Certificate:
    """Signed by these companies; ``subject``: cut-off and quantile."""
    signers = sorted(identities, key=lambda one: one.name)
    roster = KeyRoster.of({one.name: one.public for one in signers})
    digest = hashlib.sha256(text.encode()).digest()
    unsigned = Certificate(subject, roster.names, roster.digest, b"e" * 32, b"t" * 32, digest, ())
    return replace(unsigned, signatures=tuple(one.sign("certificate", unsigned.statement) for one in signers))
