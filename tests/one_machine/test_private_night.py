"""A night under differential privacy: what it cost is told to the company and the analyst, and no cut-off is paid for twice."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console
from support import NIGHT, copy_of, reopened, submit_ready

from decai_forecast import federation
from decai_forecast.commands.table import print_summary
from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import federate
from decai_forecast.federation import Plan
from decai_forecast.federation.exact.privacy import epsilon_of, rho_of
from decai_forecast.link import Noise, SharedStatus
from decai_forecast.network import Network, Participant, Privacy
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.page_html import page
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.report_facts import facts_of
from decai_forecast.round import Round

TERMS = Privacy(epsilon=30.0, budget=95.0)
TONIGHT = epsilon_of(5 * rho_of(TERMS.epsilon, TERMS.delta / 2), TERMS.delta / 2)  # five cut-offs of a first night


@pytest.fixture
def night(finished: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A finished night of a network that then agrees on privacy, whose training has not been yet; one quantile."""
    network = reopened(copy_of(finished, tmp_path))
    monkeypatch.setattr(federation, "Plan", partial(Plan, quantiles=(0.5,)))
    return replace(network, strategy="exact", privacy=TERMS)


def test_what_a_private_night_cost_is_told(night: Network) -> None:
    """In the report's account of what left, in the printed round and on its page, which shows a company its own only; the next
    night of the same week takes what is there, and costs nothing."""
    done = federate(coordinator_context(night), NIGHT)
    assert done.facts.privacy == Noise(epsilon=30.0, budget=95.0, delta=1e-6)
    cost = f"epsilon {TONIGHT:.2f} tonight, {TONIGHT:.2f} of 95 spent (delta 1e-06)"
    facts = facts_of(partner_context(night, "shop_0"), NIGHT)
    assert f"what noise leaves to be told of a training row, by all sums and models: {cost}" in [
        left.what for left in facts.what_left
    ]
    assert facts.roster.verdict.startswith("The new shared forecaster ships uncompared: scores are exact")
    summary = summarise(night, NIGHT, scores=False)
    console = Console(width=300, record=True)
    print_summary(summary, console)
    whose = "shop_0, shop_1, shop_2, shop_3, shop_4"
    assert f"Differential privacy of a training row, {cost}: {whose}." in console.export_text()
    assert page(night, [summary], {"report_shop_1"}).count(cost) == 1
    _and_the_next_night(night)


def test_of_a_company_that_lies_elsewhere_nothing_is_told(tmp_path: Path) -> None:
    """Between companies the coordinator has none of their ledgers: no zero stands for what it does not know."""
    network = Network(tmp_path, "three", "W", 13, tuple(Participant(f"p{k}") for k in range(3)), privacy=TERMS)
    assert [row["privacy"] for row in summarise(network, NIGHT, scores=False)["partners"]] == [None] * 3


def _and_the_next_night(night: Network) -> None:
    later, ship = Round.of("2026-06-30"), night.calendar.floor(NIGHT.as_of)
    submit_ready(night, later)
    federate(coordinator_context(night), later)
    first, second = (SharedForecasters.of(coordinator_context(night).link, one.id) for one in (NIGHT, later))
    assert second.published.status is SharedStatus.REUSED
    assert second.shipped() == first.shipped() is not None
    costs = [row["privacy"] for row in summarise(night, later, scores=False)["partners"]]
    assert {(row["tonight"], round(row["spent"], 6)) for row in costs} == {(0.0, round(TONIGHT, 6))}
    note = close(coordinator_context(night), later).note
    assert (
        f"did not train: the shared forecaster of {ship} is there; under differential privacy a cut-off is trained once" in note
    )
