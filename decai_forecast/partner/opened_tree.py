"""What a company shows an auditor of one tree, as a file that it signs; and what an auditor makes of the files of all."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le, Len
from pydantic import Field, StringConstraints

from decai_forecast.documents import Fault
from decai_forecast.errors import ConfigError
from decai_forecast.federation.exact.audit import Disclosed, Evidence, audited
from decai_forecast.federation.exact.records import TrainingRecords
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.exact.transcript import Heard, Opening, SignedTree
from decai_forecast.identity import Keyring, is_signed_by
from decai_forecast.link.envelope import NO_ROUND, Heading, Kind, opened, sealed
from decai_forecast.link.messages import Name

__all__ = ["OpenedTree", "judge", "open_tree", "read_opened"]

LARGEST = 2_000_000  # bytes of one: 15 companies with 30 features of 63 bins have 200,000
WORD = np.dtype("<i8")
Hex = Annotated[str, StringConstraints(pattern=r"^([0-9a-f]{2})*$"), Field(description="bytes in hexadecimal digits")]
Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$"), Field(description="64 hexadecimal digits")]
Count = Annotated[int, Ge(0), Le(10**12)]
Width = Annotated[int, Ge(1), Le(8)]
Bound = Annotated[int, Ge(0), Le(10**7)]


@dataclass(frozen=True)
class HeardText:
    """As :class:`~decai_forecast.federation.exact.transcript.Heard`."""

    parts: Annotated[tuple[Hex, ...], Len(3, 200)]
    bounds: Annotated[tuple[tuple[Bound, Bound], ...], Len(3, 200)]
    widths: Annotated[tuple[Width, ...], Len(1, 2)]


@dataclass(frozen=True)
class OpenedTree:
    """Tree ``tree`` of the model ``subject``, as ``company`` opens it: bytes in hexadecimal digits, sums as int64."""

    company: Name
    subject: Annotated[str, Len(1, 100)]
    tree: Annotated[int, Ge(0), Le(10_000)]
    rows: Count
    slope: Annotated[float, Ge(0), Le(1e6)]
    names: Annotated[tuple[Name, ...], Len(3, 200)]
    epoch: Hash
    statements: Annotated[tuple[Hex, ...], Len(3, 200)]
    commitments: Annotated[tuple[Hash, ...], Len(1, 10_000)]
    salt: Hash
    keys: Hex
    sums: Annotated[tuple[Hex, ...], Len(3, 3)]
    heard: Annotated[tuple[HeardText, ...], Len(2, 2)]
    digests: Annotated[tuple[tuple[Hash, ...], ...], Len(1, 10_000)]

    def faults(self) -> Iterator[Fault]:
        """What does not fit together, before anything is computed with it."""
        count, trees = len(self.names), len(self.commitments)
        lists = {"statements": len(self.statements) == count, "keys": len(self.keys) == 64 * count}
        lists["digests"] = len(self.digests) == trees and all(len(one) == count for one in self.digests)
        lists["tree"] = self.tree < trees
        lists["sums"] = len(self.sums[0]) == 48 and len(self.sums[1]) == len(self.sums[2]) and len(self.sums[1]) % 16 == 0
        lists["heard"] = self._heard_fits(count)
        lists["statements"] &= all(len(one) == 2 * (32 * (3 + 2 * count) + 64) for one in self.statements)
        for name, fits in lists.items():
            if not fits:
                yield Fault((name,), f"does not fit {count} companies and {trees} trees")

    def _heard_fits(self, count: int) -> bool:
        bins = len(self.sums[1]) // 16
        root, hist = self.heard
        ordered = all(0 <= low <= high <= bins for low, high in hist.bounds)
        sizes = all(len(one.parts) == len(one.bounds) == count for one in self.heard)
        return sizes and ordered and len(root.widths) == 1 and len(hist.widths) == 2 and set(root.bounds) == {(0, 3)}

    @property
    def disclosed(self) -> Disclosed:
        """As the audit takes it."""
        sums = tuple(np.frombuffer(bytes.fromhex(one), WORD).astype(np.int64) for one in self.sums)
        heard = tuple(Heard(_bytes(one.parts), one.bounds, one.widths) for one in self.heard)
        opening = Opening(bytes.fromhex(self.salt), sums, bytes.fromhex(self.keys))
        return Disclosed(_bytes(self.commitments), opening, heard, tuple(_bytes(one) for one in self.digests))

    @property
    def signed(self) -> SignedTree:
        """Everybody's newest statements, as this company has them."""
        return SignedTree(bytes.fromhex(self.epoch), _bytes(self.statements))


