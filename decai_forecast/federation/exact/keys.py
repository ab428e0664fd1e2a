"""The keys of one session: fresh, agreed between signed identities, one per use.

1. Each participant broadcasts an X25519 key (RFC 7748), signed with its identity together with session, roster and its rank.
2. The epoch is the digest of session, roster and all signed keys; every later key depends on it.
3. Each sends 32 random bytes to every other under their pair's key; the group's key is derived from all of them. A
   message that opens shows that its sender holds the keys: an old hello, played again, does not get further.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from decai_forecast.federation.exact.errors import Tampered
from decai_forecast.federation.exact.masks import Masks
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.identity import Identity, derive

__all__ = ["HELLO_BYTES", "SHARE_BYTES", "TAG_BYTES", "Hello", "PairKeys"]

SHARE_BYTES, TAG_BYTES = 32, 16
HELLO_BYTES = 32 + 32 + 64  # public key, digest of the share to come, signature
HELLO = "hello"


class Hello:
    """A participant's side of the first message: makes its own, checks the others'."""

    def __init__(self, identity: Identity, roster: KeyRoster, session: bytes) -> None:
        self._roster, self._session = roster, session
        self.rank = roster.rank(identity.name)
        self._secret = X25519PrivateKey.generate()
        public = self._secret.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
        self.share = os.urandom(SHARE_BYTES)
        stated = public + hashlib.sha256(self.share).digest()
        self.body = stated + identity.sign(HELLO, self._signed(self.rank, stated))

    def _signed(self, rank: int, stated: bytes) -> bytes:
        return self._session + self._roster.digest + rank.to_bytes(2, "big") + stated

    def keys(self, bodies: Sequence[bytes]) -> PairKeys:
        """The keys with everybody else; :class:`Tampered` names whose hello is not its own."""
        for rank, body in enumerate(bodies):
            if len(body) != HELLO_BYTES:
                raise Tampered(f"{self._roster.names[rank]}: a hello of {len(body)} bytes; it has {HELLO_BYTES}", rank)
            self._roster.verify(rank, HELLO, self._signed(rank, bytes(body[:64])), bytes(body[64:]))
        epoch = hashlib.sha256(b"epoch" + self._session + self._roster.digest + b"".join(bodies)).digest()
        shared = {rank: self._shared(rank, bytes(body[:32])) for rank, body in enumerate(bodies) if rank != self.rank}
        return PairKeys(self.rank, epoch, shared, tuple(bytes(body[32:64]) for body in bodies))

    def _shared(self, rank: int, public: bytes) -> bytes:
        try:
            return self._secret.exchange(X25519PublicKey.from_public_bytes(public))
        except ValueError:  # of small order: the secret would be zero whatever the own key is (RFC 7748, 6.1)
            raise Tampered(
                f"{self._roster.names[rank]}: its key makes a secret that anybody can know; it is not used", rank
            ) from None


@dataclass(frozen=True)
class PairKeys:
    """What a participant shares with each other one in an epoch; a key is made for one use and pair. ``promised``: digests of
    the shares of the group's key, as each rank signed them in its hello."""

    rank: int
    epoch: bytes
    shared: dict[int, bytes]
    promised: tuple[bytes, ...] = ()

    def _key(self, use: str, other: int) -> bytes:
        low, high = sorted((self.rank, other))
        return derive(self.shared[other], f"{use}|{low}|{high}", self.epoch)

    def seals(self) -> dict[int, AESGCM]:
        return {other: AESGCM(self._key("seal", other)) for other in self.shared}

    def tags(self) -> dict[int, AESGCM]:
        """What tells each other participant that a broadcast is this one's: their common seal is known to all."""
        return {other: AESGCM(self._key("tag", other)) for other in self.shared}

    def masks(self) -> Masks:
        def of(use: str) -> list[tuple[int, bytes]]:
            return [(1 if self.rank < other else -1, self._key(use, other)) for other in self.shared]

        return Masks(partial(of, "mask 32"), partial(of, "mask 64"))

    def of_tree(self, number: int) -> dict[int, bytes]:
        """With each other, for the masks of what an audit of one tree opens: shown, they tell nothing of any other sum."""
        return {other: self._key(f"tree {number}", other) for other in self.shared}

    def group_seal(self, shares: Sequence[bytes]) -> AESGCM:
        """The cipher of broadcasts; ``shares`` of all ranks in order."""
        return AESGCM(derive(b"".join(shares), "group seal", self.epoch))

    def kept_promise(self, rank: int, share: bytes) -> bool:
        """Whether ``share`` is the one that all got the digest of."""
        return hashlib.sha256(share).digest() == self.promised[rank]
