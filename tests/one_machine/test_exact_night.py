"""A night whose shared forecaster is trained exactly: how far it is, is there for people to see."""

from dataclasses import asdict, replace
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console
from support import NIGHT, copy_of, message, own, public, reopened, republish

from decai_forecast import federation
from decai_forecast.commands.table import print_summary
from decai_forecast.coordinator.close import close
from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import federate
from decai_forecast.federation import Plan
from decai_forecast.federation.disclosure import record_disclosure
from decai_forecast.link import Evaluation, SharedRound, SharedStatus
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.partner.combine import combine
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.report_facts import facts_of
from decai_forecast.reports import build_report, render_html
from decai_forecast.store import digest_bytes

SAID = "versions, digests of column names and agreement"  # beside the key


@pytest.fixture
def night(finished: Network, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Network:
    """A finished night whose training has not been yet; the training is a short one."""
    network = reopened(copy_of(finished, tmp_path))
    monkeypatch.setattr(federation, "Plan", partial(Plan, rounds=2, quantiles=(0.5,)))
    return replace(network, strategy="exact")


def publish(network: Network, **facts: Any) -> None:
    """That the last shared forecaster stays in use."""
    shared = SharedRound(NIGHT.id, NIGHT.as_of, SharedStatus.KEPT, network.partners, network.minimum, **facts)
    assert coordinator_context(network).link.publish_shared(shared)


def test_a_training_tells_how_far_it_is(night: Network) -> None:
    """In lines, in the round's public file and in its summary: tree, trees, loss, bytes, and which model of how many."""
    said: list[str] = []
    done = federate(coordinator_context(night), NIGHT, said.append)
    assert done.facts.members == night.partners
    last = night.calendar.cutoffs(NIGHT.as_of).ship
    told = f"model 10 of 10 (before {last}, the mean): tree 2 of 2, loss "
    assert [line for line in said if line.startswith(told) and line.endswith("received by each company")]
    far = message(public(night), f"rounds/{NIGHT.id}/progress.json")
    assert (far["tree"], far["trees"], far["model"], far["models"]) == (2, 2, 10, 10)
    assert far["loss"] > 0
    assert far["quantile"] is None
    assert far["sent"] > 10_000
    summary = summarise(night, NIGHT)
    assert summary["training"] == far | {"finished": True}
    console = Console(width=200, record=True)
    print_summary(summary, console)
    assert f"Trained together; last: {told}" in console.export_text()


def test_exact_is_what_a_network_does_unless_it_says_otherwise(tmp_path: Path) -> None:
    """Bagging must be asked for."""
    assert Network(tmp_path, "n", "W", 13, ()).strategy == "exact"


def test_a_round_whose_training_failed_says_so(night: Network) -> None:
    """It is closed, and forecasts with what is there; its note does not claim a training."""
    said = close(coordinator_context(night), NIGHT).note
    assert (
        said == f"Round {NIGHT.id} of five: 5 of 5 partners could not train together, the last shared forecaster stays in use."
    )


def test_a_round_whose_new_forecaster_does_not_ship_says_why(night: Network) -> None:
    """Its note neither claims that the training failed nor hides that the last shared forecaster stays in use."""
    why = "the new forecaster is worse at 3 of 5 partners"
    publish(night, members=night.partners, reason=why)
    assert close(coordinator_context(night), NIGHT).note == (
        f"Round {NIGHT.id} of five: 5 of 5 partners trained together, but the last shared forecaster stays in use: {why}."
    )


def test_the_report_says_what_left_in_an_exact_training(night: Network) -> None:
    """Sums under masks, and scores where two forecasters were compared; no tree, and no quantile of the targets."""
    federate(coordinator_context(night), NIGHT)
    company = partner_context(night, "shop_0")
    sums, asked, *_, verdict = told = [left.what for left in facts_of(company, NIGHT).what_left]
    assert len(told) == 4
    assert (
        sums == "sums over rows of the shared trees' bins and leaves, under masks that cancel only in the sum of all companies"
    )
    assert asked == f"number of training rows, public key, {SAID}"
    assert verdict == "verdict, number of rows, error code"
    republish(night, evaluation=Evaluation(True, "median gain +1.0 %"))
    assert "loss of the last and of the new shared forecaster on the newest own rows, and how many these are" in [
        left.what for left in facts_of(company, NIGHT).what_left
    ]


def test_what_left_is_told_of_a_training_that_failed_too(night: Network) -> None:
    """The coordinator publishes that nobody trained; what the company gave until then has left it all the same."""
    publish(night, reason="lost")
    company, verdict = partner_context(night, "shop_0"), "verdict, number of rows, error code"
    assert facts_of(company, NIGHT).what_left[0].what.startswith("sanitised trees")  # of the bagging that the night had
    record_disclosure(company.store, NIGHT.id, "exact")
    sums, asked, _, last = (left.what for left in facts_of(company, NIGHT).what_left)
    assert sums.startswith("sums over rows of the shared trees' bins and leaves, under masks")
    assert (asked, last) == (f"number of training rows, public key, {SAID}", verdict)


def test_what_is_published_of_a_training_counts_no_companys_rows(night: Network) -> None:
    """Rows and scores of each company stay with the coordinator; all companies read the rest."""
    done = federate(coordinator_context(night), NIGHT)
    assert set(done.facts.rows) == set(night.partners)
    assert "rows" not in message(public(night), f"rounds/{NIGHT.id}/shared.json")


def test_the_report_says_whether_the_new_forecaster_ships(night: Network) -> None:
    """And why; nothing where there was none to compare with."""
    federate(coordinator_context(night), NIGHT)
    company = partner_context(night, "shop_0")
    assert build_report(facts_of(company, NIGHT))["roster"]["verdict"] == ""
    why = "the new forecaster is worse at 3 of 5 partners"
    republish(night, evaluation=Evaluation(False, why))
    report = build_report(facts_of(company, NIGHT))
    assert f"<p>The new shared forecaster does not ship, the last one stays in use: {why}.</p>" in render_html(report), report[
        "roster"
    ]


def test_a_forecaster_that_nobody_signed_is_not_used(night: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """The coordinator publishes another one than the companies grew, with digests and a signature of its own: the company
    forecasts with its own, its report and its notices say why, and everybody else's round goes on."""
    monkeypatch.setattr(federation, "Plan", partial(Plan, rounds=1))
    coordinator, company = coordinator_context(night), partner_context(night, "shop_0")
    federate(coordinator, NIGHT)
    shared = coordinator.link.shared(NIGHT.id)
    assert shared is not None
    assert shared.ships is not None
    assert combine(company, NIGHT).facts.refused == ()
    models = coordinator.link.models(shared.ships)
    median = models.models[0.5].replace("leaf_value=", "leaf_value=9", 1)
    tampered = replace(models, models=dict(models.models) | {0.5: median})
    file = coordinator.link.publish_models(tampered)
    republish(night, ships=file, models=dict(shared.models) | {tampered.cutoff: file})
    facts = combine(company, NIGHT).facts
    assert len(facts.refused) == 1
    assert "the model is not the one that was signed" in facts.refused[0]
    assert facts.choice.name == "local"
    assert "not the one that was signed" in render_html(build_report(facts_of(company, NIGHT)))
    assert "not the one that was signed" in company.store.read_bytes(f"notices/{NIGHT.id}-forecaster.txt").decode()


def test_companies_keep_what_they_signed(night: Network) -> None:
    """Each in its own store, by the digest of the model; it is what is published with it."""
    federate(coordinator_context(night), NIGHT)
    link = coordinator_context(night).link
    shared = link.shared(NIGHT.id)
    assert shared is not None
    for file in shared.models.values():
        models = link.models(file)
        assert models.mean_certificate is not None
        signed = [(models.models[0.5], models.certificates[0.5]), (models.mean, models.mean_certificate)]
        for partner, (text, certificate) in product(night.partners, signed):
            assert certificate.names == night.partners
            kept = own(night, partner).read_json(f"federation/exact/certificates/{digest_bytes(text.encode())}.json")
            assert kept == asdict(certificate) | {"names": list(certificate.names), "signatures": list(certificate.signatures)}
