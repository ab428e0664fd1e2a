"""The coordinator admits companies whose answers came, after it has compared their fingerprints with them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from decai_forecast.documents.message import read_message
from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.federation.superlink.link import Link
from decai_forecast.federation.superlink.passport import Passport
from decai_forecast.founding.apart.approve import Changes, KeyChanges
from decai_forecast.founding.apart.desk import FoundingDesk
from decai_forecast.founding.apart.papers import read_paper
from decai_forecast.identity import Keyring
from decai_forecast.ledger.approvals import note_approval
from decai_forecast.ledger.statements import Matter
from decai_forecast.link import CoordinatorLink, Members
from decai_forecast.link.envelope import NO_ROUND, Envelope, Kind, sealed
from decai_forecast.link.tls import Caller
from decai_forecast.network import Network
from decai_forecast.store import digest_bytes

__all__ = ["Answers"]


@dataclass(frozen=True)
class Answers:
    """``keyring``: the coordinator's own, which pins whom it admits; ``published``: where all read who belongs to the
    federation."""

    network: Network
    link: Link
    desk: FoundingDesk
    keyring: Keyring
    published: CoordinatorLink

    @property
    def changes(self) -> KeyChanges:
        """What companies ask for about their keys."""
        return KeyChanges(self.link, self.desk, self.keyring)

    def waiting(self) -> list[str]:
        """Companies that have answered and are not admitted, by name."""
        return sorted(set(self.desk.answered()) - set(self.link.nodes().values()))

    def take_file(self, path: Path) -> str:
        """Keeps the answer in a file that was carried here; the name of its company."""
        data = read_paper(path)
        name = read_message(data, Envelope, sender=str(path)).sender
        self.network.participant(name)
        self.desk.lay(name, data)
        return name

    def take_request(self, path: Path) -> str:
        """Keeps the request about keys in a file that was carried here; the name of its company."""
        data = read_paper(path)
        name = read_message(data, Envelope, sender=str(path)).sender
        self.network.participant(name)
        self.desk.take_keys(Caller(name), data)
        return name

    def passport(self, name: str) -> Passport:
        """The keys in the answer of the company ``name``."""
        self.network.participant(name)
        return self.desk.answer(name).passport

    def admit(self, name: str, fingerprint: str) -> None:
        """Registers the node, signs the certificate, pins the key, and tells everybody. Again, it changes nothing.

        ``fingerprint``: as the company reads it aloud; :class:`LinkError` if its answer has another one.
        """
        shown = self.passport(name)
        if shown.fingerprint != fingerprint.strip().lower():
            told = f"{name}: the answer that came is of {shown.fingerprint}, and not of {fingerprint}; it is not admitted"
            raise LinkError("other_fingerprint", f"{told}: somebody else answered, or a digit was misheard")
        identity = self.keyring.identity()
        self.keyring.pin({name: bytes.fromhex(shown.signing_key)})
        if not self.desk.store.exists(key := f"admissions/{name}.json"):
            admission = self.link.admit(shown, identity.public)
            about = f"No secret: the admission of {name} to {self.network.name}."
            self.desk.store.write_bytes(key, sealed(admission, Kind.ADMISSION, NO_ROUND, identity, about))
        signing_key = digest_bytes(bytes.fromhex(shown.signing_key))
        note_approval(self.keyring.own_store, Matter.ADMISSION, f"admission/{name}", signing_key)
        self.tell()

    def members(self) -> Members:
        """Who is admitted, by the keys that the coordinator has pinned, and who is still to come."""
        admitted, pinned = set(self.link.nodes().values()), self.keyring.pinned()
        if lost := sorted(admitted - set(pinned)):
            raise ConfigError(f"{', '.join(lost)}: admitted, but no key is pinned; put identity/pinned.json back from a backup")
        keys = {name: pinned[name].hex() for name in sorted(admitted)}
        waiting, changes = tuple(sorted(set(self.desk.invited()) - admitted)), Changes.read(self.desk.store)
        own = self.keyring.identity().public.hex()
        return Members(self.network.name, own, keys, waiting, successions=changes.successions, revoked=changes.revoked)

    def tell(self) -> None:
        """Publishes the membership."""
        if self.link.nodes() or Changes.read(self.desk.store).revoked:
            self.published.publish_members(self.members())
