"""A verifier of a log, written from docs/reference/ledger-format.md alone: it imports nothing of decai_forecast.

``python stranger.py FOLDER POLICY``, a copy of the public part and whom you believe: a line a check, ends with 0 (green) or 1.
"""

import base64
import hashlib
import json
import struct
import sys
import time
from datetime import datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

WIDTH, FIVE_MINUTES, FOURTEEN_DAYS = 256, 300, 14 * 86_400
OF_COORDINATOR = {"publication", "closing", "certificate", "evaluation", "membership"}
OF_COMPANIES = {"submission", "disclosure", "privacy", "report", "takeover"}


def demand(holds, why):
    if not holds:
        raise ValueError(why)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unpacked(text):
    demand(base64.b64encode(data := base64.b64decode(text, validate=True)).decode() == text, "another spelling of base64")
    return data


def check_signed(key, signature, message, who):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
    except InvalidSignature:
        raise ValueError(f"the signature of {who} does not hold") from None


def read_key(text, kind):
    name, digits, material = text.split("+", 2)
    raw = unpacked(material)
    demand(raw[0] == kind and sha(name.encode(), b"\n", raw)[:4].hex() == digits, f"{name} is no key of kind {kind}")
    return name, bytes.fromhex(digits), raw[1:]


def read_policy(text):
    logs, witnesses, groups, quorum = [], {}, {}, "none"
    for words in (line.split() for line in text.splitlines() if line.strip() and line.strip()[0] != "#"):
        if words[0] == "log":
            logs.append(read_key(words[1], 1))
        elif words[0] == "witness":
            witnesses[words[1]] = read_key(words[2], 4)
        elif words[0] == "group":
            groups[words[1]] = {"all": len(words) - 3, "any": 1}.get(words[2]) or int(words[2]), words[3:]
        else:
            quorum = words[1]
    return logs, witnesses, groups, quorum


def is_reached(name, groups, done):
    if name in groups:
        return sum(is_reached(member, groups, done) for member in groups[name][1]) >= groups[name][0]
    return name == "none" or name in done


def read_checkpoint(data, logs, witnesses):
    head, _, tail = data.decode().rpartition("\n\n")
    text, lines, times = head + "\n", {}, {}
    for line in tail.splitlines():
        dash, name, value = line.split(" ")
        demand(dash == "\u2014" and data.endswith(b"\n"), "no signature line")
        lines.setdefault((name, unpacked(value)[:4]), unpacked(value)[4:])
    origin, size, root = head.split("\n")
    mine = [key for key in logs if key[:2] in lines and key[0] == origin]
    demand(mine, "no log of the policy signed the checkpoint")
    for key in mine:
        check_signed(key[2], lines[key[:2]], text.encode(), origin)
    for name, key in witnesses.items():
        if raw := lines.get(key[:2]):
            (times[name],) = struct.unpack(">Q", raw[:8])
            check_signed(key[2], raw[8:], f"cosignature/v1\ntime {times[name]}\n{text}".encode(), key[0])
    return int(size), unpacked(root), times


def read_file(folder, name):
    path = folder / name if (folder / name).is_file() else folder / name.partition(".p/")[0]
    demand(path.is_file(), f"{name} is not there")
    return path.read_bytes()


def tile_file(level, number, width):
    digits = f"{number:0{-(-len(str(number)) // 3) * 3}}"
    parts = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return f"log/tile/{level}/" + "".join(f"x{part}/" for part in parts[:-1]) + parts[-1] + f".p/{width}" * (width < WIDTH)


