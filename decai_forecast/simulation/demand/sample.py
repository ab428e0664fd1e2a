"""Demand samples: every series' quantile forecast, made to move together as its past residuals did.

A sample belongs to seed, item, location, period and replication. It is the same whatever is drawn beside it, in however many
blocks, and by numpy or by numba, bit by bit; scenarios and policies see the same demand (common random numbers).
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from decai_forecast.simulation.demand.dependence import INDEPENDENT, Dependence
from decai_forecast.simulation.demand.marginals import Marginals, Singles
from decai_forecast.simulation.demand.philox import WORD, name_of, words
from decai_forecast.simulation.demand.tables import CELLS, PIECES, SCALE, tables

__all__ = ["sample"]

COMPILED_FROM = 2_000_000  # draws from which loading the compiled loop (about half a second) pays
BLOCK = 100_000  # draws at a time in numpy: what a core's cache holds
COMPANY, ITEM, SERIES = "company", "item", "series"  # the first part of a stream's name


def sample(
    marginals: Marginals,
    dependence: Dependence = INDEPENDENT,
    *,
    seed: int,
    replications: range,
    compiled: bool | None = None,
) -> Singles:
    """Demand in units, [location, item, period, replication] float32.

    ``replications`` are numbered from 0 and may be drawn in any blocks. ``compiled``: by numba or by numpy, which give the
    same; None chooses by size. Demand of a series that comes in lots is rounded to the nearest.
    """
    out = np.empty((*marginals.base.shape[:3], len(replications)), dtype=np.float32)
    fast = out.size >= COMPILED_FROM if compiled is None else compiled
    company = _factor(seed, [name_of(COMPANY)], marginals.periods, replications, dependence.company)[0]
    (_by_numba if fast else _by_numpy)(out, marginals, company, seed, dependence, replications)
    return out


def _factor(seed: int, names: Sequence[int], periods: int, replications: range, share: float) -> Singles:
    """A common factor's part in the deviates, [name, period, replication]: normal with variance ``share``."""
    if share == 0.0:
        return np.zeros((len(names), periods, len(replications)), dtype=np.float32)
    return tables().normal[words(seed, names, periods, replications)] * np.float32(share**0.5)


def _weights(dependence: Dependence) -> tuple[np.float32, np.float32, np.float32]:
    """Of the period before, of what is new in a period, and of the series' own part in what is new."""
    own = max(1 - dependence.item - dependence.company, 0.0)
    return np.float32(dependence.periods), np.float32((1 - dependence.periods**2) ** 0.5), np.float32(own**0.5)


def _names(marginals: Marginals) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.uint64]]:
    """The streams of the series [location, item] and of the items [item]."""
    series = [[name_of(SERIES, item, place) for item in marginals.items] for place in marginals.locations]
    return np.array(series, dtype=np.uint64), np.array([name_of(ITEM, item) for item in marginals.items], dtype=np.uint64)


def _by_numba(
    out: Singles, marginals: Marginals, company: Singles, seed: int, dependence: Dependence, replications: range
) -> None:
    from decai_forecast.simulation.demand.compiled import fill

    drawn = (*_names(marginals), np.uint64(seed % WORD), replications.start)
    law = (marginals.base, marginals.rise, marginals.lot, company, np.float32(dependence.item**0.5), *_weights(dependence))
    fill(out, *drawn, *law, *tables().arrays)


def _by_numpy(
    out: Singles, marginals: Marginals, company: Singles, seed: int, dependence: Dependence, replications: range
) -> None:
    """Some series at a time, all sites of an item after each other."""
    before, new, own = _weights(dependence)
    names, shared = _names(marginals)
    places, things = len(marginals.locations), len(marginals.items)
    step = max(1, BLOCK // company.size)
    for first in range(0, places * things, step):
        number = np.arange(first, min(first + step, places * things))
        i, k = number % places, number // places
        items, at = np.unique(k, return_inverse=True)
        factors = company + _factor(seed, list(map(int, shared[items])), marginals.periods, replications, dependence.item)
        drawn = tables().normal[words(seed, list(map(int, names[i, k])), marginals.periods, replications)]
        z = own * drawn + factors[at]
        for t in range(1, z.shape[1]):
            z[:, t] = before * z[:, t - 1] + new * z[:, t]
        out[i, k] = _looked_up(z, marginals.base[i, k], marginals.rise[i, k], marginals.lot[i, k])


def _looked_up(z: Singles, base: Singles, rise: Singles, lot: Singles) -> Singles:
    """The inverse distributions ([series, period, piece]) at the deviates [series, period, replication]."""
    cell = np.clip(z * np.float32(SCALE) + np.float32(CELLS / 2), 0, CELLS - 1).astype(np.int32)
    piece = tables().piece[cell].astype(np.int32)
    piece += (np.arange(base.shape[0] * base.shape[1], dtype=np.int32) * PIECES).reshape(*base.shape[:2], 1)
    found = np.take(base, piece) + tables().weight[cell] * np.take(rise, piece)
    step = lot[:, None, None]
    whole = np.floor(found / np.where(step > 0, step, np.float32(1)) + np.float32(0.5)) * step
    return np.asarray(np.where(step > 0, whole, found), dtype=np.float32)
