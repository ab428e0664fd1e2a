"""What companies and the coordinator hand each other once: a passport, and the admission that answers it.

Neither holds a secret. The passport is in the company's answer to its invitation (``founding/apart/``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import Field

from decai_forecast.documents.fault import Fault
from decai_forecast.documents.files import read_json_file
from decai_forecast.documents.kind import Kind
from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.keys import (
    ends_of,
    is_node_key,
    is_request,
    new_key,
    private_pem,
    request,
    ssh_private,
    ssh_public,
    write_secret,
)
from decai_forecast.identity import ALGORITHM, KEY_BYTES, Keyring

__all__ = [
    "Admission", "Algorithm", "Armoured", "Files", "Id", "Passport", "Port", "SigningKey", "apply", "fingerprint",
    "passport_of",
]  # fmt: skip

ADMISSION = Kind("an admission", "expected an admission, the file as the coordinator sent it")
Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_]{0,39}$", description="a participant's id, 1-40 of a-z, 0-9 and _")]
HEX = f"{2 * KEY_BYTES} hexadecimal digits in small letters"
SigningKey = Annotated[str, Field(pattern=rf"^[0-9a-f]{{{2 * KEY_BYTES}}}$", description=HEX)]
Algorithm = Annotated[str, Field(pattern=f"^{ALGORITHM}$", description=ALGORITHM)]
Armoured = Annotated[str, Field(min_length=1, max_length=10_000)]  # a key, request or certificate as text (OpenSSH, PEM)
Port = Annotated[int, Field(ge=1, le=65535)]


def fingerprint(signing_key: str) -> str:
    """80 bits of the digest of a key in hexadecimal digits, in five groups."""
    digits = hashlib.sha256(bytes.fromhex(signing_key)).hexdigest()[:20]
    return "-".join(digits[k : k + 4] for k in range(0, 20, 4))


@dataclass(frozen=True)
class Passport:
    """A company's public keys: of its node, of its certificate, and of its identity (hex), whose signatures are of
    ``algorithm``."""

    partner: Id
    node_key: Armoured
    request: Armoured
    signing_key: SigningKey
    algorithm: Algorithm

    def faults(self) -> Iterator[Fault]:
        """Keys that cannot be used, or are not the sender's."""
        if not is_node_key(self.node_key.encode()):
            yield Fault(("node_key",), "no public key of a node (OpenSSH, P-384)")
        if not is_request(self.request.encode()):
            yield Fault(("request",), "no certificate request that is signed with its own key")

    @property
    def fingerprint(self) -> str:
        """80 bits of the signing key's digest, to be read aloud."""
        return fingerprint(self.signing_key)


@dataclass(frozen=True)
class Admission:
    """Where the coordinator is, the certificate that it signed for the company (PEM), and the key of its own identity (hex),
    whose signatures are of ``algorithm``."""

    partner: Id
    host: Annotated[str, Field(min_length=1, max_length=253)]
    fleet_port: Port
    relay_port: Port
    link_port: Port
    authority: Armoured
    certificate: Armoured
    signing_key: SigningKey
    algorithm: Algorithm

    @property
    def fingerprint(self) -> str:
        """80 bits of the coordinator's signing key's digest, to be read aloud."""
        return fingerprint(self.signing_key)

    @property
    def ends(self) -> datetime:
        """When its certificate ends, UTC."""
        return ends_of(self.certificate.encode())

    def is_for(self, tls_key: Path) -> bool:
        """Whether its certificate is for the private key in this file."""
        from cryptography import x509
        from cryptography.hazmat.primitives import serialization

        own = serialization.load_pem_private_key(tls_key.read_bytes(), None)
        try:
            return x509.load_pem_x509_certificate(self.certificate.encode()).public_key() == own.public_key()
        except ValueError:
            return False

    @classmethod
    def read(cls, path: Path) -> Admission:
        """:class:`~decai_forecast.errors.DocumentError` with every fault of a file that is no admission."""
        return read_json_file(path, ADMISSION, cls)

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True)
class Files:
    """A company's own files, below its home."""

    folder: Path

    @classmethod
    def of(cls, home: Path, partner: str) -> Files:
        """Of ``partner`` in the network at ``home``."""
        return cls(home / "federation" / partner)

    def admitted(self, partner: str) -> Admission:
        """The coordinator's answer; :class:`ConfigError` if there is none, or it is another company's."""
        if not self.admission.exists():
            raise ConfigError(f"{partner}: not admitted; `decai federation enter` takes the coordinator's answer")
        answer = Admission.read(self.admission)
        if answer.partner != partner:
            raise ConfigError(f"{self.admission}: the admission of {answer.partner}, not of {partner}")
        return answer

    @property
    def node_key(self) -> Path:
        return self.folder / "node.key"

    @property
    def tls_key(self) -> Path:
        return self.folder / "tls.key"

    @property
    def admission(self) -> Path:
        return self.folder / "admission.json"

    @property
    def tls_certificate(self) -> Path:
        return self.folder / "tls.crt"

    @property
    def authority(self) -> Path:
        return self.folder / "authority.crt"

    @property
    def secret(self) -> Path:
        """Shared by SuperNode and executor, so that nobody else on the host takes the node's messages."""
        return self.folder / "executor.secret"


def apply(files: Files, partner: str, keyring: Keyring) -> Passport:
    """The company's passport; makes its keys where there are none yet."""
    for path, form in ((files.node_key, ssh_private), (files.tls_key, private_pem)):
        if not path.exists():
            write_secret(path, form(new_key()))
    return passport_of(partner, files.node_key, files.tls_key, keyring.identity().public)


def passport_of(partner: str, node_key: Path, tls_key: Path, signing_key: bytes) -> Passport:
    """Of the private keys in these two files, and the public one of an identity."""
    from cryptography.hazmat.primitives import serialization

    node = serialization.load_ssh_private_key(node_key.read_bytes(), None)
    tls = serialization.load_pem_private_key(tls_key.read_bytes(), None)
    public, asked = ssh_public(node), request(partner, tls)  # type: ignore[arg-type]  # our own files hold such keys
    return Passport(partner, public.decode(), asked.decode(), signing_key.hex(), ALGORITHM)
