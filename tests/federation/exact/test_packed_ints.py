"""Whole numbers in narrow words: exact modulo the word, at every width."""

import numpy as np
import pytest

from decai_forecast.federation.exact.errors import OutOfRange
from decai_forecast.federation.exact.packed_ints import signed_sum, to_bytes, unit, width_for


@pytest.mark.parametrize("width", range(3, 9))
def test_sums_of_narrow_words_are_exact_and_signed(width: int) -> None:
    """Also where single words wrap around: only the total must fit."""
    rng, largest = np.random.default_rng(width), 2 ** (8 * width - 1) - 1
    wanted = np.array([largest, -largest, 0, 1, -1, largest // 3])
    others = rng.integers(-(2**62), 2**62, (4, len(wanted)))
    parts = [*others, wanted - others.sum(axis=0)]
    assert signed_sum([to_bytes(part.astype(unit(width)), width) for part in parts], width).tolist() == wanted.tolist()


def test_a_word_is_as_wide_as_the_total_needs() -> None:
    """One bit for the sign, and never fewer than three bytes."""
    assert [width_for(n, 3) for n in (1, 2**23 - 1, 2**23, 2**31 - 1, 2**31, 2**52)] == [3, 3, 4, 4, 5, 7]
    assert width_for(1) == 4
    with pytest.raises(OutOfRange, match="at most 8"):
        width_for(2**63)
