"""What a forecaster comes from is told from the log alone, and names no company."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from made import NAMES, ROUND, Made, made

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.ancestry import Forecaster, ancestry
from decai_forecast.ledger.audit import Auditing, Colour, Line, audit
from decai_forecast.ledger.audit.chronicle import Chronicle
from decai_forecast.ledger.statements import Certified, public_subject

LATER = "2026-06-30"
OLD, NEW = "shared/2026-06-15/aa.json", "shared/2026-06-22/bb.json"


def read(log: Made, round_id: str) -> Forecaster:
    seen = list[Chronicle]()

    def keep(chronicle: Chronicle) -> Line:
        seen.append(chronicle)
        return Line("ancestry", Colour.NONE, "")

    list(audit(Auditing(log.public, log.policy, more=(keep,))))
    return ancestry(log.public, seen[0], round_id)


@pytest.fixture
def log(tmp_path: Path) -> Made:
    """A second round, whose forecaster has a file of the first and a new one."""
    log = made(tmp_path)
    body = json.dumps({"strategy": "bagging", "minimum": 3, "models": {"x": {"key": OLD}, "y": {"key": NEW}}})
    log.keep([log.publish(OLD, b"{}")])
    certified = Certified(*log.head("coordinator", LATER), "2026-06-22/0.5", NEW, "a" * 64)
    again = [entry for entry in log.round(LATER)[:-2] if entry not in log.round()]
    log.keep(
        [
            *again,
            log.publish(NEW, b"[]", round_id=LATER),
            log.entry(certified, public_subject("0.5", "b" * 64)),
            log.publish(f"rounds/{LATER}/shared.json", json.dumps({"body": body}).encode(), round_id=LATER),
            log.publish(f"rounds/{LATER}/closed.json", b"{}", "closing", LATER),
        ]
    )
    return log


def test_files_are_told_with_the_round_that_grew_them(log: Made) -> None:
    """In the order of rounds, with deliveries by their salted digests and the number of signed models."""
    told = read(log, LATER)
    assert [(one.file, one.round, one.signed) for one in told.ancestors] == [(OLD, ROUND, 0), (NEW, LATER, 1)]
    assert [one.deliveries for one in told.ancestors] == [("d" * 64,) * 3] * 2
    assert told.strategy == "bagging"
    assert any(NEW in line and f"grown in round {LATER}" in line for line in told.lines())


def test_no_company_is_named(log: Made) -> None:
    """Neither in words nor in JSON."""
    told = read(log, LATER)
    text = json.dumps(told.to_json()) + "\n".join(told.lines())
    assert not any(name in text for name in NAMES)


def test_a_round_without_a_forecaster_is_said(log: Made) -> None:
    """With its name."""
    with pytest.raises(LedgerError, match="no shared forecaster of round 2026-08-01"):
        read(log, "2026-08-01")