def open_tree(records: TrainingRecords, keyring: Keyring, subject: str, tree: int) -> bytes:
    """The file with the opening of ``tree`` (from 0 on) of ``subject``, signed by the company.

    :class:`ConfigError` if nothing is kept of it, or another tree of it was opened: each opening shows the own sums at the
    beginning of a tree.
    """
    found = [one for one in records.evidence() if one.subject.of == subject]
    if not found:
        known = ", ".join(sorted({one.subject.of for one in records.evidence()})) or "nothing"
        unread = "".join(f". {one}" for one in records.unread_evidence())
        raise ConfigError(f"nothing is kept of a training of {subject}; there is {known}{unread}")
    evidence = found[-1]
    if not 0 <= tree < len(evidence.openings):
        raise ConfigError(f"{subject} has {len(evidence.openings)} trees; choose one from 0 on")
    records.open(subject, tree)
    identity = keyring.identity()
    about = f"For the auditor of all companies: the own sums of {identity.name} at the beginning of tree {tree} of {subject}."
    return sealed(_opened(identity.name, evidence, tree), Kind.OPENING, NO_ROUND, identity, about)


def _opened(name: str, evidence: Evidence, tree: int) -> OpenedTree:
    one, whose = evidence.disclosed(tree), evidence.subject
    heard = tuple(HeardText(_texts(each.parts), each.bounds, each.widths) for each in one.heard)
    return OpenedTree(
        name, whose.of, tree, whose.rows, whose.slope, evidence.names, evidence.signed.epoch.hex(),
        _texts(evidence.signed.statements), _texts(one.commitments), one.opening.salt.hex(), one.opening.keys.hex(),
        tuple(np.asarray(part, WORD).tobytes().hex() for part in one.opening.sums), heard,
        tuple(_texts(each) for each in one.digests),
    )  # fmt: skip


def read_opened(data: bytes, company: str, keys: Sequence[bytes]) -> OpenedTree:
    """The opening that ``company`` has signed with one of ``keys``; :class:`~decai_forecast.errors.MalformedMessage` or
    :class:`~decai_forecast.errors.LinkError` for what is none."""
    return opened(data, OpenedTree, Heading(Kind.OPENING, company, NO_ROUND), tuple(keys), largest=LARGEST)


def judge(given: Mapping[str, OpenedTree], keys: Mapping[str, Sequence[bytes]], rows: Mapping[str, int]) -> dict[str, str]:
    """Company -> what is wrong with its part of the tree that all open; empty if every part can be that of rows.

    ``keys``: by which the auditor knows the companies. ``rows``: of each, as its contract check counted them; of who is not
    among them what it says itself.
    """
    first = next(iter(given.values()))
    if others := sorted(name for name, one in given.items() if _which(one) != _which(first)):
        raise ConfigError(
            f"{', '.join(others)}: another tree, session or objective than {first.company}'s; all open tree {first.tree} of "
            f"{first.subject}"
        )
    roster = KeyRoster.of({name: _signer(first, rank, keys[name]) for rank, name in enumerate(first.names)})
    counted = {name: rows.get(name, given[name].rows if name in given else 0) for name in first.names}
    disclosed = {name: one.disclosed for name, one in given.items()}
    return audited(roster, first.signed, first.tree, disclosed, counted, first.slope)


def _which(one: OpenedTree) -> tuple[object, ...]:
    return one.subject, one.tree, one.epoch, one.names, one.slope, one.statements


def _signer(one: OpenedTree, rank: int, keys: Sequence[bytes]) -> bytes:
    """Which of a company's keys has signed its statement."""
    from decai_forecast.federation.exact.transcript import TREE
    from decai_forecast.federation.gate.messages import SIGNATURE_BYTES

    blob = one.signed.statements[rank]
    stated, signature = one.signed.epoch + blob[:-SIGNATURE_BYTES], blob[-SIGNATURE_BYTES:]
    return next((key for key in keys if is_signed_by(key, TREE, stated, signature)), keys[0])


def _bytes(texts: Sequence[str]) -> tuple[bytes, ...]:
    return tuple(bytes.fromhex(one) for one in texts)


def _texts(parts: Sequence[bytes]) -> tuple[str, ...]:
    return tuple(one.hex() for one in parts)
