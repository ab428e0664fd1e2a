"""The history of a partner's deliveries and its score: only what the partner did counts."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa
from rich.console import Console
from support import NIGHT, inbox, message

from decai_forecast.commands.table import print_summary
from decai_forecast.contracts import Verdict
from decai_forecast.errors import DecaiError
from decai_forecast.network import Network
from decai_forecast.one_machine.summary import summarise
from decai_forecast.orchestration.page_html import page
from decai_forecast.partner.check import check
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.pull import pull
from decai_forecast.partner.quality import Delivered, history, mark_late, score
from decai_forecast.partner.submit import deliver
from decai_forecast.round import Round

NEXT = Round.of("2026-06-30", "2026-06-29")
FAULTY = '      - {id: mine, type: sql, query: "SELECT count(*) FROM elsewhere", mustBe: 0}\n\nslaProperties:'


@pytest.fixture
def company(network: Network) -> PartnerContext:
    """A partner with one accepted night."""
    return checked(network, NIGHT)


def checked(network: Network, night: Round) -> PartnerContext:
    """After a night whose delivery was pulled and checked."""
    found = partner_context(network, "shop_0")
    pull(found, night)
    check(found, night)
    return found


def contract(network: Network, name: str = "demand") -> Path:
    return network.home / f"contracts/shop_0/{name}.odcs.yaml"


def fails(network: Network, night: Round = NEXT) -> None:
    """A night that ends in an error."""
    with pytest.raises((DecaiError, ArithmeticError, sa.exc.SQLAlchemyError)):
        deliver(partner_context(network, "shop_0"), night)


def told(company: PartnerContext) -> list[tuple[str, str, str]]:
    return [(one.data_set, one.verdict, one.code) for one in history(company.store) if one.round == NEXT.id]


def test_a_faulty_rule_is_not_bad_data(network: Network, company: PartnerContext) -> None:
    """It stands in the history and not in the score."""
    contract(network).write_text(contract(network).read_text().replace("\nslaProperties:", FAULTY, 1))
    fails(network)
    assert told(company) == [("demand", "not_checked", "rule")]
    assert score(history(company.store)) == 100.0


def test_a_fault_of_ours_is_not_the_partners(
    network: Network, company: PartnerContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever broke in the check."""
    monkeypatch.setattr("decai_forecast.partner.check.check_delivery", lambda *a, **k: 1 / 0)
    fails(network)
    assert told(company) == [("demand", "not_checked", "internal")]
    assert score(history(company.store)) == 100.0


def test_a_missing_source_counts(network: Network, company: PartnerContext) -> None:
    """Nothing was delivered: a third of what two data sets and this one could be worth."""
    (network.home / "sources/shop_0/demand.parquet").unlink()
    fails(network)
    assert told(company) == [("demand", "absent", "source_absent")]
    assert score(history(company.store)) == pytest.approx(200 / 3)


def test_a_broken_contract_has_a_history(network: Network, company: PartnerContext) -> None:
    """Of the nights before it broke, and of the one on which it did."""
    contract(network).write_text("apiVersion: [v3")
    fails(network)
    assert told(company) == [("demand", "absent", "contract")]
    assert [one.verdict for one in history(company.store) if one.round == NIGHT.id] == ["accepted", "accepted"]


def test_a_faulty_rule_elsewhere_does_not_stop_demand(network: Network, company: PartnerContext) -> None:
    """It is noted like a data set that did not come, and demand takes part."""
    contract(network, "items").write_text(contract(network, "items").read_text().replace("\nslaProperties:", FAULTY, 1))
    checked(network, NEXT)
    assert told(company) == [("demand", "accepted", ""), ("items", "not_checked", "rule")]
    assert score(history(company.store)) == 100.0


def test_a_missing_data_set_is_absent_with_its_code(network: Network, company: PartnerContext) -> None:
    """Demand goes on without it."""
    (network.home / "sources/shop_0/items.parquet").write_bytes(b"PAR1 damaged")
    checked(network, NEXT)
    assert told(company) == [("demand", "accepted", ""), ("items", "absent", "source_unreadable")]


def test_a_night_under_way_is_left_out(company: PartnerContext) -> None:
    """Until it has ended, or is late."""
    company.store.write_json(f"rounds/{NEXT.id}/pull/started.json", {})
    assert told(company) == []
    mark_late(company.store, NEXT.id)
    assert told(company) == [("demand", "absent", "")]


def test_a_library_does_not_put_its_code_outside(network: Network, monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLAlchemy's errors have a code of their own: a link to its documentation."""

    def broken(*arguments: object, **options: object) -> None:
        raise sa.exc.OperationalError("SELECT", {}, Exception("secret"))

    monkeypatch.setattr("decai_forecast.partner.check.check_delivery", broken)
    fails(network)
    assert message(inbox(network), f"shop_0/{NEXT.id}/submission.json")["code"] == "internal"


def test_the_score_looks_at_thirty_rounds() -> None:
    """Older ones are forgotten; a night without a word says nothing."""
    nights = [Delivered(f"2026-01-{k:02d}", "demand", Verdict.ACCEPTED if k > 1 else Verdict.ABSENT) for k in range(1, 32)]
    assert score(nights) == 100.0
    assert score(nights[:2]) == 50.0
    assert score([Delivered("2026-01-01", "demand", Verdict.NOT_CHECKED)]) is None


def test_a_round_shows_the_score_of_its_time(network: Network, company: PartnerContext) -> None:
    """In the summary, the table and the partner's page; later rounds change nothing in it."""
    (network.home / "sources/shop_0/demand.parquet").unlink()
    fails(network)
    before, after = (summarise(network, night)["partners"] for night in (NIGHT, NEXT))
    assert (before[0]["quality"], after[0]["quality"]) == (100.0, pytest.approx(200 / 3))
    assert before[1]["quality"] is None
    said = page(network, [summarise(network, NEXT)], {"report_shop_0"}, only="shop_0")
    assert "quality 67 of 100" in said
    assert "quality" not in page(network, [summarise(network, NEXT)], set(), only="shop_0")


def test_the_table_has_the_score(network: Network, company: PartnerContext, capsys: pytest.CaptureFixture[str]) -> None:
    """As a whole number beside the verdict."""
    print_summary(summarise(network, NIGHT), Console(width=200))
    row = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("shop_0"))
    assert row.split()[-1] == "100"
