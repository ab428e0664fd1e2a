"""Opening one tree of an exact training, when all ask for it: who put into the sums what no rows have is named, with proof.

Every company commits, by the signature after each tree, to its own sums at that tree's root and in its first histogram before
they are masked. An auditor gets the newest signatures from any company, and from each its commitments and the opening of one
tree. The opened sums are that company's share of that tree's beginning, no more; all else stays closed.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.errors import FederationError
from decai_forecast.federation.exact import packed_ints
from decai_forecast.federation.exact.masks import masked, masks_of_tree, parts_for
from decai_forecast.federation.exact.roster import KeyRoster
from decai_forecast.federation.exact.transcript import Heard, Opening, SignedTree, chain
from decai_forecast.identity import KEY_BYTES

__all__ = ["Disclosed", "Evidence", "OtherEvidence", "Subject", "audited"]

Ints = npt.NDArray[np.int64]
FORMAT = 1  # of the files with evidence in the own store


class OtherEvidence(FederationError):
    """A file with evidence cannot be read here: why, and what to do."""


@dataclass(frozen=True)
class Disclosed:
    """What a company gives an auditor: its commitments to all trees, the opening of one, what all sent it of that one, and of
    all trees the digests of what each rank sent."""

    commitments: tuple[bytes, ...]
    opening: Opening
    heard: tuple[Heard, ...]
    digests: tuple[tuple[bytes, ...], ...]


@dataclass(frozen=True)
class Subject:
    """What a session trained, such as ``2026-06-22/0.5``; the company's own ``rows``; ``slope``: a row's largest gradient in
    hessians."""

    of: str
    rows: int
    slope: float


@dataclass(frozen=True)
class Evidence:
    """What a company keeps of a session: the newest signatures of all, its own openings, one for each tree, and what all sent
    of what they committed to."""

    names: tuple[str, ...]
    signed: SignedTree
    openings: tuple[Opening, ...]
    heard: tuple[tuple[Heard, ...], ...]
    digests: tuple[tuple[bytes, ...], ...]
    subject: Subject

    def disclosed(self, tree: int) -> Disclosed:
        """For an audit of ``tree``, from 0 on."""
        commitments = tuple(one.commitment for one in self.openings)
        return Disclosed(commitments, self.openings[tree], self.heard[tree], self.digests)

    def pack(self) -> bytes:
        """A line of JSON that says what follows, then all numbers as they lie in memory: the own store's format only."""
        sums = [np.ascontiguousarray(_short(part)) for one in self.openings for part in one.sums]
        heard = [each for one in self.heard for each in one]
        whose, signed = self.subject, self.signed
        head = {
            "format": FORMAT, "release": version("decai-forecast"), "names": self.names, "of": whose.of, "rows": whose.rows,
            "slope": whose.slope, "epoch": signed.epoch.hex(),
            "statements": [len(one) for one in signed.statements],
            "parts": [len(one.sums) for one in self.openings], "sums": [(len(one), one.itemsize) for one in sums],
            "hearings": [len(one) for one in self.heard],
            "heard": [([len(part) for part in one.parts], one.bounds, one.widths) for one in heard],
        }  # fmt: skip
        fixed = [part for one in self.openings for part in (one.salt, one.keys)]
        digests, parts = [part for one in self.digests for part in one], [part for one in heard for part in one.parts]
        body = b"".join([*signed.statements, *fixed, *digests, *(one.tobytes() for one in sums), *parts])
        return json.dumps(head).encode() + b"\n" + body

    @classmethod
    def unpack(cls, data: bytes) -> Evidence:
        """Of the own store. :class:`OtherEvidence` for what another release kept, or what is damaged."""
        line, _, body = data.partition(b"\n")
        head = _head(line)
        try:
            return cls._of(head, _Taker(body))
        except (KeyError, TypeError, ValueError, StopIteration, RuntimeError):
            raise OtherEvidence("is damaged; put it back from a backup") from None

    @classmethod
    def _of(cls, head: Mapping[str, Any], take: _Taker) -> Evidence:
        names, trees = tuple(head["names"]), len(head["parts"])
        signed = SignedTree(bytes.fromhex(head["epoch"]), tuple(take(size) for size in head["statements"]))
        fixed = [(take(KEY_BYTES), take(KEY_BYTES * len(names))) for _ in range(trees)]
        digests = tuple(tuple(take(KEY_BYTES) for _ in names) for _ in head["hearings"])
        sums = iter([np.frombuffer(take(count * size), f"<i{size}").astype(np.int64) for count, size in head["sums"]])
        openings = tuple(
            Opening(salt, tuple(itertools.islice(sums, parts)), keys)
            for (salt, keys), parts in zip(fixed, head["parts"], strict=True)
        )
        each = iter([_heard(take, one) for one in head["heard"]])
        heard = tuple(tuple(itertools.islice(each, count)) for count in head["hearings"])
        return cls(names, signed, openings, heard, digests, Subject(head["of"], head["rows"], head["slope"]))


