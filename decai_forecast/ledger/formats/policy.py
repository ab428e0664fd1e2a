"""Policies (C2SP tlog-policy): whose log is believed, and whose cosignatures a checkpoint needs.

::

    log <verifier key> [<address>]
    witness acme <verifier key> [<address>]
    group participants 2 acme bolt cargo
    quorum participants
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from decai_forecast.ledger.formats.checkpoint import Checkpoint, number
from decai_forecast.ledger.formats.keys import SignatureKind, VerifierKey
from decai_forecast.ledger.formats.merkle import EMPTY_ROOT
from decai_forecast.ledger.formats.note import Note, Signed

__all__ = ["LARGEST_POLICY", "Group", "Policy", "Verdict"]

LARGEST_POLICY = 1_000_000  # bytes
NONE = "none"
FORBIDDEN = re.compile(rb"[^\x09\x0a\x20-\x7e\x80-\xff]")
BLANK = re.compile(r"[ \t]+")


@dataclass(frozen=True)
class Group:
    """Of witnesses and groups: so many of them must have witnessed a checkpoint."""

    needed: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Verdict:
    """What signatures of a checkpoint a policy counts: the ``log`` that signed, and by name of the policy the cosignatures;
    ``enough``: whether they are a quorum."""

    checkpoint: Checkpoint
    log: VerifierKey
    witnesses: Mapping[str, Signed]
    enough: bool


@dataclass(frozen=True)
class Policy:
    """``quorum``: the name of a witness or group; ``none``: no cosignature is needed. ``addresses``: of logs and witnesses, by
    verifier key."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    addresses: Mapping[VerifierKey, str] = field(default_factory=dict)

    def judge(self, note: Note) -> Verdict:
        """:class:`ValueError` if no log of this policy signed it, or a signature of a key of the policy does not hold."""
        checkpoint = Checkpoint.parse(note.text)
        if checkpoint.size == 0 and checkpoint.root != EMPTY_ROOT:
            raise ValueError("a checkpoint of no entries whose root is not that of the empty tree")
        own = [key for key in self.logs if key.name == checkpoint.origin]
        if not own:
            raise ValueError(f"the policy has no log {checkpoint.origin[:60]!r}")
        signed = {one.key: one for one in note.verified([*own, *self.witnesses.values()])}
        by_log = next((key for key in own if key in signed), None)
        if by_log is None:
            raise ValueError(f"the log {checkpoint.origin[:60]!r} did not sign its checkpoint")
        witnesses = {name: signed[key] for name, key in self.witnesses.items() if key in signed}
        return Verdict(checkpoint, by_log, witnesses, self._reached(self.quorum, set(witnesses)))

    def needed(self) -> tuple[int, int]:
        """How many of how many: of the quorum's own group."""
        group = self.groups.get(self.quorum)
        return (group.needed, len(group.members)) if group else (int(self.quorum != NONE), int(self.quorum != NONE))

    def _reached(self, name: str, signed: set[str]) -> bool:
        if name == NONE:
            return True
        if name in self.groups:
            group = self.groups[name]
            return sum(self._reached(member, signed) for member in group.members) >= group.needed
        return name in signed

    def to_bytes(self) -> bytes:
        lines = [f"log {key}{self._address(key)}" for key in self.logs]
        lines += [f"witness {name} {key}{self._address(key)}" for name, key in self.witnesses.items()]
        lines += [f"group {name} {group.needed} {' '.join(group.members)}" for name, group in self.groups.items()]
        return "".join(f"{line}\n" for line in [*lines, f"quorum {self.quorum}"]).encode()

    def _address(self, key: VerifierKey) -> str:
        return f" {self.addresses[key]}" if key in self.addresses else ""

    @classmethod
    def parse(cls, data: bytes) -> Policy:
        """:class:`ValueError` names the line that is wrong."""
        if len(data) > LARGEST_POLICY:
            raise ValueError(f"a policy of {len(data):,} bytes; at most {LARGEST_POLICY:,} are read")
        if FORBIDDEN.search(data) or not data.endswith(b"\n"):
            raise ValueError("a policy has lines, each with its end, and no control characters but tabs")
        reader = _Reader()
        for place, line in enumerate(data.decode("utf-8", "surrogateescape").split("\n"), 1):
            words = [word for word in BLANK.split(line) if word]
            if words and not words[0].startswith("#"):
                reader.read(place, words)
        return reader.policy()


