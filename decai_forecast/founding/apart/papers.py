"""What passes when a company is invited: the invitation, a file; the answer, over the link or as a file.

Both travel in the envelope of the link, signed by their sender. Neither side knows the other's key yet: each paper names the
key that it is signed with, so that nobody can change it unseen, and its fingerprint is compared aloud.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Annotated

from cryptography import x509
from pydantic import Field

from decai_forecast.documents import Fault
from decai_forecast.errors import ConfigError, LinkError
from decai_forecast.federation.superlink.keys import serial_of, write_private
from decai_forecast.federation.superlink.passport import Algorithm, Armoured, Id, Passport, Port, SigningKey, fingerprint
from decai_forecast.identity import Identity
from decai_forecast.link import Members
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, enveloped, introduced, sealed
from decai_forecast.network import COORDINATOR, Agreement
from decai_forecast.network.between_keys import faults_of
from decai_forecast.network.common import faults_of_common
from decai_forecast.network.network import as_written

__all__ = ["LARGEST_PAPER", "Answer", "Invitation", "fingerprint_of_members", "opened_answer", "read_paper", "sealed_answer"]

LARGEST_PAPER = 256_000  # bytes: an invitation with the longest code book has 70,000
Serial = Annotated[str, Field(pattern=r"^[0-9a-f]{1,40}$", description="a serial number in hexadecimal digits")]


@dataclass(frozen=True)
class Invitation:
    """To the company ``partner``: what is agreed to, where the coordinator is and by which key it is known, and a certificate
    with its ``key`` by which the company hands over its answer once. The key makes the whole a secret."""

    partner: Id
    terms: Agreement
    host: Annotated[str, Field(min_length=1, max_length=253)]
    fleet_port: Port
    relay_port: Port
    link_port: Port
    authority: Armoured
    inviting: Armoured
    certificate: Armoured
    key: Armoured
    signing_key: SigningKey
    algorithm: Algorithm

    def faults(self) -> Iterator[Fault]:
        """Terms that a company's own network.yaml could not have, or that would reach into its home."""
        for fault in (*faults_of(self.terms), *faults_of_common(self.terms)):
            yield Fault(("terms", *fault.where), fault.text, fault.key)
        if self.partner not in self.terms.partners:
            yield Fault(("partner",), f"{self.partner} is no partner in the terms")
        if _certificate(self.certificate) is None:
            yield Fault(("certificate",), "no certificate (PEM)")

    @property
    def serial(self) -> str:
        """Of the certificate: which invitation it is, in the digits in which TLS tells it."""
        return serial_of(self.certificate.encode())

    @property
    def until(self) -> datetime:
        """When it ends, UTC."""
        return self._signed.not_valid_after_utc

    @property
    def fingerprint(self) -> str:
        """Of the coordinator's signing key, to be read aloud."""
        return fingerprint(self.signing_key)

    @property
    def _signed(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self.certificate.encode())

    def check_time(self, path: Path, now: datetime) -> None:
        """:class:`LinkError` outside of the time in which it holds."""
        times = f"from {self._signed.not_valid_before_utc:%Y-%m-%d %H:%M} to {self.until:%Y-%m-%d %H:%M}"
        if not self._signed.not_valid_before_utc <= now <= self.until:
            told = f"the invitation holds {times}, and it is {now:%Y-%m-%d %H:%M} (UTC) by this clock"
            raise LinkError("invitation_over", f"{path}: {told}; compare clocks, or ask the coordinator for another one")

    def write(self, path: Path, identity: Identity) -> None:
        """As a file that only its owner reads, signed by the coordinator."""
        about = (
            f"SECRET: the invitation of {self.partner} to {self.terms.name}, until {self.until:%Y-%m-%d %H:%M} UTC. "
            f"Whoever has it can answer in the name of {self.partner}: hand it over as you hand over a password."
        )
        body = json.dumps(as_written(asdict(self)), sort_keys=True)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_private(path, enveloped(body, Heading(Kind.INVITATION, COORDINATOR, NO_ROUND), identity, about) + b"\n")

    @classmethod
    def read(cls, path: Path) -> Invitation:
        """:class:`~decai_forecast.errors.MalformedMessage` or :class:`LinkError` for what is none, or was changed."""
        heading = Heading(Kind.INVITATION, COORDINATOR, NO_ROUND)
        return introduced(read_paper(path), cls, heading, lambda one: bytes.fromhex(one.signing_key), largest=LARGEST_PAPER)


@dataclass(frozen=True)
class Answer:
    """Of a company to the ``invitation`` of this serial number: its public keys."""

    invitation: Serial
    passport: Passport

    def faults(self) -> Iterator[Fault]:
        """Keys that cannot be used."""
        for fault in self.passport.faults():
            yield Fault(("passport", *fault.where), fault.text, fault.key)


def sealed_answer(answer: Answer, identity: Identity) -> bytes:
    """The answer as it travels, signed by the company."""
    name = answer.passport.partner
    about = (
        f"No secret: the answer of {name} to its invitation. Its keys are believed once their fingerprint was compared aloud."
    )
    return sealed(answer, Kind.ANSWER, NO_ROUND, identity, about)


def opened_answer(data: bytes, company: str, largest: int = LARGEST_PAPER) -> Answer:
    """The answer of ``company``, signed with the key that it names."""
    heading = Heading(Kind.ANSWER, company, NO_ROUND)
    answer = introduced(data, Answer, heading, lambda one: bytes.fromhex(one.passport.signing_key), largest=largest)
    if answer.passport.partner != company:
        raise LinkError("other_sender", f"{company} sent the answer of {answer.passport.partner}; it is not used")
    return answer


def read_paper(path: Path) -> bytes:
    """The bytes of a file, of which no more are read than any paper has."""
    try:
        with path.open("rb") as file:
            return file.read(LARGEST_PAPER + 1)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read ({type(error).__name__}); expected a file as it was sent") from None


def fingerprint_of_members(members: Members) -> str:
    """One number for all keys of a membership: 96 bits in six groups of four hexadecimal digits.

    Who makes both lists, as a dishonest coordinator could, looks for two with one number, which is easier than to meet a given
    one (the birthday bound: 2^48 tries). So each try costs a tenth of a second and 32 MB (scrypt, RFC 7914).
    """
    keys = sorted({**members.keys, COORDINATOR: members.coordinator}.items())
    stated = json.dumps([members.network, keys]).encode()
    digits = hashlib.scrypt(stated, salt=b"decai members 1", n=2**15, r=8, p=1, maxmem=2**26, dklen=12).hex()
    return "-".join(digits[k : k + 4] for k in range(0, len(digits), 4))


def _certificate(pem: str) -> x509.Certificate | None:
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None
