"""Random words as a field: a word belongs to seed, name, period and replication, whatever is drawn beside it.

Philox4x32-10 (Salmon et al., Parallel random numbers: as easy as 1, 2, 3, SC 2011): a counter in, four random words out, no
state. Replications come in tiles of 128; a counter gives 8 of them (two halves of each word).
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import numpy as np
import numpy.typing as npt

__all__ = ["GROUPS", "ROUNDS", "TILE", "WORD", "Words", "name_of", "philox", "tiles_of", "words"]

Words = npt.NDArray[np.uint16]
Wide = npt.NDArray[np.uint64]  # words of 32 bits, wide enough for their products
TILE, GROUPS, ROUNDS = 128, 16, 10
WORD = 2**64
FACTORS, STEPS = (0xD2511F53, 0xCD9E8D57), (0x9E3779B9, 0xBB67AE85)  # the paper's constants
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)


def name_of(*parts: str) -> int:
    """64 bits that stand for the texts; their lengths count, so that none can be shifted into the next."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return int.from_bytes(blake2b(text.encode(), digest_size=8).digest())


def tiles_of(replications: range) -> range:
    """The tiles that hold the replications."""
    return range(replications.start // TILE, -(-replications.stop // TILE))


def philox(counter: tuple[Wide, Wide, Wide, Wide], key: tuple[int, int]) -> tuple[Wide, Wide, Wide, Wide]:
    """The four words of each counter (arrays that broadcast); all words are 32 bits."""
    a, b, c, d = counter
    with np.errstate(over="ignore"):
        for k in range(ROUNDS):
            first, second = a * np.uint64(FACTORS[0]), c * np.uint64(FACTORS[1])
            one, other = (np.uint64((word + k * step) & 0xFFFFFFFF) for word, step in zip(key, STEPS, strict=True))
            a, b, c, d = (second >> HALF) ^ b ^ one, second & LOW, (first >> HALF) ^ d ^ other, first & LOW
    return a, b, c, d


def words(seed: int, names: Sequence[int], periods: int, replications: range) -> Words:
    """Uniform 16-bit words [name, period, replication]."""
    tiles, first = tiles_of(replications), replications.start % TILE
    shape = (len(names), periods, len(tiles), GROUPS)
    group = np.arange(tiles.start * GROUPS, tiles.stop * GROUPS, dtype=np.uint64).reshape(1, 1, *shape[2:])
    period = np.arange(periods, dtype=np.uint64)[:, None, None]
    halves = np.array([_halves(name) for name in names], dtype=np.uint64).T.reshape(2, -1, 1, 1, 1)
    out = np.empty((*shape[:3], 8, GROUPS), dtype=np.uint16)
    for k, word in enumerate(philox((group, period, halves[0], halves[1]), _halves(seed % WORD))):
        out[..., 2 * k, :], out[..., 2 * k + 1, :] = word & np.uint64(0xFFFF), word >> np.uint64(16)
    return out.reshape(*shape[:2], -1)[:, :, first : first + len(replications)]


def _halves(word: int) -> tuple[int, int]:
    """The low and the high 32 bits of a word of 64."""
    return word & 0xFFFFFFFF, (word >> 32) & 0xFFFFFFFF
