"""The detached signature of a report's manifest (Ed25519), and the check of a whole bundle."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from decai_forecast.documents.message import read_message
from decai_forecast.errors import DecaiError, MalformedMessage
from decai_forecast.identity import ALGORITHM, KEY_BYTES, Identity, is_signed_by
from decai_forecast.reports.bundle_files import MANIFEST, SIGNATURE

__all__ = ["BrokenReport", "sign", "signed_by", "verify"]

PURPOSE = "report manifest"  # a signature of a manifest serves nothing else
FORMAT = "decai-signature/1"


class BrokenReport(DecaiError):
    """The files of a report are not those that its participant signed."""

    code = "broken_report"


@dataclass(frozen=True)
class Signature:
    """The file ``manifest.sig``; keys and signatures in hexadecimal."""

    format: Literal["decai-signature/1"]
    algorithm: Annotated[str, Field(max_length=40)]
    purpose: Literal["report manifest"]
    participant: Annotated[str, Field(max_length=40)]
    public_key: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){1,4096}$")]
    signature: Annotated[str, Field(pattern=r"^([0-9a-f]{2}){1,8192}$")]


@dataclass(frozen=True)
class SignedFile:
    """A file of a report: its SHA-256 (hexadecimal) and its size in bytes."""

    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{2,64}$")]
    bytes: Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class Manifest:
    """The file ``manifest.json`` (:func:`decai_forecast.reports.manifest.manifest`)."""

    format: Literal["decai-manifest/1"]
    network: str
    participant: str
    round: str
    data_until: str
    engine: str
    versions: Mapping[str, str]
    forecast_model: str
    seed: int
    files: Mapping[str, SignedFile]


def sign(manifest: bytes, identity: Identity) -> bytes:
    """The file ``manifest.sig``; the same for the same manifest and key."""
    found = {
        "format": FORMAT,
        "algorithm": ALGORITHM,
        "purpose": PURPOSE,
        "participant": identity.name,
        "public_key": identity.public.hex(),
        "signature": identity.sign(PURPOSE, manifest).hex(),
    }
    return json.dumps(found, indent=1, sort_keys=True).encode()


def signed_by(folder: Path) -> tuple[str, bytes]:
    """Who ``manifest.sig`` says that it is from: participant and public key. Anybody can write that: compare the key."""
    name, key, _ = _signature(folder)
    return name, key


def _signature(folder: Path) -> tuple[str, bytes, bytes]:
    """Participant, public key and signature in ``manifest.sig``."""
    try:
        given = read_message(_read(folder, SIGNATURE), Signature, sender=str(folder))
    except MalformedMessage:
        raise BrokenReport(f"{folder / SIGNATURE}: not a signature as decai writes it; get the report again") from None
    if given.algorithm != ALGORITHM:
        raise BrokenReport(
            f"{folder / SIGNATURE}: signed by {given.algorithm!r}; this release checks {ALGORITHM}. Install the release that "
            "wrote the report"
        )
    return given.participant, bytes.fromhex(given.public_key), bytes.fromhex(given.signature)


def _manifest(folder: Path, data: bytes) -> Manifest:
    try:
        return read_message(data, Manifest, sender=str(folder))
    except MalformedMessage:
        raise BrokenReport(f"{folder / MANIFEST}: not a manifest as decai writes it; get the report again") from None


def verify(folder: Path, key: bytes) -> tuple[str, ...]:
    """The names of the files, as signed with ``key`` (32 bytes); :class:`BrokenReport` names the first that is not."""
    if len(key) != KEY_BYTES:
        raise BrokenReport(f"a public key has {KEY_BYTES} bytes, 64 hexadecimal digits; this one has {len(key)} bytes")
    manifest, (_, _, signature) = _read(folder, MANIFEST), _signature(folder)
    if not is_signed_by(key, PURPOSE, manifest, signature):
        raise BrokenReport(f"{folder / MANIFEST}: not signed with the key {key.hex()[:16]}...; do not use this report")
    files = _manifest(folder, manifest).files
    for file, facts in sorted(files.items()):
        if sha256(_read(folder, file)).hexdigest() != facts.sha256:
            raise BrokenReport(f"{folder / file}: changed after it was signed; get the report again")
    there = {path.name for path in folder.iterdir()} - {MANIFEST, SIGNATURE}
    if strange := sorted(there - set(files)):
        raise BrokenReport(f"{folder / strange[0]}: not part of the signed report; take it out of the folder")
    return tuple(sorted(files))


def _read(folder: Path, name: str) -> bytes:
    if Path(name).name != name:
        raise BrokenReport(f"{folder / MANIFEST}: names a file outside the report ({name!r}); do not use it")
    try:
        return (folder / name).read_bytes()
    except OSError:
        raise BrokenReport(f"{folder / name}: not there; get the report again") from None
