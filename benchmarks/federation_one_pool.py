"""LightGBM's distributed learner on rows that lie in one place: two learners in threads, each with all rows.

Nothing is added up: each gets its own block of its own histogram back, and the other's best split. So this is what that learner
grows from the pooled rows, without any arithmetic of ours. The serial learner is another reference: it does not look again,
in all leaves below, at a feature of which no split gained anything.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import numpy as np

LEARNERS, ROOT_BYTES = 2, 24
PATIENCE = 120.0  # seconds that one waits for the other
_I32P = ctypes.POINTER(ctypes.c_int32)
_POINTER, _INT, _I32 = ctypes.c_void_p, ctypes.c_int, ctypes.c_int32
REDUCE_SCATTER = ctypes.CFUNCTYPE(None, _POINTER, _I32, _INT, _I32P, _I32P, _INT, _POINTER, _I32, _POINTER)
ALLGATHER = ctypes.CFUNCTYPE(None, _POINTER, _I32, _I32P, _I32P, _INT, _POINTER, _I32)


def grow(params: Mapping[str, Any], datasets: Sequence[Any], gradients: tuple[np.ndarray, np.ndarray]) -> Any:
    """The booster with one tree; ``datasets``: the pooled rows, once for each learner."""
    said, meet = [b""] * LEARNERS, Barrier(LEARNERS, timeout=PATIENCE)
    with ThreadPoolExecutor(LEARNERS) as pool:
        learn = partial(_learn, dict(params) | {"num_machines": LEARNERS}, gradients, said, meet)
        first, _ = pool.map(learn, range(LEARNERS), datasets)
    return first


def _learn(
    params: dict[str, Any], gradients: tuple[np.ndarray, np.ndarray], said: list[bytes], meet: Barrier, rank: int, data: Any
) -> Any:
    import lightgbm as lgb
    from lightgbm.basic import _LIB, _safe_call

    def reduce_scatter(
        given: int, _size: int, _unit: int, starts: Any, lengths: Any, _blocks: int, out: int, _all: int, _reducer: int
    ) -> None:
        ctypes.memmove(out, given + starts[rank], lengths[rank])

    def allgather(given: int, size: int, starts: Any, _lengths: Any, _blocks: int, out: int, _all: int) -> None:
        mine = ctypes.string_at(given, size)
        for k, block in enumerate([mine, bytes(size)] if size == ROOT_BYTES else exchanged(mine)):
            ctypes.memmove(out + starts[k], block, len(block))

    def exchanged(mine: bytes) -> list[bytes]:
        said[rank] = mine
        meet.wait()
        blocks = list(said)
        meet.wait()
        return blocks

    kept = (REDUCE_SCATTER(reduce_scatter), ALLGATHER(allgather))  # C holds no reference
    lgb.Dataset(
        np.zeros((2, 1)), params={"verbosity": -1}
    ).construct()  # a new thread of LightGBM tells of its network otherwise
    _safe_call(_LIB.LGBM_NetworkInitWithFunctions(LEARNERS, rank, *[ctypes.cast(one, _POINTER) for one in kept]))
    try:
        booster = lgb.Booster(params, data)
        booster.update(fobj=lambda *_: gradients)
        return booster
    finally:
        _safe_call(_LIB.LGBM_NetworkFree())
