"""The loop of ``sample`` compiled: the same numbers as in numpy at about a tenth of the time. Imports numba."""

from __future__ import annotations

import numba
import numpy as np

from decai_forecast.simulation.demand.philox import FACTORS, GROUPS, ROUNDS, STEPS, TILE
from decai_forecast.simulation.demand.tables import CELLS, SCALE

__all__ = ["fill"]

FACTOR_0, FACTOR_1 = (np.uint64(word) for word in FACTORS)
STEP_0, STEP_1 = (np.uint32(word) for word in STEPS)
HALF, LOW = np.uint64(32), np.uint32(0xFFFF)
SLOPE, MIDDLE, LAST = np.float32(SCALE), np.float32(CELLS / 2), np.float32(CELLS - 1)
ROUNDING = np.float32(0.5)


@numba.njit(cache=True)
def _tile(out, tile, period, name, seed):  # type: ignore[no-untyped-def]
    """One tile's words (see philox.py), [TILE] uint16."""
    for g in range(GROUPS):
        a, b = np.uint32(tile * GROUPS + g), np.uint32(period)
        c, d = np.uint32(name), np.uint32(name >> HALF)
        one, other = np.uint32(seed), np.uint32(seed >> HALF)
        for _ in range(ROUNDS):
            first, second = np.uint64(a) * FACTOR_0, np.uint64(c) * FACTOR_1
            a, b, c, d = (
                np.uint32(second >> HALF) ^ b ^ one,
                np.uint32(second),
                np.uint32(first >> HALF) ^ d ^ other,
                np.uint32(first),
            )
            one, other = np.uint32(one + STEP_0), np.uint32(other + STEP_1)
        out[g], out[GROUPS + g] = a & LOW, a >> np.uint32(16)
        out[2 * GROUPS + g], out[3 * GROUPS + g] = b & LOW, b >> np.uint32(16)
        out[4 * GROUPS + g], out[5 * GROUPS + g] = c & LOW, c >> np.uint32(16)
        out[6 * GROUPS + g], out[7 * GROUPS + g] = d & LOW, d >> np.uint32(16)


@numba.njit(cache=True, error_model="numpy")
def _row(row, z, begins, rises, step, piece, weight):  # type: ignore[no-untyped-def]
    """The inverse distribution of one series and period at the deviates ``z``."""
    cell = np.empty(TILE, np.int32)
    for k in range(len(row)):
        cell[k] = np.int32(min(max(z[k] * SLOPE + MIDDLE, np.float32(0)), LAST))
    for k in range(len(row)):
        row[k] = begins[piece[cell[k]]] + weight[cell[k]] * rises[piece[cell[k]]]
    if step > 0:
        for k in range(len(row)):
            row[k] = np.floor(row[k] / step + ROUNDING) * step


@numba.njit(cache=True, error_model="numpy")
def _factors(shared, company, common, tile, low, name, seed, normal):  # type: ignore[no-untyped-def]
    """What the sites of an item have in common in a tile, [period, TILE]: the company's factor and the item's own."""
    drawn = np.empty(TILE, np.uint16)
    for t in range(company.shape[0]):
        for k in range(company.shape[1]):
            shared[t, k] = company[t, k]
        if common > 0:
            _tile(drawn, tile, t, name, seed)
            for k in range(company.shape[1]):
                shared[t, k] += normal[drawn[low + k]] * common


@numba.njit(cache=True, error_model="numpy")
def fill(  # type: ignore[no-untyped-def]
    out, names, items, seed, start, base, rise, lot, company, common, before, new, own, normal, piece, weight
):
    """Fills ``out`` ([location, item, period, replication]); its replication 0 is number ``start``."""
    places, things, periods, count = out.shape
    drawn, z, shared = np.empty(TILE, np.uint16), np.zeros(TILE, np.float32), np.empty((periods, TILE), np.float32)
    for item in range(things):
        for tile in range(start // TILE, (start + count + TILE - 1) // TILE):
            low = max(start - tile * TILE, 0)  # the part of the tile that was asked for
            size = min(start + count - tile * TILE, TILE) - low
            at = tile * TILE + low - start
            _factors(shared, company[:, at : at + size], common, tile, low, items[item], seed, normal)
            for place in range(places):
                for t in range(periods):
                    _tile(drawn, tile, t, names[place, item], seed)
                    past, part = (before, new) if t else (np.float32(0), np.float32(1))
                    for k in range(size):
                        z[k] = past * z[k] + part * (own * normal[drawn[low + k]] + shared[t, k])
                    row = out[place, item, t, at : at + size]
                    _row(row, z, base[place, item, t], rise[place, item, t], lot[place, item], piece, weight)
