"""TLS of the link: the federation's own authority vouches for the coordinator's server and for each company."""

from __future__ import annotations

import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature

from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.federation.superlink.keys import INVITING

__all__ = ["Caller", "TlsFiles", "caller_of"]


@dataclass(frozen=True)
class TlsFiles:
    """PEM files of one side: its private key, its certificate, and the authority that signs the other side's.

    ``inviting``: the authority of invitations, at the server and where the certificate is one.
    """

    key: Path
    certificate: Path
    authority: Path
    inviting: Path | None = None

    def server(self) -> ssl.SSLContext:
        """Of the coordinator: whoever has no certificate of the authority for a company gets no connection."""
        context = self._loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER))
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> ssl.SSLContext:
        """Of a company: it talks to nobody but the server that the authority vouches for under the name it calls.

        :class:`LinkError` if its own certificate cannot hold: the server would end the connection and say nothing.
        """
        self._check_own()
        return self._loaded(ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT))

    def _check_own(self) -> None:
        signer = self.inviting or self.authority
        own, authority = _certificate(self.certificate), _certificate(signer)
        now = datetime.now(UTC)
        if not own.not_valid_before_utc <= now <= own.not_valid_after_utc:
            times = f"from {own.not_valid_before_utc:%Y-%m-%d %H:%M} to {own.not_valid_after_utc:%Y-%m-%d %H:%M}"
            raise _unfit(self.certificate, f"it holds {times}, and it is {now:%Y-%m-%d %H:%M} (UTC) by this clock")
        try:
            own.verify_directly_issued_by(authority)
        except (InvalidSignature, ValueError, TypeError):
            raise _unfit(self.certificate, f"it is not signed by the authority in {signer}") from None

    def _loaded(self, context: ssl.SSLContext) -> ssl.SSLContext:
        context.minimum_version = ssl.TLSVersion.TLSv1_3  # both sides are ours
        try:
            context.load_verify_locations(self.authority)
            if self.inviting and context.protocol is ssl.PROTOCOL_TLS_SERVER:
                context.load_verify_locations(self.inviting)
            context.load_cert_chain(self.certificate, self.key)
        except FileNotFoundError:
            parts = (self.authority, self.certificate, self.key, self.inviting)
            raise _not_there(*(path for path in parts if path and not path.exists())) from None
        except ssl.SSLError as error:
            raise ConfigError(f"{self.certificate}: cannot be used with {self.key} ({error.reason or error})") from None
        return context


def _certificate(path: Path) -> x509.Certificate:
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except FileNotFoundError:
        raise _not_there(path) from None
    except ValueError:
        raise _unfit(path, "it is no certificate in PEM") from None


def _not_there(*paths: Path) -> ConfigError:
    return ConfigError(f"{paths[0]}: not there; `decai federation found` and `decai federation enter` make it")


def _unfit(path: Path, why: str) -> LinkError:
    return LinkError("link_certificate", f"{path}: the certificate does not hold: {why}")


@dataclass(frozen=True)
class Caller:
    """Whose connection it is. ``invitation``: the serial number (hexadecimal) of the invitation that it shows; empty for a
    company with its own certificate, whose number ``serial`` is."""

    name: str
    invitation: str = ""
    serial: str = ""


def caller_of(certificate: Mapping[str, Any] | None) -> Caller | None:
    """Whose a verified certificate (as ``ssl.SSLSocket.getpeercert`` tells it) is: its only common name; None if there is
    none. Its issuer, too, was verified."""
    certificate = certificate or {}
    name = _common_name(certificate.get("subject", ()))
    invited = _common_name(certificate.get("issuer", ())) == INVITING
    serial = str(certificate.get("serialNumber", "")).lower()
    return (Caller(name, serial) if invited else Caller(name, serial=serial)) if name else None


def _common_name(parts: Iterable[Iterable[tuple[str, str]]]) -> str:
    names = [value for part in parts for key, value in part if key == "commonName"]
    return names[0] if len(names) == 1 else ""
