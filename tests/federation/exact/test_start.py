"""The constant that the trees begin with, over labels of any size that sums can carry."""

import numpy as np

from decai_forecast.federation.exact.start import label_sum


def test_the_sum_of_labels_does_not_depend_on_who_has_which_row() -> None:
    """Also where it is beyond what a float64 adds exactly."""
    label = np.random.default_rng(2).lognormal(7, 3, 3000).astype(np.float32)
    steps = np.full(len(label), 64)
    whole = label_sum(label, steps)
    assert whole > 2**53
    assert sum(label_sum(label[part], steps[part]) for part in np.array_split(np.arange(len(label)), [7, 1100])) == whole