def _head(line: bytes) -> Mapping[str, Any]:
    try:
        head = json.loads(line)
    except ValueError:
        head = None
    if not isinstance(head, dict):
        raise OtherEvidence("is damaged; put it back from a backup")
    if (given := head.get("format", FORMAT)) != FORMAT:  # the first release that kept evidence named no format
        release = str(head.get("release", "unknown"))[:40]
        raise OtherEvidence(
            f"has format {str(given)[:20]}, of release {release}, and this one reads {FORMAT}; open it with that release"
        )
    return head


class _Taker:
    """The next bytes of a body."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def __call__(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._body):
            raise ValueError("the body ends before its head says so")
        return self._body[self._at - count : self._at]


def _heard(take: _Taker, said: Sequence[Any]) -> Heard:
    lengths, bounds, widths = said
    return Heard(tuple(take(size) for size in lengths), tuple((low, high) for low, high in bounds), tuple(widths))


def audited(
    roster: KeyRoster, signed: SignedTree, tree: int, given: Mapping[str, Disclosed], rows: Mapping[str, int], slope: float
) -> dict[str, str]:
    """Company -> what is wrong with its part of ``tree``; empty if every part can be that of rows.

    ``rows``: of each company, as its contract check counted them. ``slope``: a row's largest gradient in hessians, in steps of
    the sums (for a quantile the factor of its objective). :class:`Tampered` if a signature is not its owner's.
    """
    signed.verify(roster)
    found = {}
    for rank, name in enumerate(roster.names):
        complaint = _unopened(signed.committed(rank), tree, given.get(name)) or _unlike_rows(
            given[name].opening.sums, rows[name], slope
        )
        if complaint:
            found[name] = complaint
    return found or _unlike_sent(roster.names, signed, tree, [given[name] for name in roster.names])


def _unlike_sent(names: Sequence[str], signed: SignedTree, tree: int, given: Sequence[Disclosed]) -> dict[str, str]:
    """Whose opened sums, under the masks whose keys it opens, are not what it sent; or who shows something else than it got,
    of which its sender signed the digest."""
    found = {}
    for sender, receiver in itertools.permutations(range(len(names)), 2):
        if _key(given[sender], receiver) != _key(given[receiver], sender) and sender < receiver:
            found[f"{names[sender]} or {names[receiver]}"] = "committed to different keys of their masks: one of both lies"
        got = given[receiver]
        if not _is_signed(signed, tree, sender, receiver, got):
            found[names[receiver]] = f"shows something else of {names[sender]} than that one signed"
        elif [one.parts[sender] for one in got.heard] != [one[receiver] for one in _sent(sender, given[sender])]:
            found[names[sender]] = f"sent {names[receiver]} another sum than it committed to"
    return found


def _is_signed(signed: SignedTree, tree: int, sender: int, receiver: int, got: Disclosed) -> bool:
    """Whether what ``receiver`` shows of ``sender`` is what that one has signed the digest of."""
    digests = [one[sender] for one in got.digests]
    return chain(digests) == signed.shown(sender, receiver) and Heard.digest(got.heard, sender) == digests[tree]


def _sent(rank: int, one: Disclosed) -> list[list[bytes]]:
    """What ``rank`` must have sent to each other rank, in each committed sum, if it opens what it used."""
    keys = {other: _key(one, other) for other in range(len(one.opening.keys) // KEY_BYTES) if other != rank}
    masks, sums, sent = masks_of_tree(rank, keys), list(one.opening.sums), list[list[bytes]]()
    for heard in one.heard:
        columns = [(np.asarray(sums.pop(0), np.int64), width) for width in heard.widths]
        if len(columns) == 1:  # a broadcast: as it is packed there
            words = packed_ints.to_bytes(masked(masks, *columns[0]), heard.widths[0])
            sent.append([words] * len(heard.bounds))
        else:
            sent.append(parts_for(masks, columns, heard.bounds))
    return sent


def _key(one: Disclosed, other: int) -> bytes:
    return one.opening.keys[other * KEY_BYTES : (other + 1) * KEY_BYTES]


def _unopened(committed: bytes, tree: int, given: Disclosed | None) -> str:
    if given is None:
        return "does not open the tree"
    if chain(given.commitments) != committed or not 0 <= tree < len(given.commitments):
        return "shows other commitments than it signed"
    return "" if given.opening.commitment == given.commitments[tree] else "opens other sums than it committed to"


def _unlike_rows(sums: Sequence[Ints], rows: int, slope: float) -> str:
    """What no rows have; the root's sums are hessian, gradient and count, a histogram's gradients and hessians."""
    hessian, gradient, count = map(int, sums[0])
    if not 0 <= count <= rows:
        return f"counts {count:,} rows; its contract check counted {rows:,}"
    gradients, hessians = (np.append(part, own) for part, own in zip(sums[1:3], (gradient, hessian), strict=True))
    wrong = (hessians < 0) | (np.abs(gradients) > slope * hessians) | (hessians > hessian)
    return (
        f"{int(wrong.sum())} sums that no rows have, such as gradient {gradients[wrong][0]} with hessian {hessians[wrong][0]}"
        if wrong.any()
        else ""
    )


def _short(numbers: Ints) -> npt.NDArray[np.signedinteger[Any]]:
    """The same numbers in half the room, where they fit."""
    half = numbers.astype(np.int32)
    return half if (half == numbers).all() else numbers
