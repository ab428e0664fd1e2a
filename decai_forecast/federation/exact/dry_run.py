"""How many bins LightGBM sends of each feature: asked of LightGBM itself, in a tree that nobody else hears of.

It is a bin less than there are where most rows of the made-up sample lie in the first one, which no function of LightGBM's
tells. With as many made-up companies as features each gets one feature, in their order, and LightGBM says how long a block is.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from decai_forecast.federation.exact.collectives import ALLGATHER, ENTRY_BYTES, REDUCE_SCATTER, ROOT, ending
from decai_forecast.federation.gate.shares import Shares

if TYPE_CHECKING:
    import lightgbm as lgb

__all__ = ["blocks_of", "shares_of"]

ROWS = 1000  # that all made-up companies have: enough for LightGBM to look for a split


def shares_of(data: lgb.Dataset, params: Mapping[str, Any], size: int) -> Shares:
    """Of trainings of ``size`` companies on rows in these bins. ``params``: LightGBM's, of any tree."""
    valid = [feature for feature in range(data.num_feature()) if int(data.feature_num_bin(feature)) > 1]
    blocks = blocks_of(data, dict(params) | {"feature_fraction": 1.0}, len(valid) + 1)
    return Shares(dict(zip(valid, blocks, strict=False)), size)


def blocks_of(data: lgb.Dataset, params: Mapping[str, Any], machines: int) -> list[int]:
    """Bins in the block of each of so many made-up companies."""
    import lightgbm as lgb
    from lightgbm.basic import _LIB, _safe_call

    blocks, rows = list[int](), int(data.num_data())

    def reduce_scatter(_given: int, _size: int, _unit: int, _starts: Any, lengths: Any, count: int, out: int, *_: int) -> None:
        blocks.extend(lengths[k] // ENTRY_BYTES for k in range(count))
        ctypes.memset(out, 0, lengths[0])

    def allgather(given: int, size: int, starts: Any, lengths: Any, count: int, out: int, _size: int) -> None:
        mine = ctypes.string_at(given, size)
        for k in range(count):
            root = ROOT.pack(ROWS, 0, ROWS) if k == 0 else bytes(ROOT.size)
            ctypes.memmove(out + starts[k], root if size == ROOT.size else ending(mine, lengths[k]), lengths[k])

    kept = REDUCE_SCATTER(reduce_scatter), ALLGATHER(allgather)
    _safe_call(_LIB.LGBM_NetworkInitWithFunctions(machines, 0, *[ctypes.cast(one, ctypes.c_void_p) for one in kept]))
    try:
        booster = lgb.Booster(dict(params) | {"num_machines": machines}, data)
        booster.update(fobj=lambda *_: (np.zeros(rows, np.float32), np.ones(rows, np.float32)))
    finally:
        _safe_call(_LIB.LGBM_NetworkFree())
    return blocks
