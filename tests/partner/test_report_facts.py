"""What a report says of a round, whatever of it happened: read from the finished steps and from what was published."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from night_steps import combined, sales, trained
from parties import ROUND, Parties, submission

from decai_forecast.contracts import RuleOutcome, Verdict
from decai_forecast.demand import Scores
from decai_forecast.errors import DecaiError
from decai_forecast.link import SharedRound, SharedStatus, State
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.facts import CHECK, PULL, CheckFacts, DataSetFacts, PullFacts, ValueAdded
from decai_forecast.partner.own_submission import keep_submission
from decai_forecast.partner.report_facts import RoundSteps, facts_of
from decai_forecast.reports import Delivery, ReportFacts
from decai_forecast.steps import Writer, run_step

SHARED = SharedRound(
    ROUND.id, ROUND.as_of, SharedStatus.TRAINED, ("a", "b", "c", "d"), 3, ("a", "b"), {"c": "failed:stale"},
    {"d": "dropped:unreachable"}, strategy="exact",
)  # fmt: skip


@pytest.fixture
def parties(tmp_path: Path) -> Parties:
    return Parties(tmp_path)


@pytest.fixture
def company(parties: Parties) -> PartnerContext:
    """Of a round whose shared forecaster is published."""
    assert parties.coordinator.link.publish_shared(SHARED)
    return parties.company("a")


def test_before_the_shared_forecaster_there_is_no_report(parties: Parties) -> None:
    """The message says what comes first."""
    with pytest.raises(DecaiError) as error:
        facts_of(parties.company("a"), ROUND)
    assert str(error.value) == "round 2026-06-29 has no shared forecaster yet; federate or close the round first"


def test_a_round_without_a_step_has_facts(company: PartnerContext) -> None:
    """A short report: who trained together and why not all, and nothing of a forecast."""
    assert RoundSteps.of(company.store, ROUND.id).inputs == [None] * 6
    facts = facts_of(company, ROUND)
    assert (facts.network, facts.participant, facts.round_id, facts.as_of) == ("n", "a", "2026-06-29", date(2026, 6, 29))
    assert (facts.deliveries, facts.quality, facts.simulation, facts.fan, facts.planning) == ([], None, None, None, None)
    assert (facts.model, facts.previous, facts.others, facts.opted_in) == ("", None, None, False)
    assert facts.roster.expected == ("a", "b", "c", "d")
    assert facts.roster.present == ("a", "b")
    assert facts.roster.missing == {"c": "failed:stale", "d": "dropped:unreachable"}
    assert "decai-forecast" in facts.versions


def test_a_night_that_ended_before_the_check_names_its_code(company: PartnerContext) -> None:
    """The demand delivery could not be checked; why, by the company's own copy of what it told."""
    keep_submission(company.store, submission("a", state=State.FAILED, code="source_absent", digest=""))
    assert facts_of(company, ROUND).deliveries == [Delivery("demand", Verdict.NOT_CHECKED, code="source_absent")]


def checked(company: PartnerContext, results: list[dict[str, object]]) -> ReportFacts:
    """The facts of a night whose demand was accepted in part, and whose items did not come."""
    pulled = PullFacts(ROUND.as_of, {}, {}, {"items": "source_absent"}, {}, {}, {}, {}, {})
    run_step(company.store, ROUND.id, PULL, [], lambda writer: pulled)

    def work(writer: Writer) -> CheckFacts:
        writer.json("demand.json", {"results": results})
        return CheckFacts({"demand": DataSetFacts(Verdict.ACCEPTED_IN_PART, 100, 7, "")})

    run_step(company.store, ROUND.id, CHECK, [], work)
    return facts_of(company, ROUND)


def rule(outcome: RuleOutcome, text: str, bad_rows: int = 0) -> dict[str, object]:
    return {"outcome": outcome, "text": text, "bad_rows": bad_rows}


