"""Merkle trees of RFC 6962, section 2.1: roots, inclusion proofs and consistency proofs.

A proof is made from a function ``hash_of(begin, end)``, the hash of the entries of this range, and checked by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

__all__ = [
    "EMPTY_ROOT", "HASH_BYTES", "MOST_PROOF_HASHES", "HashOf", "hashes_of", "is_consistent", "is_included", "leaf_hash",
    "node_hash", "prove_consistency", "prove_inclusion", "range_hash", "root_of",
]  # fmt: skip

HASH_BYTES = 32
MOST_PROOF_HASHES = 63  # a tree of 2**63 entries
EMPTY_ROOT = sha256(b"").digest()
HashOf = Callable[[int, int], bytes]


def leaf_hash(entry: bytes) -> bytes:
    """Of an entry."""
    return sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Of two subtrees beside each other."""
    return sha256(b"\x01" + left + right).digest()


def root_of(hashes: Sequence[bytes]) -> bytes:
    """The root over subtrees of equal size (such as leaves), in their order."""
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        pairs = [node_hash(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
        level = pairs + level[len(pairs) * 2 :]
    return level[0]


def hashes_of(leaves: Sequence[bytes]) -> HashOf:
    """``hash_of`` of a tree whose leaf hashes are all here; made once, each range then costs a few hashes."""
    levels = [list(leaves)]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(left, right) for left, right in zip(below[::2], below[1::2], strict=False)])

    def perfect(begin: int, end: int) -> bytes:
        level = (end - begin).bit_length() - 1
        return levels[level][begin >> level]

    return lambda begin, end: range_hash(begin, end, perfect)


def range_hash(begin: int, end: int, perfect: HashOf) -> bytes:
    """The hash of any range of a tree, from ``perfect``, which knows ranges of a power of two that begin at a multiple of
    it."""
    if begin == end:
        return EMPTY_ROOT
    if (end - begin) & (end - begin - 1) == 0 and begin % (end - begin) == 0:
        return perfect(begin, end)
    middle = begin + _split(end - begin)
    return node_hash(range_hash(begin, middle, perfect), range_hash(middle, end, perfect))


def prove_inclusion(index: int, size: int, hash_of: HashOf) -> list[bytes]:
    """The hashes that lead from entry ``index`` to the root of the first ``size`` entries (RFC 6962, 2.1.1)."""
    if not 0 <= index < size:
        raise ValueError(f"entry {index} is not in a tree of {size} entries")
    proof, begin, end = list[bytes](), 0, size
    while end - begin > 1:
        middle = begin + _split(end - begin)
        if index < middle:
            proof.append(hash_of(middle, end))
            end = middle
        else:
            proof.append(hash_of(begin, middle))
            begin = middle
    return proof[::-1]


def prove_consistency(old: int, size: int, hash_of: HashOf) -> list[bytes]:
    """The hashes that show that the first ``old`` of ``size`` entries are unchanged (RFC 6962, 2.1.2); none from 0 or to
    itself."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {size} entries does not extend one of {old}")
    if old in (0, size):
        return []
    proof, begin, end, whole = list[bytes](), 0, size, True
    while old != end:
        middle = begin + _split(end - begin)
        if old <= middle:
            proof.append(hash_of(middle, end))
            end = middle
        else:
            proof.append(hash_of(begin, middle))
            begin, whole = middle, False
    return ([] if whole else [hash_of(begin, end)]) + proof[::-1]


def is_included(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether ``proof`` leads from the leaf hash to the root (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    at, last, hashed = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            hashed = node_hash(sibling, hashed)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            hashed = node_hash(hashed, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and hashed == root


def is_consistent(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Whether ``proof`` shows that the tree of ``old`` entries is the beginning of that of ``size`` (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size:
        return False
    if old == size:
        return not proof and old_root == root
    if old == 0:
        return not proof and old_root == EMPTY_ROOT
    path = [old_root, *proof] if old & (old - 1) == 0 else list(proof)
    return bool(path) and _both_roots(old - 1, size - 1, path) == (old_root, root)


def _both_roots(at: int, last: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    """What the path says of the old and of the new root; None if its length is wrong."""
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return None
        if at & 1 or at == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        at, last = at >> 1, last >> 1
    return (old, new) if last == 0 else None


def _split(count: int) -> int:
    """The largest power of two below ``count``, which is at least 2."""
    return 1 << ((count - 1).bit_length() - 1)
