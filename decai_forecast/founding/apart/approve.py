"""The coordinator approves what companies ask for about their keys, and takes keys back.

Below ``federation/coordinator``; what is public of it is told with the membership::

    requests/acme.json             the envelope, as acme sent it: the newest
    packages/acme-<digest>.json    the answer to the request of this digest, as acme fetches it
    changes.json                   {"successions": [...], "revoked": [...]}
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

from pydantic import TypeAdapter

from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.federation.superlink.link import Link
from decai_forecast.founding.apart.desk import FoundingDesk
from decai_forecast.founding.apart.keys_papers import KeysRequest
from decai_forecast.identity import Keyring
from decai_forecast.ledger.approvals import note_approval
from decai_forecast.ledger.statements import Matter
from decai_forecast.link import Revocation, Succession
from decai_forecast.link.envelope import NO_ROUND, Kind, sealed
from decai_forecast.store import Store, digest_bytes

__all__ = ["Changes", "KeyChanges"]

FILE = "changes.json"
T = TypeVar("T")


@dataclass(frozen=True)
class Changes:
    """Of keys, since the federation was founded."""

    successions: tuple[Succession, ...] = ()
    revoked: tuple[Revocation, ...] = ()

    @classmethod
    def read(cls, store: Store) -> Changes:
        if not store.exists(FILE):
            return cls()
        return TypeAdapter(cls).validate_json(store.read_bytes(FILE))

    def write(self, store: Store) -> None:
        store.write_bytes(FILE, TypeAdapter(Changes).dump_json(self, indent=1))


@dataclass(frozen=True)
class KeyChanges:
    """``keyring``: the coordinator's own."""

    link: Link
    desk: FoundingDesk
    keyring: Keyring

    def waiting(self) -> list[str]:
        """Companies whose request is not approved, by name."""
        return [name for name in self.desk.asked() if not self.desk.store.exists(self.desk.package_key(name))]

    def request(self, name: str) -> KeysRequest:
        """What the company asks for; :class:`LinkError` if it asks for nothing."""
        return self.desk.request(name)

    def approve(self, name: str, fingerprint: str = "") -> None:
        """Signs the certificate, and takes the new signing key in the place of the old one. Again, it changes nothing.

        ``fingerprint``: of the new signing key, as the company reads it aloud; none where that stays the same.
        """
        request, store = self.desk.request(name), self.desk.store
        if request.succession and request.passport.fingerprint != fingerprint.strip().lower():
            told = f"{name}: its new key is of {request.passport.fingerprint}, and not of {fingerprint or 'nothing read aloud'}"
            raise LinkError("other_fingerprint", f"{told}; it is not approved: somebody else asked, or a digit was misheard")
        identity, key = self.keyring.identity(), self.desk.package_key(name)
        if not store.exists(key):
            admission = self.link.renew(request.passport, identity.public, exchanged=request.succession is not None)
            about = f"No secret: the certificate of {name} for the key that it made."
            store.write_bytes(key, sealed(admission, Kind.ADMISSION, NO_ROUND, identity, about))
        if one := request.succession:
            self._succeed(one)
        package = digest_bytes(store.read_bytes(key))
        note_approval(self.keyring.own_store, Matter.KEYS, f"keys/{name}", package)

    def revoke(self, name: str) -> None:
        """From now on nothing of the company is taken; it may be invited anew."""
        pin, store = self.keyring.pins().get(name), self.desk.store
        if pin is None or pin.key is None:
            raise ConfigError(f"{name}: no key of it is pinned here")
        day, changes = datetime.now(UTC).date(), Changes.read(store)
        line = (pin.key, *(one.key for one in pin.earlier))
        new = tuple(Revocation(name, key.hex(), day) for key in line)
        Changes(changes.successions, _once(changes.revoked, new)).write(store)
        self.keyring.revoke(name, pin.key, day)
        self.link.revoke(name)
        self.desk.forget(name)

    def _succeed(self, one: Succession) -> None:
        changes = Changes.read(self.desk.store)
        Changes(_once(changes.successions, (one,)), changes.revoked).write(self.desk.store)
        if self.keyring.pinned().get(one.partner) == bytes.fromhex(one.old):
            self.keyring.succeed(one.partner, bytes.fromhex(one.new))


def _once(there: tuple[T, ...], new: Iterable[T]) -> tuple[T, ...]:
    return (*there, *(one for one in new if one not in there))
