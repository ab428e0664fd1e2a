"""What companies and the coordinator hand each other once, as files: a passport, and the admission that answers it.

Neither holds a secret. A passport goes to the coordinator, which admits the company, and to every other company, which pins
the signing key in it: by a way that the coordinator does not control, or it could put its own key in a company's place.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from decai_forecast.errors import ConfigError
from decai_forecast.federation.superlink.keys import new_key, private_pem, request, ssh_private, ssh_public, write_secret
from decai_forecast.identity import ALGORITHM, KEY_BYTES, Keyring
from decai_forecast.network import valid_id

__all__ = ["Admission", "Files", "Passport", "apply"]


def _read(cls: type[Any], path: Path, what: str) -> Any:
    try:
        return cls(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError) as error:
        raise ConfigError(f"{path}: not {what} ({type(error).__name__}); expected the file as it was sent") from None


@dataclass(frozen=True)
class Passport:
    """A company's public keys: of its node, of its certificate, and of its identity (hex), whose signatures are of
    ``algorithm``."""

    partner: str
    node_key: str
    request: str
    signing_key: str
    algorithm: str

    @classmethod
    def read(cls, path: Path) -> Passport:
        found: Passport = _read(cls, path, "a passport")
        valid_id(found.partner)
        if found.algorithm != ALGORITHM:
            raise ConfigError(f"{path}: its signing key is for {str(found.algorithm)[:40]!r}; this release knows {ALGORITHM}")
        if len(found.signing_key) != 2 * KEY_BYTES or set(found.signing_key) - set("0123456789abcdef"):
            raise ConfigError(f"{path}: its signing key is not 64 hexadecimal digits; expected the file as it was sent")
        return found

    @property
    def fingerprint(self) -> str:
        """80 bits of the signing key's digest, to be read aloud."""
        digits = hashlib.sha256(bytes.fromhex(self.signing_key)).hexdigest()[:20]
        return "-".join(digits[k : k + 4] for k in range(0, 20, 4))

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True)
class Admission:
    """Where the coordinator is, and the certificate that it signed for the company (PEM)."""

    partner: str
    host: str
    fleet_port: int
    relay_port: int
    authority: str
    certificate: str

    @classmethod
    def read(cls, path: Path) -> Admission:
        found: Admission = _read(cls, path, "an admission")
        return found

    def write(self, path: Path) -> None:
        path.write_text(json.dumps(asdict(self), indent=1) + "\n")


@dataclass(frozen=True)
class Files:
    """A company's own files, below its home."""

    folder: Path

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
    def authority(self) -> Path:
        return self.folder / "authority.crt"

    @property
    def secret(self) -> Path:
        """Shared by SuperNode and executor, so that nobody else on the host takes the node's messages."""
        return self.folder / "executor.secret"


def apply(files: Files, partner: str, keyring: Keyring) -> Passport:
    """The company's passport; makes its keys where there are none yet."""
    from cryptography.hazmat.primitives import serialization

    for path, form in ((files.node_key, ssh_private), (files.tls_key, private_pem)):
        if not path.exists():
            write_secret(path, form(new_key()))
    node = serialization.load_ssh_private_key(files.node_key.read_bytes(), None)
    tls = serialization.load_pem_private_key(files.tls_key.read_bytes(), None)
    public, asked = ssh_public(node), request(partner, tls)  # type: ignore[arg-type]  # our own files hold such keys
    return Passport(partner, public.decode(), asked.decode(), keyring.identity().public.hex(), ALGORITHM)
