"""Tables that turn random words into demand without a logarithm or a normal distribution in the loop.

A word is a standard normal deviate (of 65,536 equally likely ones), a deviate lies in one of 4,096 cells, and a cell lies on
one of nine straight pieces of every series' inverse distribution: ``demand = base[piece] + weight[cell] * rise[piece]``. The
last piece is the exponential tail, whose weights are the logarithms. Weights are means over their cell.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from decai_forecast.demand.quantiles import LEVELS

__all__ = ["CELLS", "PIECES", "SCALE", "Tables", "tables"]

PIECES = len(LEVELS) + 1  # below q05, between the levels, beyond q99
CELLS, WIDEST = 4096, 4.5  # the cells cover deviates of -4.5 .. 4.5; what lies outside belongs to the outermost
SCALE = CELLS / (2 * WIDEST)


@dataclass(frozen=True)
class Tables:
    normal: npt.NDArray[np.float32]  # [word]: standard normal deviate
    piece: npt.NDArray[np.uint8]  # [cell]
    weight: npt.NDArray[np.float32]  # [cell]: how far along the piece; beyond 1 only in the tail

    @property
    def arrays(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.uint8], npt.NDArray[np.float32]]:
        return self.normal, self.piece, self.weight


@cache
def tables() -> Tables:
    """The tables; made once, in milliseconds."""
    from scipy.special import ndtr, ndtri

    normal = ndtri((np.arange(65536) + 0.5) / 65536).astype(np.float32)
    edges = ndtr((np.arange(CELLS + 1) - CELLS / 2) / SCALE)
    edges[[0, -1]] = 0.0, 1.0
    knots = np.array([0.0, *LEVELS, 1.0])
    piece = np.searchsorted(knots, (edges[1:] + edges[:-1]) / 2, side="right") - 1
    straight = ((edges[1:] + edges[:-1]) / 2 - knots[piece]) / (knots[piece + 1] - knots[piece])
    weight = np.where(piece == PIECES - 1, _tail(edges), straight)
    return Tables(normal, piece.astype(np.uint8), weight.astype(np.float32))


def _tail(edges: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The mean of log(0.01 / (1 - u)) over each cell: what an exponential tail adds to q99, in multiples of its decay."""
    beyond = np.minimum((1 - edges) / (1 - LEVELS[-1]), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        integral = np.where(beyond > 0, beyond - beyond * np.log(beyond), 0.0)  # of -log(v) dv from 0 to v
        mean = (integral[:-1] - integral[1:]) / (beyond[:-1] - beyond[1:])
    return np.asarray(np.nan_to_num(mean))