def read_entries(folder, size):
    entries = []
    for first in range(0, size, WIDTH):
        data, at = read_file(folder, tile_file("entries", first // WIDTH, min(WIDTH, size - first))), 0
        for _ in range(min(WIDTH, size - first)):
            end = at + 2 + int.from_bytes(data[at : at + 2], "big")
            demand(at + 2 <= len(data) and end <= len(data), f"entry {len(entries)} is cut off")
            entries.append(data[at + 2 : end])
            at = end
    return entries


def root_of(hashes):
    if len(hashes) < 2:
        return hashes[0] if hashes else sha()
    middle = 1 << (len(hashes) - 1).bit_length() - 1
    return sha(b"\x01", root_of(hashes[:middle]), root_of(hashes[middle:]))


def check_tiles(folder, hashes, level=0):
    tiles = [hashes[at : at + WIDTH] for at in range(0, len(hashes), WIDTH)]
    for number, tile in enumerate(tiles):
        name = tile_file(level, number, len(tile))
        demand(read_file(folder, name)[: 32 * len(tile)] == b"".join(tile), f"{name} does not follow from the entries")
    if tiles:
        check_tiles(folder, [root_of(tile) for tile in tiles if len(tile) == WIDTH], level + 1)


def read_statement(entry, keys):
    whole = json.loads(entry)
    payload, kind, (one,) = unpacked(whole["payload"]), whole["payloadType"].encode(), whole["signatures"]
    statement = json.loads(payload)
    again = (json.dumps(whole, separators=(",", ":")), json.dumps(statement, separators=(",", ":"), sort_keys=True))
    demand(again == (entry.decode(), payload.decode()), "it is written otherwise")
    said, what, who = statement["predicate"], statement["predicateType"].split(":")[3], statement["predicate"]["participant"]
    key = {f"{who}+ed25519+{sha(key).hex()[:8]}": key for key in keys.get(who, [])}.get(one["keyid"], bytes(32))
    check_signed(key, unpacked(one["sig"]), b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload), who)
    demand(what not in (OF_COMPANIES if who == "coordinator" else OF_COORDINATOR), f"{who} cannot state a {what}")
    return what, said, statement["subject"], sha(key).hex()


def check_statement(entry, keys, latest, said_so_far, out, until):
    what, said, subjects, key = read_statement(entry, keys)
    at = datetime.strptime(said["at"] + "+0000", "%Y-%m-%dT%H:%M:%SZ%z").timestamp()
    demand(key not in out and at <= until.get(key, at) + FOURTEEN_DAYS, f"the key of {said['participant']} counted no more")
    demand(at <= latest + FIVE_MINUTES, f"it is of {said['at']}, and was in the log before")
    claims = [("network", said["network"])]
    if what == "membership":
        out.discard(said["key"]), until.pop(said["key"], None)
        until.update({said["key"]: at} if said["event"] == "exchanged" else {})
        out.update({said["key"]} if said["event"] in ("left", "revoked") else ())
    if what in ("publication", "closing"):
        claims += [(("file", one["name"]), one["digest"]["sha256"]) for one in subjects]
        claims += [(("closed", said["round"]), said.get("members"))] * (what == "closing")
    if what == "step":
        claims += [((said["participant"], said["round"], said["step"], said["inputs"]), subjects[0]["digest"])]
    for place, value in claims:
        demand(said_so_far.setdefault(place, value) == value, f"it contradicts an earlier one on {place}")
    if what == "submission":
        said_so_far["view", said["round"], said["participant"]] = said["seen_size"], said["seen_root"]


def main(folder, logs, witnesses, groups, quorum):
    size, root, times = read_checkpoint((folder / "log/checkpoint").read_bytes(), logs, witnesses)
    demand(is_reached(quorum, groups, times), f"no quorum: only {sorted(times)}")
    print(f"green checkpoint: {size} entries, witnessed by {', '.join(sorted(times))}")
    entries = read_entries(folder, size)
    leaves = [sha(b"\0", entry) for entry in entries]
    demand(root_of(leaves) == root, "the entries do not lead to the signed root")
    check_tiles(folder, leaves)
    print("green tree: entries and tiles lead to the signed root")
    keys, said = {"coordinator": [key[2] for key in logs]}, {}
    for name, _, public in witnesses.values():
        keys.setdefault(name.rsplit("/", 1)[1], []).append(public)
    out, until, latest = set(), {}, max(times.values(), default=time.time())
    first = {entry: index for index, entry in reversed([*enumerate(entries)])}
    for index, entry in enumerate(entries):
        try:
            demand(first[entry] == index, "it is there twice")
            check_statement(entry, keys, latest, said, out, until)
        except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
            raise ValueError(f"entry {index}: {error}") from None
    files = {place[1]: value for place, value in said.items() if place[0] == "file"}
    for name, digest in files.items():
        demand(sha(read_file(folder, name)).hex() == digest, f"{name} was changed")
    for (_, round_id), members in [item for item in said.items() if item[0][0] == "closed"]:
        for member in members:
            seen, view = said.get(("view", round_id, member), (size + 1, ""))
            demand(seen <= size and root_of(leaves[:seen]).hex() == view, f"round {round_id}: {member} did not see this log")
    print(f"green statements: {size}, and {len(files)} published files are those that were stated")


if __name__ == "__main__":
    try:
        main(Path(sys.argv[1]), *read_policy(Path(sys.argv[2]).read_text()))
    except (OSError, ValueError, IndexError, struct.error) as error:
        print(f"red: {error}")
        sys.exit(1)
