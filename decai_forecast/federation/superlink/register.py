"""Which certificates the coordinator has signed for companies, and until when each is taken: ``certificates.json``.

::

    {"3fa2...": {"partner": "acme", "until": "2029-03-05T09:00:00+00:00"}}

The relay and the link's service look here at every connection, so what is taken back is refused in the same round. A
certificate that is not in the file was signed by an earlier release; it is taken as long as its company has no other one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from decai_forecast.federation.superlink.keys import ends_of, serial_of, write_secret

__all__ = ["Certificates"]

ALL = "all"  # in place of a serial number: nothing of this company that is not listed is taken


@dataclass(frozen=True)
class Certificates:
    """``folder``: of the coordinator's own federation files."""

    folder: Path

    @property
    def _file(self) -> Path:
        return self.folder / "certificates.json"

    def _entries(self) -> dict[str, dict[str, str]]:
        return json.loads(self._file.read_text()) if self._file.exists() else {}

    def _write(self, entries: dict[str, dict[str, str]]) -> None:
        part = self._file.with_suffix(".part")
        write_secret(part, json.dumps(entries, indent=1, sort_keys=True).encode())
        part.replace(self._file)

    def add(self, partner: str, certificate: bytes) -> None:
        """Notes one that was signed (PEM)."""
        entry = {"partner": partner, "until": ends_of(certificate).isoformat()}
        self._write(self._entries() | {serial_of(certificate): entry})

    def end(self, partner: str, at: datetime, *, but: bytes = b"") -> None:
        """All certificates of the company but that one (PEM) are taken until ``at`` at most."""
        kept = serial_of(but) if but else ""
        entries = self._entries()
        for serial, one in entries.items():
            if one["partner"] == partner and serial != kept:
                one["until"] = min(datetime.fromisoformat(one["until"]), at).isoformat()
        self._write(entries | {f"{ALL} {partner}": {"partner": partner, "until": at.isoformat()}})

    def is_taken(self, partner: str, serial: str) -> bool:
        """Whether the certificate with this serial number (hexadecimal, as TLS tells it) is one to let in."""
        entries = self._entries()
        now, own = datetime.now(UTC), {k: one for k, one in entries.items() if one["partner"] == partner}
        listed = own.get(serial, own.get(f"{ALL} {partner}"))
        return listed is None or now < datetime.fromisoformat(listed["until"])

    def ends(self) -> dict[str, datetime]:
        """Company -> when its newest certificate ends."""
        listed = [one for serial, one in self._entries().items() if not serial.startswith(ALL)]
        pairs = sorted((datetime.fromisoformat(one["until"]), one["partner"]) for one in listed)
        return {partner: until for until, partner in pairs}
