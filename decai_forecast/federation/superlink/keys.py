"""Keys and certificates: the coordinator's authority, and what it signs.

The authority signs one certificate for the coordinator's servers and one for each company. They differ in what they are for
(RFC 5280, 4.2.1.12): a company's certificate cannot stand for the coordinator's. Invitations are signed by an authority of
their own, which only the link's service takes beside the first: at the relay an invitation is worth nothing.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from decai_forecast.errors import ConfigError

__all__ = [
    "INVITING", "Authority", "ends_of", "is_node_key", "is_request", "new_key", "private_pem", "request", "serial_of",
    "ssh_private", "ssh_public", "write_private", "write_secret",
]  # fmt: skip

CURVE = ec.SECP384R1()  # the one that Flower takes for its nodes
INVITING = "decai invitations"  # common name of the authority of invitations
YEARS_AUTHORITY, DAYS_CERTIFICATE = 10, 825
Key = ec.EllipticCurvePrivateKey
PEM, PLAIN = serialization.Encoding.PEM, serialization.NoEncryption()


def new_key() -> Key:
    return ec.generate_private_key(CURVE)


def private_pem(key: Key) -> bytes:
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, PLAIN)


def ssh_private(key: Key) -> bytes:
    """As Flower reads a node's key."""
    return key.private_bytes(PEM, serialization.PrivateFormat.OpenSSH, PLAIN)


def ssh_public(key: Key) -> bytes:
    return key.public_key().public_bytes(serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH)


def request(name: str, key: Key) -> bytes:
    """A certificate signing request, PEM."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    return x509.CertificateSigningRequestBuilder().subject_name(subject).sign(key, hashes.SHA384()).public_bytes(PEM)


def serial_of(certificate: bytes) -> str:
    """Of a certificate (PEM), as :func:`ssl.SSLSocket.getpeercert` tells it, in small letters."""
    digits = f"{x509.load_pem_x509_certificate(certificate).serial_number:x}"
    return digits if len(digits) % 2 == 0 else f"0{digits}"


def ends_of(certificate: bytes) -> datetime.datetime:
    """When a certificate (PEM) ends, UTC."""
    return x509.load_pem_x509_certificate(certificate).not_valid_after_utc


def write_secret(path: Path, data: bytes) -> None:
    """A file that only its owner reads, in a folder of which the same holds: programs write states and logs beside it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.parent.chmod(0o700)
    write_private(path, data)


def write_private(path: Path, data: bytes) -> None:
    """A file that only its owner reads, in whatever folder."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        os.fchmod(file.fileno(), 0o600)  # it may have been there before
        file.write(data)


@dataclass(frozen=True)
class Authority:
    """Signs certificates; its key stays with the coordinator."""

    key: Key = field(repr=False)
    certificate: x509.Certificate

    @classmethod
    def create(cls, name: str) -> Authority:
        key = new_key()
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = _builder(subject, subject, key.public_key(), 366 * YEARS_AUTHORITY)
        built = built.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return cls(key, built.sign(key, hashes.SHA384()))

    @classmethod
    def load(cls, key: bytes, certificate: bytes) -> Authority:
        loaded = serialization.load_pem_private_key(key, None)
        if not isinstance(loaded, ec.EllipticCurvePrivateKey):
            raise ConfigError("the authority's key is not on an elliptic curve; found the federation anew")
        return cls(loaded, x509.load_pem_x509_certificate(certificate))

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(PEM)

    def sign_server(self, key: Key, host: str) -> bytes:
        """A certificate, PEM, for servers that are reached as ``host`` and on this machine."""
        names: list[x509.GeneralName] = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        if host not in ("localhost", "127.0.0.1"):
            names.append(_address(host))
        built = self._issued(host, key.public_key(), ExtendedKeyUsageOID.SERVER_AUTH)
        return (
            built.add_extension(x509.SubjectAlternativeName(names), critical=False)
            .sign(self.key, hashes.SHA384())
            .public_bytes(PEM)
        )

    def sign_invitation(self, name: str, key: Key, days: int) -> bytes:
        """A certificate, PEM, for a company that is invited to show once; ``days`` that it holds."""
        built = self._issued(name, key.public_key(), ExtendedKeyUsageOID.CLIENT_AUTH, days)
        return built.sign(self.key, hashes.SHA384()).public_bytes(PEM)

    def sign_company(self, name: str, signing_request: bytes) -> bytes:
        """A certificate, PEM, for a company that connects; :class:`ConfigError` if the request is not its own."""
        public = _asked_key(signing_request)
        if public is None:
            raise ConfigError(f"{name}: its certificate request is not signed by its own key; let it make a new answer")
        built = self._issued(name, public, ExtendedKeyUsageOID.CLIENT_AUTH)
        return built.sign(self.key, hashes.SHA384()).public_bytes(PEM)

    def _issued(
        self, name: str, public: ec.EllipticCurvePublicKey, usage: x509.ObjectIdentifier, days: int = DAYS_CERTIFICATE
    ) -> x509.CertificateBuilder:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        built = _builder(subject, self.certificate.subject, public, days)
        built = built.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        return built.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)


def _asked_key(signing_request: bytes) -> ec.EllipticCurvePublicKey | None:
    """The key for which a certificate is asked; None if the request cannot be read or is not signed with that key."""
    try:
        asked = x509.load_pem_x509_csr(signing_request)
        public = asked.public_key() if asked.is_signature_valid else None
    except (ValueError, UnsupportedAlgorithm):
        return None
    return public if isinstance(public, ec.EllipticCurvePublicKey) else None


def is_request(signing_request: bytes) -> bool:
    """Whether a certificate can be signed for it."""
    return _asked_key(signing_request) is not None


def is_node_key(text: bytes) -> bool:
    """Whether it is a public key (OpenSSH) as Flower takes it for a node."""
    try:
        public = serialization.load_ssh_public_key(text)
    except (ValueError, UnsupportedAlgorithm):
        return False
    return isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == CURVE.name


def _address(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _builder(subject: x509.Name, issuer: x509.Name, public: ec.EllipticCurvePublicKey, days: int) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    begins, ends = now - datetime.timedelta(hours=1), now + datetime.timedelta(days=days)  # clocks differ a little
    return x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number(), begins, ends)
