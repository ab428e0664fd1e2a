"""Short messages of other companies: each has one length, and a meaning within limits."""

from __future__ import annotations

from collections.abc import Sequence

from decai_forecast.federation.exact.errors import Forged

__all__ = ["DIGEST_BYTES", "SIGNATURE_BYTES", "counts", "of_length"]

DIGEST_BYTES, SIGNATURE_BYTES, COUNT_BYTES = 32, 64, 4


def of_length(phase: str, names: Sequence[str], blobs: Sequence[bytes], size: int) -> Sequence[bytes]:
    """The blobs of all ranks; :class:`Forged` names the first that has not ``size`` bytes."""
    for rank, blob in enumerate(blobs):
        if len(blob) != size:
            raise Forged(f"{names[rank]}: {len(blob):,} bytes in {phase}, expected {size:,}", rank)
    return blobs


def counts(phase: str, names: Sequence[str], blobs: Sequence[bytes], most: int) -> list[int]:
    """A count of each rank, from 0 to ``most``."""
    found = [int.from_bytes(blob, "big") for blob in of_length(phase, names, blobs, COUNT_BYTES)]
    for rank, count in enumerate(found):
        if count > most:
            raise Forged(f"{names[rank]}: says {count:,} in {phase}, where at most {most:,} can be", rank)
    return found
