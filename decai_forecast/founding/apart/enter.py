"""A company enters: it takes its admission, and pins the others' keys once their fingerprint was compared aloud."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from decai_forecast.errors import IdentityError, LinkError
from decai_forecast.federation.superlink.node import Company
from decai_forecast.federation.superlink.passport import Admission
from decai_forecast.founding.apart.follow import follow
from decai_forecast.founding.apart.guest import Guest
from decai_forecast.founding.apart.papers import Invitation, fingerprint_of_members
from decai_forecast.identity import PINNED_FILE, Keyring
from decai_forecast.link import Members
from decai_forecast.link.calls import Patience, url_of
from decai_forecast.link.client import CompanyHttps
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, opened
from decai_forecast.link.tls import TlsFiles
from decai_forecast.network import COORDINATOR, Network, Participant

__all__ = ["Entry"]


class _Reader(CompanyHttps):
    """Reads what is published, with the coordinator's key from the admission: it is not pinned yet."""

    key: bytes = b""

    def _coordinator_key(self) -> bytes | None:
        return self.key


@dataclass(frozen=True)
class Entry:
    """``keyring``: the company's own, which pins the members."""

    network: Network
    company: Company
    keyring: Keyring
    patience: Patience

    @property
    def is_admitted(self) -> bool:
        """Whether the company has its certificate."""
        return self.company.files.admission.exists()

    def fetch(self) -> bool:
        """Takes the admission over the link; False while the coordinator has not admitted the company."""
        guest = Guest(self.company.files)
        invitation = guest.invitation()
        data = guest.link(self.patience).admission()
        if data is None:
            return False
        key = bytes.fromhex(invitation.signing_key)
        admission = opened(data, Admission, Heading(Kind.ADMISSION, COORDINATOR, NO_ROUND), key)
        self._check(admission, invitation)
        self.company.enter(admission)
        guest.forget()
        return True

    def members(self) -> Members | None:
        """Who belongs to the federation, as the coordinator tells; :class:`IdentityError` or :class:`LinkError` if that is not
        what this company knows."""
        members = self._reader().members()
        if members is not None:
            self._check_members(members)
        return members

    def follow(self) -> list[str]:
        """Takes over which keys were exchanged and which taken back; a line for each. Nobody is pinned anew by this."""
        members = self._reader().members() if COORDINATOR in self.keyring.pinned() else None
        return follow(self.keyring, members) if members and members.network == self.network.name else []

    def new(self, members: Members) -> dict[str, bytes]:
        """The keys of ``members`` that are not pinned here yet."""
        pinned = self.keyring.pinned()
        return {name: key for name, key in _keys(members).items() if name not in pinned}

    def pin(self, members: Members, fingerprint: str) -> None:
        """Knows all ``members`` by their keys from now on. ``fingerprint``: as the companies read it aloud; :class:`LinkError`,
        and nothing is pinned, if it is not that of ``members``."""
        if fingerprint.strip().lower() != (right := fingerprint_of_members(members)):
            told = f"the coordinator tells a membership of {right}, and not of {fingerprint}; nobody is pinned"
            raise LinkError(
                "other_fingerprint", f"{told}: it tells companies different keys, somebody joined, or a digit was misheard"
            )
        self.keyring.pin(_keys(members))
        known = {one.id for one in self.network.participants}
        if joined := [Participant(name) for name in sorted(members.keys) if name not in known]:
            replace(self.network, participants=(*self.network.participants, *joined)).save()

    def _check(self, admission: Admission, invitation: Invitation) -> None:
        """That it is the answer to this company's keys, of the federation that invited it."""
        same = ("partner", "host", "fleet_port", "relay_port", "link_port", "authority", "signing_key")
        other = [name for name in same if getattr(admission, name) != getattr(invitation, name)]
        if other or not admission.is_for(self.company.files.tls_key):
            told = ", ".join(other) or "certificate"
            raise LinkError(
                "other_admission", f"the coordinator's admission does not belong to the invitation: other {told}; ask it"
            )

    def _check_members(self, members: Members) -> None:
        if members.network == self.network.name:
            follow(self.keyring, members)
        told, pinned = _keys(members), self.keyring.pinned()
        own = self.keyring.own_keys()
        if told.get(self.company.partner) not in own or members.network != self.network.name:
            said = "the coordinator tells another key of this company, or another network, than is true"
            raise LinkError("other_members", f"{said}; pin nobody, and ask it what happened")
        if changed := sorted(name for name, key in told.items() if pinned.get(name, key) != key):
            raise IdentityError(
                f"{', '.join(changed)}: the coordinator tells another key than the one pinned here; ask the company itself "
                f"whether it has a new one, then take the old one out of {PINNED_FILE} in the store of {self.company.partner}"
            )

    def _reader(self) -> _Reader:
        files, admission = self.company.files, self.company.admission()
        tls = TlsFiles(files.tls_key, files.tls_certificate, files.authority)
        reader = _Reader(url_of(admission.host, admission.link_port), tls, self.keyring, self.patience)
        reader.key = bytes.fromhex(admission.signing_key)
        return reader


def _keys(members: Members) -> dict[str, bytes]:
    """All, the coordinator's too."""
    return {name: bytes.fromhex(key) for name, key in _texts(members)}


def _texts(members: Members) -> Iterator[tuple[str, str]]:
    yield COORDINATOR, members.coordinator
    yield from members.keys.items()
