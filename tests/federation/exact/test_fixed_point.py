"""Sums on a grid: what is on it comes back to the bit, and what is not is refused before it is sent."""

from __future__ import annotations

import numpy as np
import pytest

from decai_forecast.federation.exact.errors import OutOfRange
from decai_forecast.federation.exact.fixed_point import Column, Format

FORMAT = Format(gradient=Column(bits=4, largest=1000), hessian=Column(bits=2, largest=100))
GOOD = np.array([[0.0625, 0.25], [-62.5, 25.0], [0.0, 0.0]])  # steps of 1/16 and of 1/4, up to +-1000 and +-100 of them


def test_a_histogram_on_the_grid_comes_back() -> None:
    """Each column is counted in its own steps; the largest totals are within the range."""
    (gradients, _), (hessians, _) = FORMAT.to_ints(GOOD)
    assert (gradients.tolist(), hessians.tolist()) == ([1, -1000, 0], [1, 100, 0])
    back = np.empty_like(GOOD)
    FORMAT.to_floats([gradients, hessians], back)
    assert np.array_equal(back, GOOD)


@pytest.mark.parametrize("column", [0, 1], ids=["gradient", "hessian"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 0.01, 62.5625])
def test_a_sum_that_is_off_the_grid_is_refused(value: float, column: int) -> None:
    """NaN, infinity, a value between two steps, one step too many: no number stands for it, and its value is named."""
    wrong = GOOD.copy()
    wrong[1, column] = value
    with pytest.raises(OutOfRange) as error:
        FORMAT.to_ints(wrong)
    bits, limit = ((4, "62.5"), (2, "25"))[column]
    assert str(error.value) == (
        f"{value!r} is not a multiple of 2^-{bits} within +-{limit}; a gradient is not finite or larger than was agreed"
    )
