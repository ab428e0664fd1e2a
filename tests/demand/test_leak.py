"""Nothing that is not known yet reaches a forecast: not by a value, not by what is missing, not by chance."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pandas as pd
import pytest
from panels import AS_OF, WEEKS, delivery

from decai_forecast.demand import FEATURES, build_table, fit, mark_censored, predict, prepare, train_local
from decai_forecast.demand.features import feature_matrix
from decai_forecast.demand.future_features import Rows, groups_of
from decai_forecast.demand.history import history
from decai_forecast.demand.panel import to_panel
from decai_forecast.demand.prepare import Prepared
from decai_forecast.demand.prophet_features import prophet_totals

CUTOFF = WEEKS.add(AS_OF, -WEEKS.horizon)
PLANNED = ("price_ahead", "promotion_ahead")


def stock() -> pd.DataFrame:
    """Counts at the end of each week; every tenth shelf is empty."""
    given = delivery()
    return given[["date", "location_id", "item_id"]].assign(on_hand=np.where(np.arange(len(given)) % 10, 40.0, 0.0))


def garbage(frame: pd.DataFrame, seed: int) -> pd.DataFrame:
    """The same rows before the cut-off, and noise in every number from it on, with an item that sorts before all others."""
    rng, late = np.random.default_rng(seed), (frame["date"] >= pd.Timestamp(CUTOFF)).to_numpy()
    out = frame.astype(dict.fromkeys(frame.select_dtypes("number"), float))
    for name in frame.select_dtypes("number"):
        out.loc[late, name] = rng.choice([0.0, 1e-3, 7.0, 1e6], late.sum())
    return pd.concat([out[late].head(3).assign(item_id="a new one", date=pd.Timestamp(CUTOFF)), out], ignore_index=True)


def at_cutoff(demand: pd.DataFrame, counts: pd.DataFrame, **given: Any) -> Prepared:
    table = build_table(mark_censored(demand, counts, None, WEEKS), WEEKS, AS_OF)
    return prepare(table, WEEKS, CUTOFF, seed=1, **given)


def bytes_of(known: Prepared) -> list[bytes]:
    """Training rows, models and forecasts as they are stored."""
    models = train_local(known.train, seed=1)
    forecast = predict(models, known.future).drop(columns="actual")
    frames = (known.train, known.future.drop(columns="actual"), forecast)
    return [frame.to_parquet() for frame in frames] + [text.encode() for text in models.values()]


@pytest.mark.parametrize("max_rows", [20_000, 150], ids=["all_rows", "sampled"])
def test_garbage_from_the_cutoff_on_changes_no_byte(max_rows: int) -> None:
    """Quantities, prices, promotions, stock and new items: rows, models and forecasts at the cut-off stay as they are."""
    one = at_cutoff(delivery(), stock(), max_rows=max_rows)
    other = at_cutoff(garbage(delivery(), 1), garbage(stock(), 2), max_rows=max_rows)
    assert not one.future["actual"].equals(other.future["actual"])
    assert bytes_of(one) == bytes_of(other)


def test_what_cannot_be_foretold_is_not_foretold() -> None:
    """Independent noise: own and pooled forecasts do no better than the median of the past, by more than its own error."""
    losses: dict[str, list[float]] = {"own": [], "pooled": [], "constant": []}
    found = []
    for seed in range(4):
        noise = np.random.default_rng(100 + seed).permutation(np.repeat(np.arange(1.0, 17), 30))  # 1..16, equally often
        table = build_table(delivery(seed=seed).assign(quantity=noise), WEEKS, AS_OF)
        found.append((prepare(table, WEEKS, CUTOFF, seed=1), table))
    pooled = fit(pd.concat([known.train for known, _ in found]), [0.1, 0.5, 0.9], seed=1)
    for known, table in found:
        past = table.loc[table["date"] < pd.Timestamp(CUTOFF), "quantity"]
        made = {"own": train_local(known.train, seed=1), "pooled": pooled}
        middle = {name: predict(models, known.future)["q50"] for name, models in made.items()} | {"constant": past.median()}
        for name, forecast in middle.items():
            losses[name] += (known.future["actual"] - forecast).abs().tolist()
    for name in ("own", "pooled"):
        gain = np.array(losses["constant"]) - np.array(losses[name])
        assert gain.mean() < 2 * gain.std() / len(gain) ** 0.5  # a true advantage would grow beyond two standard errors


def test_a_shifted_answer_would_be_found() -> None:
    """The counterpart: where a week tells the next, the same models are far better than the median."""
    wave = np.tile(np.repeat([2.0, 14.0], 26), 10)[:120]
    table = build_table(delivery(items=2).assign(quantity=np.tile(wave, 2)), WEEKS, AS_OF)
    known = prepare(table, WEEKS, CUTOFF, seed=1)
    own = (known.future["actual"] - predict(train_local(known.train, seed=1), known.future)["q50"]).abs().mean()
    assert own < 0.5 * (known.future["actual"] - 8).abs().mean()


def matrix(change: Callable[[Any], None] | None = None, at: int = 0) -> pd.DataFrame:
    """The features of all series at many origins and horizons, of a panel whose period ``at`` was changed."""
    panel = to_panel(build_table(delivery(), WEEKS, AS_OF), WEEKS)
    if change:
        change(panel)
    origins = np.arange(40, 119, 6)
    known = history(panel, origins)
    place, h = (grid.ravel() for grid in np.meshgrid(np.arange(len(origins)), [1, 5, 13]))
    rows = Rows(*(np.tile(part, 4) for part in (np.zeros_like(place), place, h)))
    rows = Rows(np.repeat(np.arange(4), len(place)), rows.origin, rows.h)
    flat = {"partner:all": np.ones(len(panel.dates))}  # Prophet looks at all periods before the cut-off, and is told of below
    values = feature_matrix(panel, known, groups_of(panel, flat), rows)
    return pd.DataFrame(values, columns=list(FEATURES)).assign(origin=origins[rows.origin])


@pytest.mark.parametrize("name", ["quantity", "price", "promotion"])
@pytest.mark.parametrize("period", [41, 76, 100])
def test_a_row_reads_no_period_after_its_origin(name: str, period: int) -> None:
    """A change in one period reaches the rows of its origin and later ones, and no earlier row."""

    def change(panel: Any) -> None:
        getattr(panel, name)[:, period] = 555.0

    before, after = matrix(), matrix(change)
    same = [bytes(a) == bytes(b) for a, b in zip(before.to_numpy(), after.to_numpy(), strict=True)]
    early = (before["origin"] < period).to_numpy()
    assert np.array(same)[early].all()
    assert not np.array(same)[~early].all()


def test_a_plan_is_read_ahead_and_only_by_its_own_columns() -> None:
    """Of the period to forecast the plan is known, and nothing else changes with it."""

    def change(panel: Any) -> None:
        panel.planned_price[:] = 5.0
        panel.planned_price[:, 100] = 4.0

    def cheaper(panel: Any) -> None:
        change(panel)
        panel.planned_price[:, 100] = 2.0

    before, after = matrix(change), matrix(cheaper)
    different = {name for name in FEATURES if not before[name].equals(after[name])}
    assert different == {"price_ahead"}


def test_prophet_is_fitted_on_what_was_before_the_cutoff() -> None:
    """Its view of the horizon does not change with the horizon."""
    panel = to_panel(build_table(delivery(), WEEKS, AS_OF), WEEKS)
    end = panel.index(CUTOFF)
    one, _ = prophet_totals(panel, end)
    panel.quantity[:, end:] = 1e5
    other, _ = prophet_totals(panel, end)
    assert {name: bytes(view) for name, view in one.items()} == {name: bytes(view) for name, view in other.items()}


def test_a_price_of_zero_where_nothing_was_sold_tells_nothing() -> None:
    """As in data whose price is sales value over volume: in the delivery, from the cut-off on and before it."""
    sold = delivery().assign(price=5.0)
    sold["quantity"] = sold["quantity"].where(np.random.default_rng(3).random(len(sold)) < 0.6, 0)
    zeros = sold.assign(price=sold["price"].where(sold["quantity"] > 0, 0.0))
    one, other = (prepare(build_table(rows, WEEKS, AS_OF), WEEKS, CUTOFF, seed=1) for rows in (sold, zeros))
    assert bytes_of(one) == bytes_of(other)


@pytest.mark.parametrize("missing", [False, True], ids=["zero", "no_row"])
def test_a_plan_made_up_from_sales_tells_nothing_by_its_gaps(missing: bool) -> None:
    """A price list with a price only in weeks with a sale, zero or no row in the others, is as good as a whole one."""
    sold = delivery()
    sold["quantity"] = sold["quantity"].where(np.random.default_rng(3).random(len(sold)) < 0.6, 0)
    table = build_table(sold, WEEKS, AS_OF)
    first = sold.groupby("item_id")["date"].transform("min") == sold["date"]
    plan = sold[["item_id", "location_id"]].assign(price=5.0, promotion=0.0, valid_from=sold["date"])
    plan["valid_to"] = plan["valid_from"] + pd.Timedelta(days=6)
    there = (sold["quantity"] > 0) | first
    gaps = plan[there] if missing else plan.assign(price=plan["price"].where(there, 0.0))
    one, other = (prepare(table, WEEKS, CUTOFF, seed=1, prices=prices) for prices in (plan, gaps))
    columns = list(PLANNED)
    pd.testing.assert_frame_equal(other.future[columns], one.future[columns])
    pd.testing.assert_frame_equal(other.train[columns], one.train[columns])


def test_the_cutoff_is_the_first_period_not_known() -> None:
    """A sale in the last week before it reaches the forecast, one in its own week does not."""
    assert date(2026, 3, 23) == CUTOFF
    counts = stock().assign(on_hand=40.0)
    usual = at_cutoff(delivery(), counts).future.drop(columns="actual")
    for day, same in ((CUTOFF, True), (WEEKS.add(CUTOFF, -1), False)):
        given = delivery()
        given["quantity"] = given["quantity"].where(given["date"] != pd.Timestamp(day), 90)
        assert usual.equals(at_cutoff(given, counts).future.drop(columns="actual")) is same
