"""When a delivery is there: a time of day, or a cron expression, never two that differ."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from deliveries import contract_text

from decai_forecast.contracts import lint_contract, load_contract


def promised(folder: Path, level: str) -> Path:
    """The drafted contract with another timeOfAvailability."""
    text = re.sub(r"  - property: timeOfAvailability.*\n(?:    .*\n)*", level, contract_text(folder))
    path = folder / "demand.odcs.yaml"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("level", "cron"),
    [
        ("value: '06:00'", "0 6 * * *"),
        ("value: '23:30'", "30 23 * * *"),
        ("value: '06:00:00'", "0 6 * * *"),
        ("value: '06:00', scheduler: cron, schedule: '0 6 * * 1-5'", "0 6 * * 1-5"),
        ("value: daily, scheduler: cron, schedule: '*/15 * * * *'", "*/15 * * * *"),
    ],
)
def test_a_time_is_a_schedule(tmp_path: Path, level: str, cron: str) -> None:
    """Of every day, unless cron says more."""
    path = promised(tmp_path, f"  - {{property: timeOfAvailability, {level}}}\n")
    assert lint_contract(path) == ()
    assert load_contract(path).schedule == cron


def test_without_a_time_there_is_no_schedule(tmp_path: Path) -> None:
    """The network's own one counts."""
    assert load_contract(promised(tmp_path, "")).schedule == ""


@pytest.mark.parametrize(
    ("level", "said"),
    [
        ("value: '23:30', scheduler: cron, schedule: '0 1 * * *'",
         "value '23:30' and schedule '0 1 * * *' are different times; keep one of them"),
        ("value: soon",
         "timeOfAvailability needs a time such as '06:00' (in timeZone, in quotes) or a cron schedule, not 'soon'"),
        ("value: '25:00'",
         "timeOfAvailability needs a time such as '06:00' (in timeZone, in quotes) or a cron schedule, not '25:00'"),
    ],
)  # fmt: skip
def test_a_time_that_is_none_is_told(tmp_path: Path, level: str, said: str) -> None:
    """With what it should be."""
    path = promised(tmp_path, f"  - {{property: timeOfAvailability, {level}}}\n")
    assert [problem.text for problem in lint_contract(path)] == [said]
