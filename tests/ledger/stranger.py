"""A verifier of a log, written from docs/reference/ledger-format.md alone: it imports nothing of decai_forecast.

    python stranger.py FOLDER POLICY

FOLDER is a copy of the public part. It prints a line a check and ends with 0 (all green) or 1.
"""

import base64
import hashlib
import json
import struct
import sys
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH = 256


class Red(Exception):
    """What does not hold."""


def sha(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def demand(holds: bool, why: str) -> None:
    if not holds:
        raise Red(why)


def signed(key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def read_key(text: str) -> tuple[str, bytes, int, bytes]:
    """Name, id, kind and public key of a verifier key."""
    name, key_id, material = text.split("+", 2)
    raw = base64.b64decode(material, validate=True)
    demand(sha(name.encode() + b"\n" + raw)[:4].hex() == key_id, f"the key of {name} has another id")
    return name, bytes.fromhex(key_id), raw[0], raw[1:]


def read_policy(text: str):
    logs, witnesses, groups, quorum = [], {}, {}, ""
    for line in text.splitlines():
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0] == "log":
            logs.append(read_key(words[1]))
        elif words[0] == "witness":
            witnesses[words[1]] = read_key(words[2])
        elif words[0] == "group":
            members = words[3:]
            groups[words[1]] = ({"all": len(members), "any": 1}.get(words[2]) or int(words[2]), members)
        else:
            quorum = words[1]
    return logs, witnesses, groups, quorum


def reached(name: str, groups, done: set) -> bool:
    if name == "none":
        return True
    if name in groups:
        needed, members = groups[name]
        return sum(reached(member, groups, done) for member in members) >= needed
    return name in done


def holds(key, text: str, lines) -> bool:
    """Whether the note has a signature of this key; one that does not hold spoils the note."""
    name, key_id, kind, public = key
    for who, raw in lines:
        if who == name and raw[:4] == key_id:
            message, signature = text.encode(), raw[4:]
            if kind == 4:
                (time,), signature = struct.unpack(">Q", signature[:8]), signature[8:]
                message = f"cosignature/v1\ntime {time}\n{text}".encode()
            demand(signed(public, signature, message), f"the signature of {name} does not hold")
            return True
    return False


def check_checkpoint(data: bytes, policy, *, quorum: bool):
    logs, witnesses, groups, needed = policy
    text, _, tail = data.decode().rpartition("\n\n")
    text += "\n"
    lines = []
    for line in tail.splitlines():
        dash, name, value = line.split(" ")
        demand(dash == "—", "no signature line")
        lines.append((name, base64.b64decode(value, validate=True)))
    origin, size, root = text.splitlines()[:3]
    demand(any(key[0] == origin and holds(key, text, lines) for key in logs), "no log of the policy signed the checkpoint")
    done = {name for name, key in witnesses.items() if holds(key, text, lines)}
    demand(not quorum or reached(needed, groups, done), f"no quorum: only {sorted(done)}")
    return int(size), base64.b64decode(root, validate=True), done


def path_of(level: str, number: int, width: int) -> str:
    parts = [f"{number % 1000:03}"]
    while number := number // 1000:
        parts.insert(0, f"x{number % 1000:03}")
    return f"log/tile/{level}/{'/'.join(parts)}" + (f".p/{width}" if width < WIDTH else "")


def read_file(folder: Path, name: str) -> bytes:
    full = folder / name.split(".p/", maxsplit=1)[0]
    path = folder / name if (folder / name).is_file() else full
    demand(path.is_file(), f"{name} is not there")
    return path.read_bytes()


def read_entries(folder: Path, size: int) -> list[bytes]:
    entries = []
    for number in range(-(-size // WIDTH)):
        data, at = read_file(folder, path_of("entries", number, min(WIDTH, size - number * WIDTH))), 0
        while at < len(data) and len(entries) < size:
            (length,) = struct.unpack_from(">H", data, at)
            demand(at + 2 + length <= len(data), f"entry {len(entries)} is cut off")
            entries.append(data[at + 2 : at + 2 + length])
            at += 2 + length
    demand(len(entries) == size, f"{len(entries)} entries; the checkpoint has {size}")
    return entries


def root_of(hashes: list[bytes]) -> bytes:
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha(b"")
    middle = 1 << ((len(hashes) - 1).bit_length() - 1)
    return sha(b"\1" + root_of(hashes[:middle]) + root_of(hashes[middle:]))


def check_tiles(folder: Path, leaves: list[bytes]) -> None:
    hashes, level = leaves, 0
    while hashes:
        tiles = [hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)]
        for number, tile in enumerate(tiles):
            data = read_file(folder, path_of(str(level), number, len(tile)))
            demand(data[: 32 * len(tile)] == b"".join(tile), f"tile {level}/{number} does not follow from the entries")
        hashes, level = [root_of(tile) for tile in tiles if len(tile) == WIDTH], level + 1


def check_statement(entry: bytes, keys) -> dict:
    envelope = json.loads(entry)
    payload = base64.b64decode(envelope["payload"], validate=True)
    kind = envelope["payloadType"]
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind.encode(), len(payload), payload)
    statement = json.loads(payload)
    who = statement["predicate"]["participant"]
    signature = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
    demand(any(signed(key, signature, message) for key in keys.get(who, [])), f"not signed by {who}")
    return statement


def main(folder: Path, policy_file: Path) -> None:
    policy = read_policy(policy_file.read_text())
    logs, witnesses, *_ = policy
    size, root, done = check_checkpoint((folder / "log/checkpoint").read_bytes(), policy, quorum=True)
    print(f"green checkpoint: {size} entries, witnessed by {', '.join(sorted(done))}")
    entries = read_entries(folder, size)
    leaves = [sha(b"\0" + entry) for entry in entries]
    demand(root_of(leaves) == root, "the entries do not lead to the signed root")
    check_tiles(folder, leaves)
    print("green tree: entries and tiles lead to the signed root")
    keys = {"coordinator": [key[3] for key in logs]}
    for key in witnesses.values():
        keys.setdefault(key[0].rsplit("/", 1)[-1], []).append(key[3])
    files = 0
    for index, entry in enumerate(entries):
        try:
            statement = check_statement(entry, keys)
        except (ValueError, KeyError, TypeError) as error:
            raise Red(f"entry {index}: no statement ({error})") from None
        if statement["predicateType"].split(":")[3] in ("publication", "closing"):
            for subject in statement["subject"]:
                digest = hashlib.sha256(read_file(folder, subject["name"])).hexdigest()
                demand(subject["digest"]["sha256"] == digest, f"entry {index}: {subject['name']} was changed")
                files += 1
    print(f"green statements: {len(entries)}, and {files} published files are those that were stated")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), Path(sys.argv[2]))
    except (Red, OSError, ValueError, IndexError, struct.error) as error:
        print(f"red: {error}")
        sys.exit(1)
