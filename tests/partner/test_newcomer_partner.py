"""A partner too young to train gets the shared forecaster from the first day, and has no part in training it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from support import copy_of

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import keep_last
from decai_forecast.coordinator.round_status import RoundStatus, round_status
from decai_forecast.errors import NotEnoughData
from decai_forecast.link import State
from decai_forecast.network import Network, Participant
from decai_forecast.one_machine.introduce import introduce
from decai_forecast.partner.check import Refused
from decai_forecast.partner.combine import combine
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import TRAIN, CombineFacts, TrainFacts
from decai_forecast.partner.report import outbox_key, write_report
from decai_forecast.partner.simulate_step import simulate
from decai_forecast.partner.submit import deliver
from decai_forecast.round import Round
from decai_forecast.steps import Done, run_step

LATER = Round.of("2026-07-06")
EXPECTED = 90.0  # units a week that the company without sales declares
LINE = "  - {property: missingPeriods"


def _join(network: Network, name: str, *, weeks: int) -> None:
    """A sixth company with the items of another, and its demand of the last ``weeks``; none at all for 0."""
    old, new = (network.home / "sources" / partner for partner in ("shop_2", name))
    new.mkdir()
    demand = pd.read_parquet(old / "demand.parquet")
    if weeks:
        dates = sorted(demand["date"].unique())[-weeks:]
        demand[demand["date"].isin(dates)].to_parquet(new / "demand.parquet", index=False)
    (new / "items.parquet").write_bytes((old / "items.parquet").read_bytes())
    folder = network.home / "contracts"
    (folder / name).mkdir()
    for path in (folder / "shop_2").iterdir():
        (folder / name / path.name).write_text(_contract(path, name, declared=not weeks))


def _contract(path: Path, name: str, *, declared: bool) -> str:
    text = path.read_text().replace("shop_2", name)
    expected = f"  - {{property: expectedDemand, value: {EXPECTED:g}, vendor: decai}}\n{LINE}"
    return text.replace(LINE, expected) if declared else text


@pytest.fixture(scope="module")
def network(finished: Network, tmp_path_factory: pytest.TempPathFactory) -> Network:
    """Five companies that trained, one with three weeks of sales and one with none; the last shared forecaster is kept."""
    found = copy_of(finished, tmp_path_factory.mktemp("young"))
    found = replace(found, participants=(*found.participants, Participant("young"), Participant("unborn")))
    found.save()
    introduce(found)
    _join(found, "young", weeks=3)
    _join(found, "unborn", weeks=0)
    keep_last(coordinator_context(found), LATER, "below_quorum")
    return found


def status(network: Network) -> RoundStatus:
    return round_status(coordinator_context(network), LATER.id)


def _forecast(network: Network, name: str) -> tuple[Done[CombineFacts], pd.DataFrame]:
    company = partner_context(network, name)
    submission = deliver(company, LATER)
    assert (submission.state, submission.code) == (State.NEWCOMER, "little_history")
    now = status(network)
    assert name not in (*now.ready, *now.silent)
    assert name in now.served
    assert now.missing()[name] == "newcomer:little_history"
    done = combine(company, LATER)
    simulate(company, LATER)
    write_report(company, LATER)
    return done, done.frame("forecast.parquet")


def test_a_few_weeks_are_enough_to_be_served(network: Network) -> None:
    """The shared forecaster predicts every item from three weeks; the report says why, and that no rows were sent."""
    done, rows = _forecast(network, "young")
    assert done.facts.choice.name == "shared"
    assert "do not reach for training" in done.facts.choice.reason
    sold = pd.read_parquet(network.home / "sources/shop_2/demand.parquet").groupby("item_id")["quantity"].mean()
    level = rows.groupby("item_id")["mean"].mean()
    assert ((level / sold).between(0.3, 3)).all()
    report = partner_context(network, "young").store.read_json(outbox_key(LATER.id, "report.json"))
    assert "own history" in report["planning"]["newcomer"]
    assert [left["what"] for left in report["what_left"]] == ["verdict, number of rows, error code"]


def test_without_a_sale_the_declared_total_is_where_it_starts(network: Network) -> None:
    """It is spread over the items; the report does not say that there is no forecast."""
    _, rows = _forecast(network, "unborn")
    per_week = rows.groupby("date")["mean"].sum()
    assert rows["item_id"].nunique() == 4
    assert per_week.between(EXPECTED / 3, 3 * EXPECTED).all()
    company = partner_context(network, "unborn")
    page = company.store.read_bytes(outbox_key(LATER.id, "report.html")).decode()
    assert "A newcomer:" in page
    assert "no forecast, no figures of its own" not in page


@pytest.fixture
def declared(finished: Network, tmp_path: Path) -> Network:
    """As ``network``, with the company without sales alone beside the five."""
    found = copy_of(finished, tmp_path / "declared")
    found = replace(found, participants=(*found.participants, Participant("unborn")))
    found.save()
    _join(found, "unborn", weeks=0)
    return found


def test_sales_that_its_contract_refuses_are_not_no_sales(declared: Network) -> None:
    """Too few rows by its own rule are refused as any company's; a forecast from the declared total would hide them."""
    demand = pd.read_parquet(declared.home / "sources/shop_2/demand.parquet")
    demand.tail(3).to_parquet(declared.home / "sources/unborn/demand.parquet", index=False)
    contract = declared.home / "contracts/unborn/demand.odcs.yaml"
    contract.write_text(contract.read_text().replace("mustBeGreaterThan: 0", "mustBeGreaterThan: 3"))
    with pytest.raises(Refused) as error:
        deliver(partner_context(declared, "unborn"), LATER)
    assert error.value.reason == "row_count"


def test_a_newcomers_night_can_be_repeated_when_it_has_trained_since(declared: Network) -> None:
    """What it became later changes nothing of a night in which it was new."""
    company = partner_context(declared, "unborn")
    before = deliver(company, LATER)
    run_step(company.store, "2027-07-05", TRAIN, [], lambda _: TrainFacts(100, 4, (date(2027, 7, 5),)))
    assert deliver(company, LATER) == before


def test_who_has_trained_before_is_no_newcomer(network: Network) -> None:
    """A company whose history has shrunk made a mistake, and hears of it."""
    path = network.home / "sources" / "shop_4" / "demand.parquet"
    demand = pd.read_parquet(path)
    demand[demand["date"] == demand["date"].max()].to_parquet(path, index=False)
    with pytest.raises(NotEnoughData, match="are needed"):
        deliver(partner_context(network, "shop_4"), LATER)
    assert status(network).missing()["shop_4"] == "failed:not_enough_data"
