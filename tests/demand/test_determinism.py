"""Same data, same bytes: of rows, models and forecasts, in whatever order, process, chunk and number of threads."""

from __future__ import annotations

import os
import subprocess
import sys
from hashlib import sha256

import pandas as pd
import pytest
from panels import AS_OF, DAYS, MONTHS, WEEKS, delivery, table

from decai_forecast.demand import build_table, fit, predict, predict_on_top, predict_own, prepare, train_own
from decai_forecast.demand import prepare as prepare_function
from decai_forecast.demand.panel import to_panel
from decai_forecast.demand.prophet_features import prophet_totals
from decai_forecast.periods import Calendar

PREPARE = sys.modules[prepare_function.__module__]  # the name of the module is that of its function


def digest(given: pd.DataFrame, calendar: Calendar = WEEKS, max_rows: int = 20_000) -> str:
    """Of all that a partner makes in a night: rows, own and shared models, forecasts of all candidates."""
    known = prepare(given, calendar, AS_OF, seed=7, max_rows=max_rows)
    alone, shared = train_own(known.train, seed=7), fit(known.train, trees=20, seed=7)
    made = [
        predict_own(alone.models, alone.mean, known.future),
        predict(shared, known.future),
        predict_on_top(shared, known.train, known.future, seed=7),
    ]
    found = sha256()
    for frame in (given, known.train, known.future, *made):
        found.update(frame.to_parquet())
    for text in (*alone.models.values(), alone.mean, *shared.values()):
        found.update(text.encode())
    return found.hexdigest()


@pytest.fixture(scope="module")
def here() -> str:
    return digest(table())


def test_the_order_of_the_delivered_rows_does_not_matter(here: str) -> None:
    """Shuffled rows, with fractions whose sums would depend on the order."""
    assert digest(build_table(delivery().sample(frac=1, random_state=5), WEEKS, AS_OF)) == here
    daily = delivery(DAYS, periods=200).assign(quantity=lambda rows: rows["quantity"] / 3, price=lambda rows: rows["price"] / 7)
    shuffled = daily.sample(frac=1, random_state=6)
    assert build_table(shuffled, WEEKS, AS_OF).to_parquet() == build_table(daily, WEEKS, AS_OF).to_parquet()


@pytest.mark.parametrize("max_rows", [20_000, 200], ids=["all_rows", "sampled"])
def test_the_size_of_the_chunks_does_not_matter(monkeypatch: pytest.MonkeyPatch, max_rows: int) -> None:
    """Neither for the features nor for which rows are drawn."""
    given = table(items=5)
    whole = prepare(given, WEEKS, AS_OF, seed=7, max_rows=max_rows)
    monkeypatch.setattr(PREPARE, "CHUNK", 2)
    parts = prepare(given, WEEKS, AS_OF, seed=7, max_rows=max_rows)
    assert parts.train.to_parquet() == whole.train.to_parquet()
    assert parts.future.to_parquet() == whole.future.to_parquet()


@pytest.mark.parametrize("threads", ["1", "2"])
def test_another_process_with_any_number_of_threads_makes_the_same_bytes(here: str, threads: str) -> None:
    """Whatever OpenMP and the linear algebra are told, and whatever order Python's hashes have there."""
    code = "from test_determinism import digest, table; print(digest(table()))"
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "STAN_NUM_THREADS")
    env = os.environ | dict.fromkeys(names, threads) | {"PYTHONHASHSEED": threads, "PYTHONPATH": os.pathsep.join(sys.path)}
    found = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == here


@pytest.mark.parametrize("calendar", [WEEKS, MONTHS], ids=["W", "M"])
def test_prophet_sees_the_same_twice(calendar: Calendar) -> None:
    """Stan's optimiser starts from the same point: the same bytes for the total and for each category."""
    panel = to_panel(table(calendar), calendar)
    one, fitted = prophet_totals(panel, 120)
    other, _ = prophet_totals(panel, 120)
    assert fitted
    assert {name: bytes(view) for name, view in one.items()} == {name: bytes(view) for name, view in other.items()}
