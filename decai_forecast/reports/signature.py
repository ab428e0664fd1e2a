"""The detached signature of a report's manifest (Ed25519), and the check of a whole bundle."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from decai_forecast.errors import DecaiError
from decai_forecast.federation.exact.errors import Tampered
from decai_forecast.federation.exact.identity import Identity, Roster
from decai_forecast.reports.bundle_files import MANIFEST, SIGNATURE

__all__ = ["BrokenReport", "sign", "signed_by", "verify"]

PURPOSE = "report manifest"  # a signature of a manifest serves nothing else
FORMAT = "decai-signature/1"
KEY_BYTES = 32


class BrokenReport(DecaiError):
    """The files of a report are not those that its participant signed."""

    code = "broken_report"


def sign(manifest: bytes, identity: Identity) -> bytes:
    """The file ``manifest.sig``; the same for the same manifest and key."""
    found = {
        "format": FORMAT,
        "algorithm": "Ed25519",
        "purpose": PURPOSE,
        "participant": identity.name,
        "public_key": identity.public.hex(),
        "signature": identity.sign(PURPOSE, manifest).hex(),
    }
    return json.dumps(found, indent=1, sort_keys=True).encode()


def signed_by(folder: Path) -> tuple[str, bytes]:
    """Who ``manifest.sig`` says that it is from: participant and public key. Anybody can write that: compare the key."""
    try:
        raw = json.loads(_read(folder, SIGNATURE))
        name, key = str(raw["participant"]), bytes.fromhex(raw["public_key"])
    except (ValueError, KeyError, TypeError):
        raise BrokenReport(f"{folder / SIGNATURE}: not a signature as decai writes it; get the report again") from None
    return name, key


def verify(folder: Path, key: bytes) -> tuple[str, ...]:
    """The names of the files, as signed with ``key`` (32 bytes); :class:`BrokenReport` names the first that is not."""
    if len(key) != KEY_BYTES:
        raise BrokenReport(f"a public key has {KEY_BYTES} bytes, 64 hexadecimal digits; this one has {len(key)} bytes")
    manifest, (name, _) = _read(folder, MANIFEST), signed_by(folder)
    try:
        mark = bytes.fromhex(str(json.loads(_read(folder, SIGNATURE))["signature"]))
        Roster.of({name: key}).verify(0, PURPOSE, manifest, mark)
    except (Tampered, ValueError, KeyError):
        raise BrokenReport(
            f"{folder / MANIFEST}: not signed with the key {key.hex()[:16]}...; do not use this report"
        ) from None
    files = json.loads(manifest)["files"]
    for file, facts in sorted(files.items()):
        if sha256(_read(folder, file)).hexdigest() != facts["sha256"]:
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
