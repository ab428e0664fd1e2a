"""A row that was mistyped decides nothing: not its own series, not the other items, not what is judged."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from panels import AS_OF, WEEKS
from test_models import panel

from decai_forecast.demand import build_table, candidates, choose_groups, finished, predict_own, prepare, train_own
from decai_forecast.demand.panel import Floats
from decai_forecast.demand.slips import CleanPanel, clean_slips, slips_of

FACTORS = (10.0, 100.0, 1e6)


def steady(periods: int = 120) -> Floats:
    return np.random.default_rng(0).poisson([[20.0], [40.0], [60.0], [80.0]], (4, periods)).astype(float)


def lumpy(periods: int = 120) -> Floats:
    rng = np.random.default_rng(1)
    sizes = rng.choice([6.0, 12.0, 24.0, 60.0], (4, periods), p=[0.5, 0.3, 0.15, 0.05])
    return np.where(rng.random((4, periods)) < 0.4, sizes, 0.0)


def changed(rows: Floats, series: int, period: int, value: float) -> Floats:
    out = rows.copy()
    out[series, period] = value
    return out


def cleaned(row: list[float]) -> CleanPanel:
    return clean_slips(panel([row]))


@pytest.mark.parametrize("rows", [steady(), lumpy(), steady(3), lumpy(9)])
@given(st.data())
@settings(max_examples=25, deadline=None)
def test_a_row_counts_the_same_from_twice_the_largest_other_on(rows: Floats, data: st.DataObject) -> None:
    """Anywhere in any series, ten times as much or a million times: all that is learnt from is equal, to the last digit."""
    sold = np.argwhere(rows > 0)
    series, period = data.draw(st.sampled_from([(int(s), int(p)) for s, p in sold]))
    others = np.delete(rows[series], period)
    by = others if (others > 0).sum() >= 3 else np.delete(rows, series * rows.shape[1] + period)
    twice = 2 * by.max()
    value = max(twice, rows[series, period] * data.draw(st.sampled_from(FACTORS)))
    known, limit = (clean_slips(panel(changed(rows, series, period, v))).quantity for v in (value, twice))
    assert np.array_equal(known, limit, equal_nan=True)
    assert known[series, period] <= twice


def test_a_slip_counts_as_a_usual_sale_and_is_named() -> None:
    """With both numbers; the rest is as delivered, as is the panel it came from."""
    rows = panel([[*[79.0, 80.0, 81.0] * 20, 900.0, *[80.0] * 40]])
    clean = clean_slips(rows)
    assert np.argwhere(clean.slips).tolist() == [[0, 60]]
    assert (clean.quantity[0, 60], rows.quantity[0, 60]) == (80, 900)
    assert slips_of(clean)[["item_id", "delivered", "counted"]].to_numpy().tolist() == [["i0", 900.0, 80.0]]
    assert np.array_equal(np.delete(clean.quantity, 60, axis=1), np.delete(rows.quantity, 60, axis=1), equal_nan=True)


def test_what_comes_again_is_demand() -> None:
    """A bulk order once in thirty periods, a Christmas item, a new level: nothing is taken off, and no slip."""
    bulk = [800.0 if k % 30 == 5 else 9.0 for k in range(120)]
    christmas = [400.0 if k % 52 > 47 else 0.0 for k in range(156)]
    for row in (bulk, christmas, [*[9.0] * 60, *[900.0] * 40]):
        clean = cleaned(row)
        assert np.array_equal(clean.quantity[0, : len(row)], row)
        assert not clean.slips.any()


def test_an_order_of_thrice_the_largest_teaches_nothing_and_is_no_slip() -> None:
    """It may be real: it is judged by; but one row of a steady item tells no new level."""
    clean = cleaned([*[79.0, 80.0, 81.0] * 20, 240.0, *[80.0] * 40])
    assert clean.quantity[0, 60] == 80
    assert not clean.slips.any()


def test_a_large_order_of_a_lumpy_item_counts_for_twice_the_largest_other() -> None:
    """Sizes differ that much: it is no slip, and yet no single row is believed further."""
    row = [*[6.0, 24.0, 12.0, 60.0, 6.0, 150.0] * 10, 500.0]
    clean = cleaned(row)
    assert clean.quantity[0, 60] == 300
    assert not clean.slips.any()


def test_a_promotion_is_no_slip() -> None:
    """It is large on purpose; alone, it counts for twice the largest other."""
    rows = panel([[*[9.0] * 60, 900.0, *[9.0] * 40]])
    rows.promotion[0, 60] = 1.0
    clean = clean_slips(rows)
    assert not clean.slips.any()
    assert clean.quantity[0, 60] == 18


def test_a_code_for_unknown_is_a_slip_however_often() -> None:
    """99999 typed three times is a like of its own, and a thousand times the median sale."""
    clean = cleaned([99999.0 if k in (20, 50, 80) else 9.0 for k in range(100)])
    assert np.flatnonzero(clean.slips[0]).tolist() == [20, 50, 80]
    assert (clean.quantity[0, [20, 50, 80]] == 9).all()


def test_a_young_series_is_limited_by_the_largest_of_the_company() -> None:
    """A first part of a week says nothing of the second: a launch of 100 counts, a million as twice what others sell."""
    rows = np.full((2, 60), np.nan)
    rows[0] = 200.0
    rows[1, 58:] = (5.0, 100.0)
    assert clean_slips(panel(rows)).quantity[1, 59] == 100
    assert clean_slips(panel(changed(rows, 1, 59, 1e6))).quantity[1, 59] == 400


@pytest.mark.parametrize("row", [[7.0], [0.0] * 60, [np.nan] * 60])
def test_what_cannot_be_judged_is_left(row: list[float]) -> None:
    """One observation, nothing sold, nothing known."""
    clean = cleaned(row)
    assert not clean.slips.any()
    assert np.array_equal(clean.quantity[0, : len(row)], row, equal_nan=True)


def test_a_part_keeps_its_marks() -> None:
    """Features are made of parts."""
    part = clean_slips(panel([[5.0] * 61, [*[9.0] * 60, 900.0]])).part(slice(1, 2))
    assert np.argwhere(part.slips).tolist() == [[0, 60]]
    assert part.delivered[0, 60] == 900


def night(rows: Floats) -> pd.Series:
    """The mean of each item over the next quarter, as a company alone would ship it: trained, chosen and calibrated on three
    past quarters."""
    starts = [pd.Timestamp(WEEKS.add(AS_OF, k - rows.shape[1])) for k in range(rows.shape[1])]
    items = [pd.DataFrame({"item_id": f"i{k}", "date": starts, "quantity": row}) for k, row in enumerate(rows)]
    table = build_table(pd.concat(items), WEEKS, AS_OF)
    made = [prepare(table, WEEKS, WEEKS.add(AS_OF, -13 * back), seed=7) for back in (3, 2, 1, 0)]
    frames = [candidates(predict_own(o.models, o.mean, p.future), None) for p in made for o in [train_own(p.train, seed=7)]]
    shipped = finished(frames[:3], frames[3], choose_groups(frames[:3]))
    return shipped.groupby("item_id")["mean"].mean()


@pytest.fixture(scope="module")
def calm() -> pd.Series:
    return night(steady())


@pytest.mark.parametrize(
    ("series", "period", "factor"), [(0, 110, 1e6), (3, 119, 10.0), (2, 95, 100.0), (1, 60, 1e6), (1, 61, 1e6), (0, 30, 1e6)]
)
def test_one_row_moves_no_other_item(calm: pd.Series, series: int, period: int, factor: float) -> None:
    """A slip in the judged quarters, in the last week or long ago: the means of the other items stay within 1 %, its own within
    what a usual week would do."""
    rows = steady()
    moved = night(changed(rows, series, period, factor * rows[series, period])) / calm - 1
    assert moved.drop(f"i{series}").abs().max() < 0.01
    assert abs(moved[f"i{series}"]) < 0.03
