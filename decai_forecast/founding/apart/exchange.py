"""A company changes its keys: it makes the next ones, asks the coordinator for a certificate, and puts them into place.

What is next lies below ``federation/<company>/next/`` until it is in place; none of it ever leaves the company::

    tls.key         of the certificate
    node.key        of the node, where all keys are exchanged
    request.json    what the coordinator is asked
    admission.json  what it answered

The next signing key lies in the store (``identity/next.json``). Whoever is interrupted runs the command again.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.federation.superlink.keys import new_key, private_pem, ssh_private, write_secret
from decai_forecast.federation.superlink.node import Company
from decai_forecast.federation.superlink.passport import Admission, passport_of
from decai_forecast.founding.apart.keys_papers import KeysRequest, sealed_request, succession
from decai_forecast.identity import Keyring
from decai_forecast.link.calls import Calls, Patience, url_of
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, opened
from decai_forecast.link.invited import KeysHttps
from decai_forecast.link.keys import keys_of
from decai_forecast.link.tls import TlsFiles
from decai_forecast.network import COORDINATOR

__all__ = ["Exchange"]


@dataclass(frozen=True)
class Exchange:
    """``network``: the name of the network; ``keyring``: the company's own."""

    network: str
    company: Company
    keyring: Keyring
    patience: Patience

    @property
    def folder(self) -> Path:
        return self.company.files.folder / "next"

    @property
    def request(self) -> Path:
        """What the coordinator is asked; without a secret."""
        return self.folder / "request.json"

    @property
    def _answer(self) -> Path:
        return self.folder / "admission.json"

    @property
    def is_begun(self) -> bool:
        """Whether a request waits for its answer."""
        return self.request.exists()

    @property
    def exchanges_all(self) -> bool:
        """Whether signing key and node key are exchanged, too."""
        return (self.folder / "node.key").exists()

    def prepare(self, *, everything: bool) -> str:
        """Makes the next keys and the request, once; the fingerprint of the signing key that holds afterwards."""
        files, identity = self.company.files, self.keyring.identity()
        if not self.is_begun:
            write_secret(self.folder / "tls.key", private_pem(new_key()))
            if everything:
                write_secret(self.folder / "node.key", ssh_private(new_key()))
        after = self.keyring.next_identity() if self.exchanges_all else identity
        node = self.folder / "node.key" if self.exchanges_all else files.node_key
        passport = passport_of(self.company.partner, node, self.folder / "tls.key", after.public)
        if not self.is_begun:
            handed_on = succession(self.network, identity, after) if self.exchanges_all else None
            self.request.write_bytes(sealed_request(KeysRequest(passport, handed_on), identity))
        return passport.fingerprint

    def ask(self) -> None:
        """Hands the request over; :class:`LinkError` says why it is not taken."""
        self._desk().ask(self.request.read_bytes())

    def fetch(self) -> bool:
        """Takes the coordinator's answer; False while there is none."""
        if not self._answer.exists():
            data = self._desk().package()
            if data is None:
                return False
            self.take(data)
        return True

    def take(self, data: bytes) -> None:
        """Keeps the answer; :class:`LinkError` if it is none to these keys."""
        heading = Heading(Kind.ADMISSION, COORDINATOR, NO_ROUND)
        admission = opened(data, Admission, heading, keys_of(self.keyring, COORDINATOR))
        before = self.company.admission()
        same = ("partner", "host", "fleet_port", "relay_port", "link_port", "authority", "signing_key")
        other = [name for name in same if getattr(admission, name) != getattr(before, name)]
        if other or not admission.is_for(self.folder / "tls.key"):
            said = ", ".join(other) or "certificate"
            raise LinkError("other_admission", f"the coordinator's answer does not belong to these keys: other {said}; ask it")
        admission.write(self._answer)

    def finish(self) -> None:
        """Puts the next keys into place; what was done before an interruption is not done again."""
        if not self._answer.exists():
            raise ConfigError(f"{self.folder}: the coordinator has not answered yet")
        files = self.company.files
        self.keyring.promote()
        for name, place in (("node.key", files.node_key), ("tls.key", files.tls_key)):
            if (self.folder / name).exists():
                (self.folder / name).replace(place)
        self.company.enter(Admission.read(self._answer))
        shutil.rmtree(self.folder)

    def give_up(self) -> None:
        """Forgets what is next."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def take_back(self, data: bytes) -> None:
        """Tells the coordinator that the own key is worth nothing any more."""
        self._desk().take_back(data)

    def _desk(self) -> KeysHttps:
        files, admission = self.company.files, self.company.admission()
        tls = TlsFiles(files.tls_key, files.tls_certificate, files.authority)
        return KeysHttps(Calls(url_of(admission.host, admission.link_port), tls, self.patience))
