"""Opening one tree of an exact training, when all ask for it: who put into the sums what no rows have is named, with proof.

Every company commits, by the signature after each tree, to its own sums at that tree's root and in its first histogram before
they are masked. An auditor gets the newest signatures from any company, and from each its commitments and the opening of one
tree. The opened sums are that company's share of that tree's beginning, no more; all else stays closed.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.ledger import Opening, SignedTree, chain
from decai_forecast.federation.exact.roster import KeyRoster

__all__ = ["Disclosed", "Evidence", "audited"]

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Disclosed:
    """What a company gives an auditor: its commitments to all trees, and the opening of one."""

    commitments: tuple[bytes, ...]
    opening: Opening


@dataclass(frozen=True)
class Evidence:
    """What a company keeps of a session: the newest signatures of all, and its own openings, one for each tree."""

    names: tuple[str, ...]
    signed: SignedTree
    openings: tuple[Opening, ...]

    def disclosed(self, tree: int) -> Disclosed:
        """For an audit of ``tree``, from 0 on."""
        return Disclosed(tuple(one.commitment for one in self.openings), self.openings[tree])

    def pack(self) -> bytes:
        """As the bytes of a numpy archive; nothing in it is executed when it is read."""
        arrays: dict[str, Any] = {
            f"{k}-{j}": _short(part) for k, one in enumerate(self.openings) for j, part in enumerate(one.sums)
        }
        arrays |= {"names": np.array(self.names), "epoch": _bytes(self.signed.epoch)}
        arrays |= {"statements": np.stack([_bytes(one) for one in self.signed.statements])}
        arrays |= {"salts": np.stack([_bytes(one.salt) for one in self.openings])}
        arrays |= {"parts": np.array([len(one.sums) for one in self.openings])}
        out = io.BytesIO()
        np.savez(out, **arrays)  # packed it would take a tenth of the training's time
        return out.getvalue()

    @classmethod
    def unpack(cls, data: bytes) -> Evidence:
        with np.load(io.BytesIO(data), allow_pickle=False) as kept:
            openings = tuple(
                Opening(salt.tobytes(), tuple(kept[f"{k}-{j}"] for j in range(int(parts))))
                for k, (salt, parts) in enumerate(zip(kept["salts"], kept["parts"], strict=True))
            )
            signed = SignedTree(kept["epoch"].tobytes(), tuple(one.tobytes() for one in kept["statements"]))
            return cls(tuple(map(str, kept["names"])), signed, openings)


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
    return found


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


def _bytes(data: bytes) -> npt.NDArray[np.uint8]:
    return np.frombuffer(data, np.uint8)
