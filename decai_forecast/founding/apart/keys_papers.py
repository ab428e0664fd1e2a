"""What passes when a company changes its keys: its request, and the statements by which others know that it is still itself."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from decai_forecast.documents import Fault
from decai_forecast.errors import LinkError
from decai_forecast.federation.superlink.passport import Passport
from decai_forecast.identity import Identity, Keyring, is_signed_by
from decai_forecast.link import Succession
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, opened, sealed
from decai_forecast.link.keys import keys_of

__all__ = ["KeysRequest", "holds", "opened_request", "sealed_request", "succession"]

PURPOSE = "succession"


@dataclass(frozen=True)
class KeysRequest:
    """Of a company that asks for another certificate. ``succession``: that its signing key is a new one, too."""

    passport: Passport
    succession: Succession | None = None

    def faults(self) -> Iterator[Fault]:
        """Keys that cannot be used, or are not those that the succession names."""
        for fault in self.passport.faults():
            yield Fault(("passport", *fault.where), fault.text, fault.key)
        one = self.succession
        if one and (one.partner, one.new) != (self.passport.partner, self.passport.signing_key):
            yield Fault(("succession",), "it is of another company or another key than the passport")


def succession(network: str, old: Identity, new: Identity) -> Succession:
    """That ``new`` takes the place of ``old`` in the network of this name."""
    keys = old.public.hex(), new.public.hex()
    stated = _stated(network, old.name, *keys)
    return Succession(old.name, *keys, old.sign(PURPOSE, stated).hex(), new.sign(PURPOSE, stated).hex())


def holds(network: str, one: Succession) -> bool:
    """Whether both keys have signed it."""
    stated = _stated(network, one.partner, one.old, one.new)
    pairs = ((one.old, one.by_old), (one.new, one.by_new))
    return all(is_signed_by(bytes.fromhex(key), PURPOSE, stated, bytes.fromhex(signature)) for key, signature in pairs)


def sealed_request(request: KeysRequest, identity: Identity) -> bytes:
    """As it travels; ``identity``: the one by which the coordinator knows the company."""
    about = f"No secret: {request.passport.partner} asks for another certificate. Its keys stay with it."
    return sealed(request, Kind.KEYS, NO_ROUND, identity, about)


def opened_request(data: bytes, company: str, network: str, keyring: Keyring) -> KeysRequest:
    """The request of ``company``, signed with a key by which the coordinator (``keyring``) knows it; :class:`LinkError` or
    :class:`~decai_forecast.errors.MalformedMessage` for whatever would make another company of it."""
    known = keys_of(keyring, company)
    request = opened(data, KeysRequest, Heading(Kind.KEYS, company, NO_ROUND), known)
    passport, one = request.passport, request.succession
    if passport.partner != company:
        raise LinkError("other_sender", f"{company} sent the keys of {passport.partner[:40]!r}; they are not used")
    old = one.old if one else passport.signing_key
    if bytes.fromhex(old) not in known or (one and not holds(network, one)):
        raise LinkError(
            "wrong_signature", f"{company}: its new key is not signed by the one that is pinned for it; it is not used"
        )
    return request


def _stated(network: str, partner: str, old: str, new: str) -> bytes:
    return json.dumps([network, partner, old, new]).encode()
