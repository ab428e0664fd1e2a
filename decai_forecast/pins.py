"""By which keys a participant knows another one: the newest, those before it for a time, and those that were taken back.

A record of ``identity/pinned.json``, of which only the first two are there before the first change::

    {"algorithm": "Ed25519", "public_key": "...",
     "earlier": [{"public_key": "...", "until": "2026-12-14T09:00:00+00:00"}],
     "revoked": [{"public_key": "...", "day": "2026-11-30"}]}

A key that a company exchanged (`decai federation rotate`) is still taken until ``until``, since messages are under way and
nodes start again one after the other. A key that was taken back (`decai federation revoke`) is taken for nothing more from that
moment on; under a model of a cut-off before ``day`` its signature still counts, beside those of all the others.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

__all__ = ["OVERLAP", "Earlier", "Pin", "Revoked"]

OVERLAP = timedelta(days=14)  # that an exchanged key is still taken, by the reader's own clock


@dataclass(frozen=True)
class Earlier:
    """A key that was exchanged for a newer one."""

    key: bytes
    until: datetime


@dataclass(frozen=True)
class Revoked:
    """A key that was taken back on ``day`` (UTC)."""

    key: bytes
    day: date


@dataclass(frozen=True)
class Pin:
    """``key``: the newest one; None where it was taken back and no other one is pinned."""

    key: bytes | None
    earlier: tuple[Earlier, ...] = ()
    revoked: tuple[Revoked, ...] = ()

    def taken(self, now: datetime) -> tuple[bytes, ...]:
        """The keys that are taken at ``now``, the newest first."""
        newest = (self.key,) if self.key is not None else ()
        return (*newest, *(one.key for one in self.earlier if now < one.until))

    def of_past(self, cutoff: date) -> tuple[bytes, ...]:
        """The keys whose signature counts under a model of ``cutoff``, the newest first."""
        newest = (self.key,) if self.key is not None else ()
        taken_back = (one.key for one in self.revoked if cutoff < one.day)
        return (*newest, *(one.key for one in self.earlier), *taken_back)

    @property
    def ever(self) -> tuple[bytes, ...]:
        """All keys that it was ever known by, the newest first."""
        newest = (self.key,) if self.key is not None else ()
        return (*newest, *(one.key for one in self.earlier), *(one.key for one in self.revoked))

    def is_revoked(self, key: bytes) -> bool:
        """Whether it was taken back."""
        return any(one.key == key for one in self.revoked)

    def is_line(self, one: bytes, other: bytes) -> bool:
        """Whether both are keys of one company, each exchanged for the next; a key that was taken back is in no line."""
        line = {self.key, *(earlier.key for earlier in self.earlier)}
        return one == other or {one, other} <= line

    def succeeded(self, new: bytes, now: datetime) -> Pin:
        """With ``new`` in the place of the newest key, which is still taken for a while."""
        before = () if self.key is None else (Earlier(self.key, now + OVERLAP),)
        return replace(self, key=new, earlier=(*before, *self.earlier))

    def without(self, key: bytes, day: date) -> Pin:
        """With ``key`` taken back; with the newest one the whole line ends: who has it could have taken the earlier ones."""
        ends = self.key == key
        gone = {key, *(one.key for one in self.earlier if ends)}
        back = tuple(Revoked(one, day) for one in sorted(gone) if not self.is_revoked(one))
        rest = tuple(one for one in self.earlier if one.key not in gone)
        return Pin(None if ends else self.key, rest, (*self.revoked, *back))

    def to_json(self) -> dict[str, Any]:
        """Without the parts that are empty; the algorithm is the file's matter."""
        newest = {} if self.key is None else {"public_key": self.key.hex()}
        earlier = [{"public_key": one.key.hex(), "until": one.until.isoformat()} for one in self.earlier]
        revoked = [{"public_key": one.key.hex(), "day": one.day.isoformat()} for one in self.revoked]
        return newest | {name: value for name, value in (("earlier", earlier), ("revoked", revoked)) if value}

    @classmethod
    def from_json(cls, key: bytes | None, record: Mapping[str, Any]) -> Pin:
        """``key``: the newest one, as it was read; :class:`ValueError`, :class:`KeyError` or :class:`TypeError` for damage."""
        earlier = [
            Earlier(bytes.fromhex(one["public_key"]), datetime.fromisoformat(one["until"])) for one in record.get("earlier", ())
        ]
        revoked = [
            Revoked(bytes.fromhex(one["public_key"]), date.fromisoformat(one["day"])) for one in record.get("revoked", ())
        ]
        return cls(key, tuple(earlier), tuple(revoked))