def test_deliveries_name_the_rules_that_were_broken(company: PartnerContext) -> None:
    """With their rows; what passed or was skipped is not told, and data sets that did not come stand last."""
    broken, late = rule(RuleOutcome.FAILED, "quantity at least 0", 1234), rule(RuleOutcome.FAILED, "delivered in time")
    passed, skipped = rule(RuleOutcome.PASSED, "unique"), rule(RuleOutcome.SKIPPED, "drift")
    assert checked(company, [passed, broken, skipped, late]).deliveries == [
        Delivery("demand", Verdict.ACCEPTED_IN_PART, 100, 7, "", ["quantity at least 0 (1,234 rows)", "delivered in time"]),
        Delivery("items", Verdict.NOT_CHECKED, code="source_absent"),
    ]


def test_five_broken_rules_are_enough(company: PartnerContext) -> None:
    """The check's own report has all of them."""
    results = [rule(RuleOutcome.FAILED, f"rule {k}") for k in range(7)]
    assert checked(company, results).deliveries[0].broken == [f"rule {k}" for k in range(5)]


def totals(days: pd.DatetimeIndex) -> pd.DataFrame:
    """Of the company and of a site, the days in disorder."""
    rows = [(level, "", "", day, 10.0 + k, 5.0 + k, 15.0 + k) for level in ("site", "company") for k, day in enumerate(days)]
    return pd.DataFrame(rows, columns=["level", "location_id", "category", "date", "mean", "q10", "q90"]).iloc[::-1]


def test_the_fan_shows_two_horizons_of_the_past(company: PartnerContext) -> None:
    """Total units by period, then the company's total with its band, in the order of time."""
    past, ahead = pd.date_range(end="2026-06-22", periods=40, freq="7D"), pd.date_range("2026-06-29", periods=2, freq="7D")
    table = sales({("north", "i0", ""): 1.0, ("south", "i0", ""): 2.0}, past)
    trained(company.store, table.iloc[::-1])
    assert facts_of(company, ROUND).fan is None  # there is no forecast yet
    combined(company.store, totals(ahead))
    fan = facts_of(company, ROUND).fan
    assert fan is not None
    assert fan.history == [(day.date(), 3.0) for day in past[-26:]]
    assert fan.forecast == [(date(2026, 6, 29), 10.0, 5.0, 15.0), (date(2026, 7, 6), 11.0, 6.0, 16.0)]


def test_a_forecast_is_named_by_its_choice_and_inputs(company: PartnerContext) -> None:
    """Without a test window its quality is not known; with one, scores, choice and value added are told."""
    ahead = pd.date_range("2026-06-29", periods=2, freq="7D")
    trained(company.store, sales({("north", "i0", ""): 1.0}, ahead - pd.Timedelta(weeks=2)))
    done = combined(company.store, totals(ahead))
    facts = facts_of(company, ROUND)
    assert (facts.model, facts.quality) == (f"mean-{done.inputs[:12]}", None)
    assert facts.planning is not None
    assert RoundSteps.of(company.store, ROUND.id).inputs[4] == done.inputs


def test_quality_is_told_where_it_was_tested(company: PartnerContext) -> None:
    """Scores by candidate, the choice and why, the error of a moving average and what is added over it."""
    scores, added = Scores(0.2, 0.0, 0.1, 0.8, 26), ValueAdded(5.0, 0.1, 4, 3, 1)
    ahead = pd.date_range("2026-06-29", periods=2, freq="7D")
    combined(company.store, totals(ahead), test={"combined": scores}, naive_wape=0.3, value_added=added)
    quality = facts_of(company, ROUND).quality
    assert quality is not None
    assert quality.scores["combined"]["wape"] == 0.2
    assert (quality.naive_wape, quality.value_added) == (
        0.3, {"units": 5.0, "share": 0.1, "series": 4, "better": 3, "worse": 1},
    )  # fmt: skip


def test_the_last_report_before_the_round_is_its_previous(company: PartnerContext) -> None:
    """Of a folder without a report it is not known; later rounds do not count."""
    for day, figure in (("2026-06-15", 1), ("2026-06-22", 2), ("2026-07-06", 3)):
        company.store.write_json(f"outbox/{day}/report.json", {"figure": figure})
    company.store.write_json("outbox/2026-06-28/manifest.json", {})
    assert facts_of(company, ROUND).previous == {"figure": 2}
