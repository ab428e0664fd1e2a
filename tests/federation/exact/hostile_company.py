"""A company that keeps to the protocol but for what it says in one message."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from training_parties import IDENTITIES, SESSION, companies, plan, records, roster_of

from decai_forecast.federation.exact.loopback import LoopbackRelay
from decai_forecast.federation.exact.plan import ExactPlan
from decai_forecast.federation.exact.session import SecureSession
from decai_forecast.federation.exact.train import train
from decai_forecast.federation.gate.splits import SPLIT

Change = Callable[[bytes], bytes]
SPLIT_FIELDS = 13 + 32
EXTREMES = (0, 1, -1, 2**31 - 1, -(2**31), 2**32 - 1, 7, 63, 64, 255)
FLOATS = (float("nan"), float("inf"), -float("inf"), 1e300, -1e300, 0.0, -1.0, 5e-324)


class HostileSession(SecureSession):
    """Changes what it says in the ``when``-th message of a phase, and what it sends to one other in it."""

    def __init__(self, phase: str, when: int, change: Change, *given: Any) -> None:
        self._target, self._left, self._change = phase, when, change
        super().__init__(*given)

    def _now(self, phase: str) -> bool:
        self._left -= phase == self._target
        return phase == self._target and self._left == 0

    def broadcast(self, phase: str, blob: bytes) -> list[bytes]:
        return super().broadcast(phase, self._change(blob) if self._now(phase) else blob)

    def send(self, phase: str, blobs: Sequence[Any]) -> list[bytes]:
        changed = [self._change(bytes(blob)) for blob in blobs] if self._now(phase) else list(blobs)
        return super().send(phase, changed)


def made(rng: np.random.Generator, blob: bytes, phase: str) -> bytes:
    """Random bytes, another length, one bit, or one field of a split record with an extreme in it."""
    kind = int(rng.integers(0, 6 if phase == "split" and len(blob) == 2 * SPLIT.size else 4))
    if kind == 0:
        return rng.bytes(len(blob))
    if kind == 1:
        return rng.bytes(int(rng.integers(0, 2 * len(blob) + 2)))
    if kind == 2:
        return blob[: int(rng.integers(0, len(blob) + 1))]
    if kind == 3 and blob:
        at = int(rng.integers(0, len(blob)))
        return blob[:at] + bytes([blob[at] ^ (1 << int(rng.integers(0, 8)))]) + blob[at + 1 :]
    return b"".join(field_changed(rng, blob[k : k + SPLIT.size]) for k in (0, SPLIT.size)) if kind > 3 else blob


def field_changed(rng: np.random.Generator, record: bytes) -> bytes:
    values = list(SPLIT.unpack(record))
    at = int(rng.integers(0, len(values)))
    value = rng.choice(FLOATS) if isinstance(values[at], float) else EXTREMES[int(rng.integers(0, len(EXTREMES)))]
    values[at] = float(value) if isinstance(values[at], float) else int(value)
    try:
        return SPLIT.pack(*values)
    except struct.error:  # the field does not hold it
        return record


def outcomes_with(
    phase: str, when: int, change: Change, folder: Path, which: ExactPlan | None = None, size: int = 60, count: int = 4
) -> list[Any]:
    """What each company of a training ended with, where the last one is hostile in one message."""
    from threading import Thread

    which, parts, roster = which or plan(trees=2, tree={"num_leaves": 5}), companies(count, size), roster_of(count)
    out: list[Any] = [None] * count

    def run(k: int, relay: LoopbackRelay) -> None:
        wire = relay.wire(SESSION, k, roster.names, 20.0)
        make: Any = partial(HostileSession, phase, when, change) if k == count - 1 else SecureSession
        try:
            session = make(wire, IDENTITIES[k], roster, dict(roster.members), SESSION)
            out[k] = train(parts[k], which, session, records(k, folder))
        except Exception as error:
            out[k] = error
            wire.abort()
        wire.close()

    with LoopbackRelay(20.0) as relay:
        threads = [Thread(target=run, args=(k, relay)) for k in range(count)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert not any(thread.is_alive() for thread in threads), "a company hangs"
    return out
