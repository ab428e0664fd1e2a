"""Simulated experience passes the gate or changes nothing; the same seed gives the same verdict."""

from __future__ import annotations

from datetime import date

import numpy as np
import pandas as pd
import pytest

from decai_forecast.demand import build_table, prepare
from decai_forecast.periods import Calendar
from decai_forecast.simulation.agents import augment as module
from decai_forecast.simulation.agents.augment import COLUMNS, augment, learn
from decai_forecast.simulation.agents.experience import FirmFacts
from decai_forecast.simulation.agents.gate import judge

WEEKS, AS_OF = Calendar("W", 4), date(2025, 6, 2)


@pytest.fixture(scope="module")
def firm() -> tuple[pd.DataFrame, pd.DataFrame]:
    """The demand table of a supplier of ten items, three years of weeks, and its usual training rows."""
    rng, count = np.random.default_rng(1), 156
    dates = pd.date_range(end=pd.Timestamp(AS_OF) - pd.Timedelta(days=7), periods=count, freq="W-MON")
    rows = [
        pd.DataFrame({"item_id": f"i{k}", "date": dates, "quantity": rng.poisson(200 + 40 * k, count).astype(float)})
        for k in range(10)
    ]
    table = build_table(pd.concat(rows, ignore_index=True), WEEKS, AS_OF)
    return table, prepare(table, WEEKS, AS_OF, seed=1).train


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Few worlds, rows and trees: what is tested does not depend on their number."""
    for name, value in {"TRAINING_WORLDS": 3, "HOLD_OUT_WORLDS": 3, "ROWS": 1500, "TREES": 20}.items():
        monkeypatch.setattr(module, name, value)


def test_same_seed_same_verdict(firm: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Deterministic; rational agents come first, and both figures are told."""
    facts = FirmFacts({}, recovery=4.0)
    _, verdicts = augment(*firm, WEEKS, AS_OF, facts, seed=2)
    assert verdicts == augment(*firm, WEEKS, AS_OF, facts, seed=2)[1]
    assert verdicts[0].agents == "rational"
    assert verdicts[0].disrupted_usual > verdicts[0].normal_usual > 0


def test_what_passes_is_rows_to_learn_from(firm: tuple[pd.DataFrame, pd.DataFrame], monkeypatch: pytest.MonkeyPatch) -> None:
    """With a gate that lets all pass: the usual rows, in which all was shipped, and simulated ones; and models of them."""
    monkeypatch.setattr("decai_forecast.simulation.agents.gate.LESS_IN_DISRUPTION", -9.0)
    monkeypatch.setattr("decai_forecast.simulation.agents.gate.MORE_IN_NORMAL", 9.0)
    lesson, _ = augment(*firm, WEEKS, AS_OF, FirmFacts({}, recovery=4.0), seed=2)
    assert lesson is not None
    assert list(lesson.rows.columns) == [*COLUMNS, "target", "weight"]
    assert (lesson.rows["fill_least"] < 0.95).any()
    assert list(learn(lesson, seed=2)) == [0.1, 0.5, 0.9]


def test_short_history_is_told(firm: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    """Outages that are longer than what was recorded cannot be simulated in it."""
    lesson, verdicts = augment(*firm, WEEKS, AS_OF, FirmFacts({}, recovery=60.0), seed=2)
    assert (lesson, verdicts[0].reason) == (None, "156 periods of history, 230 are needed")
    assert verdicts[0].as_json()["normal"] is None


def judged(normal: float, disrupted: float) -> pd.DataFrame:
    """300 rows of either kind; the usual error is 10 % in normal weeks and 40 % in disrupted ones."""
    kind = np.repeat([False, True], 300)
    learned = np.where(kind, 100 * (1 + disrupted), 100 * (1 + normal))
    return pd.DataFrame({"actual": 100.0, "usual": np.where(kind, 140.0, 110.0), "learned": learned, "disrupted": kind})


@pytest.mark.parametrize(
    ("normal", "disrupted", "passed"), [(0.10, 0.29, True), (0.101, 0.20, True), (0.103, 0.20, False), (0.10, 0.31, False)]
)
def test_the_gate_asks_for_both(normal: float, disrupted: float, passed: bool) -> None:
    """At most 2 % worse in normal weeks, and at least 25 % better in disrupted ones."""
    assert judge(judged(normal, disrupted), "rational", 1).passed is passed


def test_the_verdict_tells_both_figures() -> None:
    """As the report prints it."""
    told = "error 28% lower in disrupted weeks (25% is asked for), +0.0% in normal ones (at most +2%)"
    assert judge(judged(0.10, 0.29), "rational", 1).reason == told
