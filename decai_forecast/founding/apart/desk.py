"""What the coordinator keeps of invitations, answers and requests, and what its service takes from whoever shows an invitation
or its certificate.

Below ``federation/coordinator``, which only the coordinator reads; none of it is secret::

    invitations/acme.json   {"serial": "5f...", "until": "2026-12-14T09:00:00+00:00"}
    answers/acme.json       the envelope, as acme sent it
    admissions/acme.json    the envelope, as acme fetches it

Of companies that are admitted and change their keys: ``approve.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from decai_forecast.errors import LinkError
from decai_forecast.federation.superlink.register import Certificates
from decai_forecast.founding.apart.keys_papers import KeysRequest, opened_request
from decai_forecast.founding.apart.papers import Answer, Invitation, opened_answer
from decai_forecast.identity import Keyring
from decai_forecast.link import Revocation
from decai_forecast.link.desk import Desk
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, opened
from decai_forecast.link.keys import keys_of
from decai_forecast.link.tls import Caller
from decai_forecast.store import Store, digest_bytes

__all__ = ["FoundingDesk"]


@dataclass(frozen=True)
class FoundingDesk(Desk):
    """``store``: the folder of the coordinator's own federation files; ``keyring``: its own, with the companies' keys;
    ``certificates``: those that it signed; ``network``: its name. ``take_back``: what follows when a company takes back a key.
    """

    store: Store
    keyring: Keyring
    certificates: Certificates
    network: str
    take_back: Callable[[str], None]

    def offer(self, invitation: Invitation) -> None:
        """From now on this invitation of the company is the one that holds; an answer to an earlier one is worth nothing."""
        name = invitation.partner
        self.store.remove(f"answers/{name}.json")
        facts = {"serial": invitation.serial, "until": invitation.until.isoformat()}
        self.store.write_json(f"invitations/{name}.json", facts)

    def invited(self) -> list[str]:
        """Who was invited, by name."""
        return [file.removesuffix(".json") for file in self.store.children("invitations")]

    def answered(self) -> list[str]:
        """Who has answered, by name; also those who are admitted since."""
        return [file.removesuffix(".json") for file in self.store.children("answers")]

    def take(self, caller: Caller, data: bytes) -> None:
        if not caller.invitation:
            raise LinkError("invitation_withdrawn", f"{caller.name} shows its own certificate where an invitation belongs")
        self.lay(caller.name, data, caller.invitation)

    def lay(self, name: str, data: bytes, serial: str = "") -> None:
        """Keeps the answer of the company ``name``; ``serial``: of the invitation that was shown with it."""
        answer = opened_answer(data, name)
        self._check(name, answer.invitation)
        self._check(name, serial or answer.invitation)
        key = f"answers/{name}.json"
        if not self.store.create_bytes(key, data) and self.store.read_bytes(key) != data:
            used = "was answered already, with other keys; ask the company aloud, then withdraw it by inviting it once more"
            raise LinkError("invitation_used", f"{name}: the invitation {used}")

    def answer(self, name: str) -> Answer:
        """What the company answered, checked again; :class:`LinkError` if it did not."""
        if not self.store.exists(f"answers/{name}.json"):
            raise LinkError("not_there", f"{name} has not answered yet")
        answer = opened_answer(self.store.read_bytes(f"answers/{name}.json"), name)
        self._check(name, answer.invitation)
        return answer

    def admission(self, caller: Caller) -> bytes | None:
        if not caller.invitation or self._serial(caller.name) != caller.invitation:
            raise LinkError("invitation_withdrawn", f"{caller.name} shows an invitation that is none any more")
        key = f"admissions/{caller.name}.json"
        return self.store.read_bytes(key) if self.store.exists(key) else None

    def check(self, caller: Caller) -> None:
        if not self.certificates.is_taken(caller.name, caller.serial):
            raise LinkError("key_revoked", f"{caller.name} shows a certificate that was taken back, or exchanged long ago")

    def take_keys(self, caller: Caller, data: bytes) -> None:
        opened_request(data, caller.name, self.network, self.keyring)
        self.store.write_bytes(f"requests/{caller.name}.json", data)

    def package(self, caller: Caller) -> bytes | None:
        key = self.package_key(caller.name) if caller.name in self.asked() else ""
        return self.store.read_bytes(key) if key and self.store.exists(key) else None

    def take_revocation(self, caller: Caller, data: bytes) -> None:
        keys = keys_of(self.keyring, caller.name)
        one = opened(data, Revocation, Heading(Kind.REVOCATION, caller.name, NO_ROUND), keys)
        if one.partner != caller.name or bytes.fromhex(one.key) not in keys:
            raise LinkError("other_sender", f"{caller.name} takes back a key that is not its own")
        self.take_back(caller.name)

    def asked(self) -> list[str]:
        """Who has asked for another certificate, by name; also those who have it since."""
        return [file.removesuffix(".json") for file in self.store.children("requests")]

    def request(self, name: str) -> KeysRequest:
        """What the company asks for, checked again; :class:`LinkError` if it asks for nothing."""
        if name not in self.asked():
            raise LinkError("not_there", f"{name} has asked for no certificate; `decai federation renew` there does")
        return opened_request(self.store.read_bytes(f"requests/{name}.json"), name, self.network, self.keyring)

    def package_key(self, name: str) -> str:
        """Where the answer to the company's newest request lies, or will."""
        return f"packages/{name}-{digest_bytes(self.store.read_bytes(f'requests/{name}.json'))[:16]}.json"

    def forget(self, name: str) -> None:
        """What a company whose keys were taken back has answered and asked."""
        for folder in ("invitations", "answers", "admissions", "requests"):
            self.store.remove(f"{folder}/{name}.json")

    def _check(self, name: str, serial: str) -> None:
        if self._serial(name) != serial:
            raise LinkError(
                "invitation_withdrawn", f"{name} answers an invitation that is none, or none any more; invite it anew"
            )
        until = datetime.fromisoformat(self.store.read_json(f"invitations/{name}.json")["until"])
        admitted = self.store.exists(f"admissions/{name}.json")
        if datetime.now(UTC) > until and not admitted:
            raise LinkError("invitation_over", f"{name}: its invitation ended on {until:%Y-%m-%d %H:%M} (UTC); invite it anew")

    def _serial(self, name: str) -> str:
        """Of the invitation that holds; empty where there is none."""
        key = f"invitations/{name}.json"
        return str(self.store.read_json(key)["serial"]) if self.store.exists(key) else ""
