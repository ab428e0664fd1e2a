"""A rule that cannot run takes no other rule with it."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

import pytest
from deliveries import AS_OF, contract, demand, save

from decai_forecast.contracts import check_delivery
from decai_forecast.contracts.model import Rule

BROKEN = [  # rules that no contract file could hold: whatever the check of contracts does not foresee
    Rule("r", "pattern", "item_id", "item_id matches [", (), arguments={"pattern": "["}),
    Rule("r", "compare", "date", "date < price", (), arguments={"left": "date", "operator": "<", "right": "price"}),
    Rule("r", "calendar", "item_id", "no gap", (), arguments={"every": "D", "by": ()}),
    Rule("r", "unit_slip", "item_id", "same unit", (), arguments={"by": (), "days": 28, "factors": (6,)}),
]


@pytest.mark.parametrize("direct", [False, True])
@pytest.mark.parametrize("rule", BROKEN, ids=lambda rule: rule.kind)
def test_only_the_guilty_rule_is_not_checked(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, rule: Rule, *, direct: bool
) -> None:
    """It is named, with its reason; the others have their outcome, and nothing is logged as an accident."""
    promised = contract(tmp_path)
    promised = replace(promised, rules=(*promised.rules, rule))
    frame = demand()
    frame.loc[7, "quantity"] = -1
    with caplog.at_level(logging.WARNING):
        found = check_delivery(promised, save(tmp_path, frame), AS_OF, tmp_path, direct=direct)
    assert (found.verdict, found.code, found.quarantined) == ("not_checked", "rule", 1)
    assert {result.rule: result.outcome for result in found.broken} == {"quantity.range": "failed", "r": "not_checked"}
    assert next(result.note for result in found.broken if result.rule == "r")
    assert [record for record in caplog.records if record.exc_info] == []


def test_a_check_that_breaks_says_why(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """One line in the log, and the reason in the report; it never becomes bad data."""
    (tmp_path / "delivery.parquet").write_bytes(b"PAR1")
    found = check_delivery(contract(tmp_path), tmp_path / "none.parquet", AS_OF, None)
    assert (found.verdict, found.code) == ("not_checked", "engine")
    assert found.broken[0].note.startswith("IOException: IO Error: No files found that match the pattern")
    assert [record.getMessage() for record in caplog.records if record.levelname == "ERROR"] == [
        "acme: the check of demand failed (IOException)"
    ]
