"""The detached signature of a report's manifest (Ed25519), and the check of a whole bundle."""

from __future__ import annotations

import json
from hashlib import sha256
from pathlib import Path

from decai_forecast.errors import DecaiError
from decai_forecast.identity import ALGORITHM, KEY_BYTES, Identity, is_signed_by
from decai_forecast.reports.bundle_files import MANIFEST, SIGNATURE

__all__ = ["BrokenReport", "sign", "signed_by", "verify"]

PURPOSE = "report manifest"  # a signature of a manifest serves nothing else
FORMAT = "decai-signature/1"


class BrokenReport(DecaiError):
    """The files of a report are not those that its participant signed."""

    code = "broken_report"


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
        raw = json.loads(_read(folder, SIGNATURE))
        algorithm, name = str(raw["algorithm"]), str(raw["participant"])
        key, signature = bytes.fromhex(raw["public_key"]), bytes.fromhex(raw["signature"])
    except (ValueError, KeyError, TypeError):
        raise BrokenReport(f"{folder / SIGNATURE}: not a signature as decai writes it; get the report again") from None
    if algorithm != ALGORITHM:
        raise BrokenReport(
            f"{folder / SIGNATURE}: signed by {algorithm[:40]!r}; this release checks {ALGORITHM}. Install the release that "
            "wrote the report"
        )
    return name, key, signature


def verify(folder: Path, key: bytes) -> tuple[str, ...]:
    """The names of the files, as signed with ``key`` (32 bytes); :class:`BrokenReport` names the first that is not."""
    if len(key) != KEY_BYTES:
        raise BrokenReport(f"a public key has {KEY_BYTES} bytes, 64 hexadecimal digits; this one has {len(key)} bytes")
    manifest, (_, _, signature) = _read(folder, MANIFEST), _signature(folder)
    if not is_signed_by(key, PURPOSE, manifest, signature):
        raise BrokenReport(f"{folder / MANIFEST}: not signed with the key {key.hex()[:16]}...; do not use this report")
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
