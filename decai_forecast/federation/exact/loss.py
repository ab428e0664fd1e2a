"""The loss over everybody's rows, from one sum under masks."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from decai_forecast.federation.exact.order import SecureSum
from decai_forecast.federation.exact.start import Start

__all__ = ["mean_loss"]

BITS = 16  # fraction bits of a row's loss, in units of the largest label's distance from the start
CAP = 16.0  # in the same units: with it the sum of 2^27 rows at the largest weight fits eight bytes
Floats = npt.NDArray[np.float64]


def mean_loss(
    secure_sum: SecureSum, alpha: float | None, residual: Floats, steps: npt.NDArray[np.int64], start: Start
) -> float:
    """Pinball loss at ``alpha``, or the squared error without one, over everybody's rows (label minus score).

    A row's loss counts at most ``CAP`` times the largest distance from the start, so no sum can overflow.
    """
    own = residual / start.largest
    loss = own**2 if alpha is None else np.maximum(alpha * own, (alpha - 1) * own)
    whole = np.rint(np.minimum(loss, CAP) * steps * 2.0**BITS).astype(np.int64)
    mean = float(secure_sum("loss", np.array([whole.sum()], np.int64), 8)[0]) * 2.0**-BITS / start.steps
    return mean * (start.largest**2 if alpha is None else start.largest)
