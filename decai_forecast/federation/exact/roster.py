"""The roster of one training: who takes part, each known beforehand by its key. All sign it.

Keys are pinned (identity.py), never taken from the coordinator, so nobody in between can take a place or add one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from decai_forecast.federation.exact.errors import BelowQuorum, Refused, Tampered
from decai_forecast.identity import is_signed_by
from decai_forecast.strategies import exact

__all__ = ["MAX_PARTIES", "MIN_PARTIES", "KeyRoster"]

MIN_PARTIES = exact.STRATEGY.companies
MAX_PARTIES = 200  # ranks fit a byte


@dataclass(frozen=True)
class KeyRoster:
    """The participants of one training in the order of their names: a participant's rank is its place."""

    members: tuple[tuple[str, bytes], ...]

    @classmethod
    def of(cls, public_keys: Mapping[str, bytes]) -> KeyRoster:
        return cls(tuple(sorted(public_keys.items())))

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.members)

    @property
    def size(self) -> int:
        return len(self.members)

    @cached_property
    def digest(self) -> bytes:
        whole = hashlib.sha256(b"decai exact roster 1")
        for name, key in self.members:
            whole.update(len(name.encode()).to_bytes(2, "big") + name.encode() + key)
        return whole.digest()

    def rank(self, name: str) -> int:
        if name not in self.names:
            raise Refused(f"{name} is not on the roster; it names {', '.join(self.names)}")
        return self.names.index(name)

    def check(self, pinned: Mapping[str, bytes], minimum: int = MIN_PARTIES) -> None:
        """:class:`Refused` unless these are enough different companies, each with the key that is pinned for it."""
        if not max(MIN_PARTIES, minimum) <= self.size <= MAX_PARTIES:
            raise BelowQuorum(
                f"{self.size} participants; at least {max(MIN_PARTIES, minimum)} and at most {MAX_PARTIES} can train together, "
                "by this company's own network.yaml and pinned keys"
            )
        if self.members != tuple(sorted(self.members)) or len(set(self.names)) < self.size:
            raise Refused("the roster must name each participant once, in alphabetical order")
        if len({key for _, key in self.members}) < self.size:
            raise Refused("two participants of the roster have the same key: one company must not count twice")
        for name, key in self.members:
            if name not in pinned:
                raise Refused(f"no key of {name} is pinned here; if it joined later, `decai federation enter` shows its key")
            if pinned[name] != key:
                raise Refused(f"{name}: the roster's key is not the one pinned for it; ask {name} whether it has a new one")

    def verify(self, rank: int, purpose: str, data: bytes, signature: bytes) -> None:
        """:class:`Tampered`, naming the participant, unless it signed ``data`` for this purpose."""
        name, key = self.members[rank]
        if not is_signed_by(key, purpose, data, signature):
            raise Tampered(f"{name}: its signature of {purpose} is not valid; somebody else sent this or changed it", rank)
