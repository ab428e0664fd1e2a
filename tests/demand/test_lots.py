"""The lots a series is ordered in."""

import numpy as np
import pytest

from decai_forecast.demand.lots import lot_sizes, to_lots


@pytest.mark.parametrize(
    ("quantity", "lot"),
    [
        ([12, 24, 0, 36, 12, 60], 12),
        ([6, 12, 18, 6, 30, 0], 6),
        ([12, 24, 12, 12, 7, 24], 12),  # one odd order of six changes nothing
        ([1, 5, 7, 2, 3, 11], 1),
        ([0.5, 1.25, 2.5, 3.75, 4.5], 0),  # weighed, not counted
        ([12, 12, 12, 12], 0),  # too few to tell
        ([0, 0, 0, 0, 0, 0], 0),
        ([np.nan, 24, 48, 24, 96, 24, 72], 24),
    ],
)
def test_the_largest_lot_that_divides_most_orders_is_found(quantity: list[float], lot: float) -> None:
    """Four fifths of at least five positive quantities."""
    assert lot_sizes(np.array([quantity], dtype=float)).tolist() == [lot]


def test_values_go_to_the_nearest_lot_and_stay_where_there_is_none() -> None:
    """Each row has its own lot."""
    values = np.array([[5.0, 7.0, 31.0], [0.4, 0.6, 2.2], [0.4, 0.6, 2.2]])
    assert to_lots(values, np.array([12.0, 1.0, 0.0])).tolist() == [[0, 12, 36], [0, 1, 2], [0.4, 0.6, 2.2]]
