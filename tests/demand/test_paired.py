"""Paired tests say what scipy and the papers say, and one sentence that needs neither."""

import numpy as np
import pytest
from scipy.stats import ttest_1samp, wilcoxon

from decai_forecast.demand.paired import compare, diebold_mariano, holm


def test_the_test_is_scipys_on_relative_differences() -> None:
    """The p-value, the shares and the median change of twenty partners."""
    rng = np.random.default_rng(1)
    theirs = rng.uniform(0.2, 0.9, 20)
    ours = theirs * rng.normal(0.95, 0.05, 20)
    found = compare(ours, theirs)
    assert found.p == pytest.approx(wilcoxon(ours / theirs - 1).pvalue)
    assert found.better == (ours < theirs).mean()
    assert found.median_change == pytest.approx(np.median(ours / theirs - 1))


def test_a_clear_gain_is_said_in_plain_words() -> None:
    """How many, by how much, and whether it may be chance."""
    theirs = np.linspace(0.4, 0.6, 10)
    found = compare(theirs * np.linspace(0.93, 0.97, 10), theirs, names=("The combination", "the own forecaster"))
    assert found.sentence == (
        "The combination is better than the own forecaster for 10 of 10 partners; its error is lower by 5.0 % in the median "
        "(hardly chance, p = 0.002)."
    )


def test_a_toss_up_is_said_to_be_one() -> None:
    """Half up, half down."""
    found = compare([0.9, 1.1] * 5, [1.0] * 10, unit="items")
    assert "for 5 of 10 items; the median error is the same (may well be chance" in found.sentence
    assert found.sign_p == pytest.approx(1)


def test_few_pairs_prove_nothing() -> None:
    """Four of four wins may be chance."""
    assert compare([0.5] * 4, [1.0] * 4).sentence.endswith("(too few to tell from chance, p = 0.125).")


def test_ties_are_no_wins() -> None:
    """Equal partners count in the share's denominator only."""
    found = compare([1.0, 1.0, 0.5, 0.5], [1.0, 1.0, 1.0, 1.0])
    assert (found.pairs, found.better, found.equal) == (4, 0.5, 0.5)


def test_no_difference_at_all_is_said() -> None:
    """There is no test of nothing."""
    found = compare([1.0, 2.0], [1.0, 2.0])
    assert np.isnan(found.p)
    assert found.sentence == "ours and theirs are equal for all 2 partners."


def test_unknown_pairs_are_left_out() -> None:
    """A partner that one of them does not know proves nothing."""
    assert compare([0.5, np.nan, 0.4], [1.0, 1.0, np.nan]).pairs == 1
    assert compare([], []).sentence == "No partners to compare ours with theirs on."


def test_losses_of_other_lengths_cannot_be_paired() -> None:
    """And the message says what to give."""
    with pytest.raises(ValueError, match=r"\(3,\) and \(2,\) losses cannot be paired; give one value per series to both"):
        compare([1, 2, 3], [1, 2], unit="series")


def test_one_step_ahead_is_a_t_test() -> None:
    """With h = 1 the corrected Diebold-Mariano statistic is Student's on the differences."""
    rng = np.random.default_rng(2)
    ours, theirs = rng.random(40), rng.random(40) + 0.1
    found, student = diebold_mariano(ours, theirs), ttest_1samp(ours - theirs, 0)
    assert (found.statistic, found.p) == pytest.approx((student.statistic, student.pvalue))


def test_two_steps_ahead_are_those_computed_by_hand() -> None:
    """Differences 1, 2, 3, 6: mean 3, autocovariances 3.5 and 0.5 at lags 0 and 1; Harvey's factor sqrt(1.5 / 4)."""
    lag0, lag1 = (4 + 1 + 0 + 9) / 4, ((-2) * (-1) + (-1) * 0 + 0 * 3) / 4
    expected = np.sqrt((4 + 1 - 4 + 2 / 4) / 4) * 3 / np.sqrt((lag0 + 2 * lag1) / 4)
    assert diebold_mariano([1, 2, 3, 6], [0, 0, 0, 0], h=2).statistic == pytest.approx(expected)


def test_equal_forecasts_are_rarely_called_different() -> None:
    """Of 500 pairs of overlapping losses of one quality, about one in twenty is called significant."""
    rng = np.random.default_rng(3)
    draws = rng.normal(size=(2, 500, 63))
    ours, theirs = draws[:, :, :-3] + draws[:, :, 1:-2] + draws[:, :, 2:-1] + draws[:, :, 3:]
    share = np.mean([diebold_mariano(a, b, h=4).p < 0.05 for a, b in zip(ours, theirs, strict=True)])
    assert 0.02 < share < 0.1


def test_the_better_series_is_named() -> None:
    """One sentence, with the number of periods."""
    theirs = np.random.default_rng(4).random(30) + 1
    found = diebold_mariano(theirs - 0.5, theirs, names=("A", "B"))
    assert found.sentence == "Over 30 periods A loses less than B (hardly chance, p = below 0.001)."
    assert diebold_mariano(theirs, theirs).p == 1


def test_too_few_periods_are_said() -> None:
    """Thirteen ahead cannot be judged on ten periods."""
    with pytest.raises(ValueError, match="10 periods are too few to compare forecasts 13 ahead; at least 14 are needed"):
        diebold_mariano(range(10), [0] * 10, h=13)


def test_holm_corrects_for_the_number_of_tests() -> None:
    """By hand: the smallest times all, the next times one less, never falling, at most 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.5, 0.9]) == pytest.approx([1.0, 1.0])


def test_holm_leaves_unknown_tests_out() -> None:
    """What could not be tested is not corrected, and corrects nothing."""
    found = holm([np.nan, 0.02, 0.04])
    assert np.isnan(found[0])
    assert found[1:] == pytest.approx([0.04, 0.04])
