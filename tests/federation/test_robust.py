"""Medians and trimmed means of vectors are Flower's, and a few wrong vectors do not move them far."""

import numpy as np
import pytest
from flwr.server.strategy.aggregate import aggregate_median, aggregate_trimmed_avg

from decai_forecast.errors import FederationError
from decai_forecast.federation.robust import coordinate_median, trimmed_mean

VECTORS = [np.random.default_rng(k).normal(size=4) for k in range(7)]
SENT = [([vector], 10) for vector in VECTORS]


def test_the_median_is_flowers() -> None:
    """FedMedian's aggregate."""
    assert coordinate_median(VECTORS) == pytest.approx(aggregate_median(SENT)[0])


@pytest.mark.parametrize("share", [0.0, 0.15, 0.2, 0.45])
def test_the_trimmed_mean_is_flowers(share: float) -> None:
    """FedTrimmedAvg's aggregate, at cuts that are and are not whole vectors."""
    assert trimmed_mean(VECTORS, share) == pytest.approx(aggregate_trimmed_avg(SENT, share)[0])


def test_a_few_wrong_vectors_do_not_leave_the_range_of_the_others() -> None:
    """Two of seven send huge values."""
    wrong = [vector * -1e6 for vector in VECTORS[:2]] + VECTORS[2:]
    for found in (coordinate_median(wrong), trimmed_mean(wrong, 0.3)):
        assert (found >= np.min(VECTORS[2:], axis=0)).all()
        assert (found <= np.max(VECTORS[2:], axis=0)).all()


@pytest.mark.parametrize("vectors", [[], [np.ones(2), np.ones(3)], [np.array([np.nan])]])
def test_what_cannot_be_averaged_is_refused(vectors: list[np.ndarray]) -> None:
    """None, of different lengths, or not finite."""
    with pytest.raises(FederationError, match="expected one shape, finite"):
        coordinate_median(vectors)
