"""The check inside a night: other data sets as references, the last accepted delivery as history, who is told."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest
from support import NIGHT

from decai_forecast.contracts import Verdict
from decai_forecast.network import Network
from decai_forecast.partner.check import Refused, check, referenced_first
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.facts import CHECK, CheckFacts, DataSetFacts
from decai_forecast.partner.pull import pull
from decai_forecast.partner.quality import Delivered, history, mark_late, score
from decai_forecast.round import Round
from decai_forecast.steps import Done, read_done

LATER = Round.of("2026-06-29.2")
NEXT = Round.of("2026-06-30", "2026-06-29")


def contract(network: Network, name: str = "demand") -> Path:
    return network.home / f"contracts/shop_0/{name}.odcs.yaml"


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def add_rule(path: Path, rule: str) -> None:
    change(path, "\nslaProperties:", f"      - {rule}\n\nslaProperties:")


def checked(network: Network, night: Round = NIGHT) -> Mapping[str, DataSetFacts]:
    company = partner_context(network, "shop_0")
    pull(company, night)
    return check(company, night).facts.data_sets


def source(network: Network, name: str = "demand") -> Path:
    return network.home / f"sources/shop_0/{name}.parquet"


def test_demand_refers_to_the_items_of_tonight(network: Network) -> None:
    """Rows of an item that the partner's own master data do not know are quarantined."""
    change(
        contract(network),
        'name: "item_id"\n',
        'name: "item_id"\n        relationships: [{type: foreignKey, to: items.item_id}]\n',
    )
    change(contract(network), "value: 1\n    unit: percent", "value: 50\n    unit: percent")
    items = pd.read_parquet(source(network, "items"))
    items[items["item_id"] != "i2"].to_parquet(source(network, "items"))
    demand = checked(network)["demand"]
    assert (demand.verdict, demand.quarantined) == (Verdict.ACCEPTED_IN_PART, 170)


def test_data_sets_wait_for_those_they_refer_to(network: Network) -> None:
    """Items first; a circle is cut, not endless."""
    company = partner_context(network, "shop_0")
    change(
        contract(network),
        'name: "item_id"\n',
        'name: "item_id"\n        relationships: [{type: foreignKey, to: items.item_id}]\n',
    )
    assert [c.data_set for c in referenced_first(list(company.contracts().values()))] == ["items", "demand"]
    change(contract(network, "items"), 'name: "item_id"\n',
           'name: "item_id"\n        relationships: [{type: foreignKey, to: demand.item_id}]\n')  # fmt: skip
    assert sorted(c.data_set for c in referenced_first(list(company.contracts().values()))) == ["demand", "items"]


def test_a_unit_slip_is_seen_against_the_last_accepted_night(network: Network) -> None:
    """The next delivery holds the recent weeks only, in cases; history knows better."""
    add_rule(contract(network), "{id: slip, severity: error, type: custom, engine: decai, implementation: "
             "{rule: unit_slip, column: quantity, by: [item_id], days: 56}}")  # fmt: skip
    assert checked(network)["demand"].verdict is Verdict.ACCEPTED
    frame = pd.read_parquet(source(network))
    recent = frame[frame["date"] > frame["date"].max() - pd.Timedelta(days=50)]
    recent.assign(quantity=recent["quantity"] * 12).to_parquet(source(network))
    with pytest.raises(Refused, match=r"slip(.|\n)*demand\.odcs\.yaml:\d+"):
        checked(network, NEXT)
    done = read_done(partner_context(network, "shop_0").store, NEXT.id, CHECK)
    assert done is not None
    assert done.facts.data_sets["demand"].code == "error_rate"


def test_history_is_the_last_accepted_round_before(network: Network) -> None:
    """Refused rounds and later rounds are no history; a repeated night does not become its own."""
    company, plain = partner_context(network, "shop_0"), contract(network).read_text()

    def compared_with(night: Round, **history: Done[CheckFacts]) -> Done[CheckFacts]:
        """The night's check, which compares with the accepted rows of these."""
        pulled, done = pull(company, night), check(company, night)
        rows = {name: earlier.files[f"{name}-clean.parquet"].sha256 for name, earlier in history.items()}
        assert done.inputs == CHECK.digest([pulled.inputs, rows])
        return done

    first = compared_with(NIGHT)
    change(contract(network), "mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000")
    items = source(network, "items")
    pd.read_parquet(items).iloc[1:].to_parquet(items)
    with pytest.raises(Refused):
        checked(network, LATER)
    refused = read_done(company.store, LATER.id, CHECK)
    assert refused is not None
    contract(network).write_text(plain)
    compared_with(NEXT, demand=first, items=refused)
    compared_with(NIGHT)


def test_the_contracts_channel_is_told(network: Network, webhook: tuple[str, list[dict]]) -> None:
    """A webhook gets verdict and report; a copy lies with the partner; good news is no news."""
    url, got = webhook
    change(
        contract(network),
        "    scope: notifications",
        f"    scope: notifications\n    url: {url}",
    )
    assert checked(network)["demand"].verdict is Verdict.ACCEPTED
    assert got == []
    change(contract(network), "mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000")
    with pytest.raises(Refused):
        checked(network, LATER)
    assert [message["verdict"] for message in got] == ["refused"]
    assert "row_count" in got[0]["text"]
    assert partner_context(network, "shop_0").store.exists(f"notices/{LATER.id}-demand.txt")


def test_reports_lie_beside_the_rows(network: Network) -> None:
    """Text, JSON and a page for every data set."""
    checked(network)
    outputs = partner_context(network, "shop_0").store.read_json(f"rounds/{NIGHT.id}/check/done.json")["outputs"]
    assert {f"{name}{end}" for name in ("demand", "items") for end in ("-clean.parquet", ".txt", ".html", ".json")} == set(
        outputs
    )


def test_the_history_of_verdicts_has_a_score(network: Network) -> None:
    """Refused and late nights cost; the newest comes first."""
    company = partner_context(network, "shop_0")
    assert score(history(company.store)) is None
    checked(network)
    assert score(history(company.store)) == 100.0
    mark_late(company.store, NIGHT.id)
    assert score(history(company.store)) == 50.0
    change(contract(network), "mustBeGreaterThan: 0", "mustBeGreaterThan: 1000000")
    with pytest.raises(Refused):
        checked(network, NEXT)
    assert [(d.round, d.data_set, d.verdict) for d in history(company.store)][:2] == [
        (NEXT.id, "demand", "refused"),
        (NEXT.id, "items", "accepted"),
    ]
    assert score(history(company.store)) == pytest.approx((0 + 100 + 50 + 50) / 4)


def test_a_partly_usable_delivery_is_worth_its_usable_share() -> None:
    """Ten rows of a hundred in quarantine: nine tenths."""
    assert Delivered("r", "demand", Verdict.ACCEPTED_IN_PART, 100, 10).worth == pytest.approx(0.9)
    assert Delivered("r", "demand", Verdict.ABSENT).worth == 0


def test_a_faulty_partner_rule_is_not_bad_data(network: Network) -> None:
    """The night says what to correct; nothing is refused and nothing is written."""
    from decai_forecast.errors import DecaiError

    add_rule(contract(network), '{id: mine, type: sql, query: "SELECT count(*) FROM elsewhere", mustBe: 0}')
    with pytest.raises(DecaiError, match=r"demand could not be checked \(mine: .*elsewhere.*\); correct the rule"):
        checked(network)
    company = partner_context(network, "shop_0")
    assert not company.store.exists(f"rounds/{NIGHT.id}/check/done.json")
