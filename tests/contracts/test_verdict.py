"""What a check may say: plain words in files, and one place that says which deliveries are used."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from decai_forecast.contracts import RuleOutcome, Verdict


@pytest.mark.parametrize("verdict", Verdict)
def test_only_what_was_accepted_is_used(verdict: Verdict) -> None:
    """Wholly or in part."""
    assert verdict.counts == (verdict in ("accepted", "accepted_in_part"))


def test_in_files_stand_plain_words() -> None:
    """As JSON, in a text and for people."""
    told = [Verdict.ACCEPTED_IN_PART, RuleOutcome.NOT_CHECKED]
    assert json.dumps(told) == '["accepted_in_part", "not_checked"]'
    assert f"{Verdict.REFUSED}, {RuleOutcome.SKIPPED}" == "refused, skipped"
    assert Verdict.ACCEPTED_IN_PART.words == "accepted in part"


def test_a_report_knows_every_verdict_of_a_check() -> None:
    """Its schema lists all but the one that no check gives."""
    schema = json.loads((files("decai_forecast.reports") / "report.schema.json").read_text())
    listed = schema["$defs"]["delivery"]["properties"]["verdict"]["enum"]
    assert listed == [verdict for verdict in Verdict if verdict != Verdict.ABSENT]
