"""The files of one report, as they lie in the participant's outbox."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from decai_forecast.reports.bundle_files import MANIFEST, REPORT_FILES, SIGNATURE
from decai_forecast.store import Store

__all__ = ["Bundle", "bundle_of", "outbox_key"]

UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


def outbox_key(round_id: str, name: str) -> str:
    """Where a file of the report lies in the participant's store."""
    return f"outbox/{round_id}/{name}"


@dataclass(frozen=True)
class Bundle:
    """``files`` in the order in which they are written: the manifest and its signature last, so that they promise nothing
    that is not there."""

    participant: str
    round: str
    files: Mapping[str, bytes]

    @property
    def digest(self) -> str:
        """SHA-256 of the manifest, which names the digests of all the others: the bundle's identity."""
        return sha256(self.files[MANIFEST]).hexdigest()

    @property
    def headline(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = json.loads(self.files["report.json"])["headline"]
        return found

    @property
    def subject(self) -> str:
        """One line, without control characters."""
        subject = f"Resilience report of {self.participant}, round {self.round}: {self.headline['title']}"
        return UNPRINTABLE.sub(" ", subject)

    @property
    def text(self) -> str:
        """The three sentences, for a person without a browser."""
        return "\n\n".join(UNPRINTABLE.sub(" ", sentence) for sentence in self.headline["sentences"]) + "\n"


def bundle_of(store: Store, participant: str, round_id: str) -> Bundle:
    """Reads the outbox; :class:`StoreError` if the round has no report there."""
    names = [name for name in REPORT_FILES if name not in (MANIFEST, SIGNATURE) and store.exists(outbox_key(round_id, name))]
    ordered = [*names, MANIFEST, SIGNATURE]
    return Bundle(participant, round_id, {name: store.read_bytes(outbox_key(round_id, name)) for name in ordered})