class _Reader:
    """Reads a policy line by line."""

    def __init__(self) -> None:
        self._logs, self._quorum = list[VerifierKey](), ""
        self._witnesses, self._groups = dict[str, VerifierKey](), dict[str, Group]()
        self._addresses, self._members = dict[VerifierKey, str](), set[str]()
        self._kinds: Mapping[str, Callable[[list[str]], None]] = {
            "log": self._log, "witness": self._witness, "group": self._group, "quorum": self._name_quorum,
        }  # fmt: skip

    def read(self, place: int, words: list[str]) -> None:
        try:
            self._kinds[words[0]](words[1:])
        except KeyError:
            raise ValueError(f"line {place}: {words[0][:20]!r} is none of {', '.join(self._kinds)}") from None
        except ValueError as error:
            raise ValueError(f"line {place}: {error}") from None

    def policy(self) -> Policy:
        if not self._quorum:
            raise ValueError("a policy has one line that begins with quorum")
        return Policy(tuple(self._logs), self._witnesses, self._groups, self._quorum, self._addresses)

    def _log(self, words: list[str]) -> None:
        key = self._key(words, SignatureKind.NOTE, self._logs)
        self._logs.append(key)

    def _witness(self, words: list[str]) -> None:
        name = words[0] if words else NONE
        self._check_new(name)
        self._witnesses[name] = self._key(words[1:], SignatureKind.COSIGNATURE, self._witnesses.values())

    def _key(self, words: list[str], kind: SignatureKind, there: Iterable[VerifierKey]) -> VerifierKey:
        if len(words) not in (1, 2):
            raise ValueError("expected a verifier key, and an address or nothing")
        key = VerifierKey.parse(words[0])
        if key.kind is not kind:
            raise ValueError(f"the key of {key.name!r} is for signatures of kind {int(key.kind)}, not {int(kind)}")
        if any(one.public == key.public for one in there):
            raise ValueError(f"the key of {key.name!r} is there twice")
        if len(words) == 2:
            self._addresses[key] = words[1]
        return key

    def _group(self, words: list[str]) -> None:
        if len(words) < 3:
            raise ValueError("expected a name, how many (a number, any or all), and the members")
        name, needed, *members = words
        self._check_new(name)
        for member in members:
            self._check_member(member)
            self._members.add(member)
        counts = {"all": len(members), "any": 1}
        count = counts[needed] if needed in counts else number(needed)
        if not 1 <= count <= len(members):
            raise ValueError(f"a group needs from 1 to all of its members, not {needed[:20]!r} of {len(members)}")
        self._groups[name] = Group(count, tuple(members))

    def _name_quorum(self, words: list[str]) -> None:
        if len(words) != 1 or self._quorum:
            raise ValueError("a policy names one quorum, once")
        if words[0] != NONE and words[0] not in {*self._witnesses, *self._groups}:
            raise ValueError(f"{words[0][:40]!r} is no witness or group of the lines above")
        self._quorum = words[0]

    def _check_new(self, name: str) -> None:
        if name == NONE or name in self._witnesses or name in self._groups:
            raise ValueError(f"the name {name[:40]!r} is taken")

    def _check_member(self, member: str) -> None:
        if member not in self._witnesses and member not in self._groups:
            raise ValueError(f"{member[:40]!r} is no witness or group of the lines above")
        if member in self._members:
            raise ValueError(f"{member[:40]!r} is in a group already")
