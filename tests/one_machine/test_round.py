"""A whole round in one process."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from support import NIGHT, inbox, message, own, quiet

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import FEDERATE
from decai_forecast.coordinator.round_status import rounds_of
from decai_forecast.errors import ConfigError, RoundClosed
from decai_forecast.network import Network
from decai_forecast.one_machine.run import run_round
from decai_forecast.one_machine.summary import summarise
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import TRAIN
from decai_forecast.partner.pull import pull
from decai_forecast.round import Round, round_at
from decai_forecast.steps import read_done


def files(network: Network) -> dict[str, bytes]:
    return {str(p.relative_to(network.home)): p.read_bytes() for p in sorted(network.home.rglob("*")) if p.is_file()}


def test_every_partner_gets_a_report(finished: Network) -> None:
    """HTML, JSON, CSV, days of supply, manifest and signature lie in every partner's outbox."""
    for partner in finished.partners:
        outbox = finished.home / "stores" / partner / "outbox" / NIGHT.id
        assert {p.name for p in outbox.iterdir()} == {
            "report.html", "report.json", "stock_targets.csv", "orders.csv", "days_of_supply.json", "manifest.json",
            "manifest.sig",
        }  # fmt: skip


def test_the_summary_names_verdict_rows_errors_and_report(finished: Network) -> None:
    """One row per partner, with the error of every candidate and of the one in use."""
    found = summarise(finished, NIGHT)
    assert found["status"] == "closed"
    for row in found["partners"]:
        assert row["verdict"] == "accepted"
        assert row["rows"] == 4 * 170
        assert set(row["wape"]) >= {"local", "shared", "mean", "combined", row["choice"]}
        assert row["wape"]["combined"] < 1.5 * min(row["wape"].values())
        assert "supplier" in row["exposure"]


def test_repeating_a_round_changes_no_byte(after: Network) -> None:
    """A second run of the same night finds everything done."""
    before = files(after)
    run_round(after, NIGHT, quiet)
    assert files(after) == before


def test_the_same_input_gives_the_same_report(finished: Network, network: Network) -> None:
    """Two networks on equal data write equal reports, byte for byte."""
    run_round(network, NIGHT, quiet)
    for name in ("report.json", "report.html", "stock_targets.csv"):
        first, second = (own(n, "shop_1").read_bytes(f"outbox/{NIGHT.id}/{name}") for n in (finished, network))
        assert first == second


def test_a_closed_round_takes_no_new_input(after: Network) -> None:
    """Another delivery for a closed round is for the next one; the same delivery is simply there."""
    company = partner_context(after, "shop_0")
    assert pull(company, NIGHT).repeated
    with pytest.raises(RoundClosed, match="goes to the next round"):
        pull(company, Round.of(NIGHT.id, "2026-06-22"))


def test_a_later_night_reuses_the_shared_forecasters_of_the_grid(after: Network) -> None:
    """Only the two newest cut-offs of the next week are trained anew."""
    later = Round.of("2026-07-06")
    run_round(after, later, quiet)
    done = read_done(own(after), later.id, FEDERATE)
    assert done is not None
    assert len(done.facts.reused) == 3
    assert len(done.facts.models) == 5
    assert [night.id for night in rounds_of(coordinator_context(after))] == [later.id, NIGHT.id]


def test_only_counts_codes_and_verdicts_leave_a_partner(finished: Network) -> None:
    """The submission has the agreed fields and carries no path and no text."""
    raw = message(inbox(finished), f"shop_2/{NIGHT.id}/submission.json")
    assert set(raw) == {"partner", "round", "as_of", "state", "code", "verdicts", "rows", "quarantined", "digest", "late"}
    assert str(finished.home) not in json.dumps(raw)
    assert own(finished, "shop_2").read_json(f"rounds/{NIGHT.id}/submission.json") == raw


def test_the_night_keeps_how_many_trees_were_chosen_and_why(finished: Network) -> None:
    """For every cut-off a company trained at: the trees of each quantile, the rows judged on, and the reason."""
    done = read_done(own(finished, "shop_1"), NIGHT.id, TRAIN)
    assert done is not None
    assert tuple(done.facts.tree_counts) == done.facts.cutoffs
    for count in done.facts.tree_counts.values():
        assert sorted(count.trees) == ["q10", "q50", "q90"]
        assert set(count.trees.values()) <= {320, 640, 960}  # half, once and one and a half times what few rows usually get
        assert ("usual" in count.reason) == (count.judged < 200)


def test_the_note_says_who_trained(finished: Network) -> None:
    """The closing counts the partners that trained together."""
    closing = coordinator_context(finished).link.closing(NIGHT.id)
    assert closing is not None
    assert "5 of 5 partners trained together" in closing.note


def test_tonight_is_the_date_on_the_networks_wall(founded: Network) -> None:
    """Half past eleven in the evening UTC is tomorrow in Paris."""
    from dataclasses import replace

    paris = replace(founded, time_zone="Europe/Paris")
    assert round_at(paris.zone, datetime(2026, 7, 1, 23, 30, tzinfo=UTC)).id == "2026-07-02"


@pytest.mark.parametrize("wrong", ["", "today", "2026-13-01", "2026-06-29.1", "2026-06-29.x", "../2026-06-29"])
def test_a_round_is_named_by_a_date(wrong: str) -> None:
    """Anything else is refused with what was expected."""
    with pytest.raises(ConfigError, match="expected YYYY-MM-DD"):
        Round.of(wrong)
