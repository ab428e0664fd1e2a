"""Two versions of a contract: what changed, for whom it matters, and what the version has to be."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import pytest
import yaml
from support import ROOT

from decai_forecast.contracts.diff import Diff, compare

TEMPLATES = ROOT / "data_contracts" / "templates"
Edit = Callable[[dict[str, Any]], object]


def base() -> dict[str, Any]:
    """A stock contract with everything a consumer may rely on."""
    contract = yaml.safe_load((TEMPLATES / "stock.odcs.yaml").read_text())
    column(contract, "unit")["enum"] = [{"value": "EA"}, {"value": "KGM"}]
    column(contract, "on_hand")["logicalTypeOptions"] = {"minimum": 0, "maximum": 1000}
    contract["slaProperties"] += [
        {"property": "retention", "value": 2, "unit": "y"},
        {"property": "availability", "value": 99.5, "unit": "percent"},
    ]
    contract["price"]["priceAmount"] = 10
    contract["support"].append({"channel": "#stock", "scope": "issues"})
    contract["roles"] = [{"role": "trainer", "access": "train", "customProperties": [prop("allowedPurposes", ["a", "b"])]}]
    contract["customProperties"] += [
        prop("privacyBudget", {"unit": "item-day", "epsilon": 3.0, "delta": 1e-6, "period": "P30D"}),
        prop("usagePolicy", {"permitted": ["forecasting"], "prohibited": ["resale"], "minContributors": 10}),
        prop("dataMarket", {"revenueShare": 0.7}),
    ]
    return contract


def prop(name: str, value: object) -> dict[str, Any]:
    return {"property": name, "value": value, "vendor": "decai"}


def column(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in contract["schema"][0]["properties"] if item["name"] == name)


def columns(contract: dict[str, Any]) -> list[dict[str, Any]]:
    return contract["schema"][0]["properties"]


def rule(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in contract["schema"][0]["quality"] if item["id"] == name)


def sla(contract: dict[str, Any], name: str) -> dict[str, Any]:
    return next(item for item in contract["slaProperties"] if item["property"] == name)


def own(contract: dict[str, Any], name: str) -> Any:
    return next(item for item in contract["customProperties"] if item["property"] == name)


def changed(edit: Edit) -> Diff:
    new = base()
    edit(new)
    return compare(base(), new)


POLICY: list[tuple[str, str, str, Edit]] = [  # kind, where, bump, edit
    ("column removed", "stock.in_transit", "major", lambda c: columns(c).remove(column(c, "in_transit"))),
    ("column renamed", "stock.on_order", "major",
     lambda c: column(c, "on_order").update(name="ordered", physicalName="on_order")),
    ("column added", "stock.lot", "minor", lambda c: columns(c).append({"name": "lot", "logicalType": "string"})),
    ("type", "stock.on_hand.logicalType", "major", lambda c: column(c, "on_hand").update(logicalType="integer")),
    ("source renamed", "stock.unit.physicalName", "patch", lambda c: column(c, "unit").update(physicalName="ME")),
    ("required dropped", "stock.on_hand.required", "major", lambda c: column(c, "on_hand").pop("required")),
    ("required added", "stock.unit.required", "minor", lambda c: column(c, "unit").update(required=True)),
    ("unique added", "stock.unit.unique", "minor", lambda c: column(c, "unit").update(unique=True)),
    ("limit loosened", "stock.on_hand.maximum", "major",
     lambda c: column(c, "on_hand")["logicalTypeOptions"].update(maximum=2000)),
    ("limit loosened", "stock.reserved.minimum", "major", lambda c: column(c, "reserved").pop("logicalTypeOptions")),
    ("limit tightened", "stock.on_hand.maximum", "minor",
     lambda c: column(c, "on_hand")["logicalTypeOptions"].update(maximum=500)),
    ("limit tightened", "stock.unit.pattern", "minor",
     lambda c: column(c, "unit").update(logicalTypeOptions={"pattern": "^..$"})),
    ("listed value removed", "stock.unit.enum", "major", lambda c: column(c, "unit")["enum"].pop()),
    ("listed value added", "stock.unit.enum", "minor", lambda c: column(c, "unit")["enum"].append({"value": "LTR"})),
    ("list dropped", "stock.unit.enum", "major", lambda c: column(c, "unit").pop("enum")),
    ("reference dropped", "stock.item_id.relationships", "major", lambda c: column(c, "item_id").pop("relationships")),
    ("classification", "stock.unit.classification", "major", lambda c: column(c, "unit").update(classification="restricted")),
    ("text", "stock.unit.description", "patch", lambda c: column(c, "unit").update(description="Other words.")),
    ("grain", "stock.dataGranularityDescription", "major",
     lambda c: c["schema"][0].update(dataGranularityDescription="One row per week.")),
    ("rule added", "stock.quality.nullValues", "minor",
     lambda c: c["schema"][0]["quality"].append({"id": "x", "metric": "nullValues", "mustBe": 0})),
    ("rule removed", "stock.quality.standard unit unit", "major",
     lambda c: c["schema"][0]["quality"].remove(rule(c, "unit_is_unit"))),
    ("severity", "stock.quality.rowCount.severity", "major", lambda c: rule(c, "row_count").update(severity="warning")),
    ("severity", "stock.quality.drift on_hand.severity", "minor", lambda c: rule(c, "drift").update(severity="error")),
    ("rule limit", "stock.quality.drift on_hand", "major", lambda c: rule(c, "drift")["implementation"].update(maximum=0.5)),
    ("rule limit", "stock.quality.rowCount", "minor", lambda c: rule(c, "row_count").update(mustBeGreaterThan=1000)),
    ("service level", "sla.errorRate", "major", lambda c: sla(c, "errorRate").update(value=2)),
    ("service level", "sla.errorRate", "minor", lambda c: sla(c, "errorRate").update(value=0.5)),
    ("service level", "sla.latency", "major", lambda c: sla(c, "latency").update(value=11)),
    ("service level", "sla.latency", "minor", lambda c: sla(c, "latency").update(value=30, unit="h")),
    ("service level", "sla.frequency", "major", lambda c: sla(c, "frequency").update(unit="w")),
    ("service level", "sla.retention", "major", lambda c: sla(c, "retention").update(value=1)),
    ("service level", "sla.availability", "major", lambda c: sla(c, "availability").update(value=95)),
    ("service level", "sla.timeOfAvailability", "major", lambda c: sla(c, "timeOfAvailability").update(schedule="0 9 * * *")),
    ("service level removed", "sla.retention", "major", lambda c: c["slaProperties"].remove(sla(c, "retention"))),
    ("service level added", "sla.timeToNotify", "minor",
     lambda c: c["slaProperties"].append({"property": "timeToNotify", "value": 1, "unit": "h"})),
    ("terms", "description.purpose", "major", lambda c: c["description"].update(purpose="Less.")),
    ("terms", "description.usage", "major", lambda c: c["description"].update(usage="Less.")),
    ("terms", "description.limitations", "major", lambda c: c["description"].update(limitations="More.")),
    ("price", "price.priceAmount", "major", lambda c: c["price"].update(priceAmount=11)),
    ("price", "price.priceAmount", "minor", lambda c: c["price"].update(priceAmount=9)),
    ("price", "price.priceCurrency", "major", lambda c: c["price"].update(priceCurrency="USD")),
    ("price", "price.priceUnit", "major", lambda c: c["price"].update(priceUnit="month")),
    ("privacy budget", "privacyBudget.epsilon", "major", lambda c: own(c, "privacyBudget")["value"].update(epsilon=1.0)),
    ("privacy budget", "privacyBudget.epsilon", "minor", lambda c: own(c, "privacyBudget")["value"].update(epsilon=4.0)),
    ("privacy budget", "privacyBudget.period", "major", lambda c: own(c, "privacyBudget")["value"].update(period="P60D")),
    ("privacy budget", "privacyBudget.unit", "major", lambda c: own(c, "privacyBudget")["value"].update(unit="item")),
    ("purpose removed", "usagePolicy.permitted", "major", lambda c: own(c, "usagePolicy")["value"].update(permitted=[])),
    ("prohibition added", "usagePolicy.prohibited", "major",
     lambda c: own(c, "usagePolicy")["value"]["prohibited"].append("ads")),
    ("prohibition removed", "usagePolicy.prohibited", "minor", lambda c: own(c, "usagePolicy")["value"].update(prohibited=[])),
    ("purpose list", "usagePolicy.permitted", "major", lambda c: own(c, "usagePolicy")["value"].pop("permitted")),
    ("usage condition", "usagePolicy.minContributors", "major",
     lambda c: own(c, "usagePolicy")["value"].update(minContributors=20)),
    ("offer", "dataMarket", "major", lambda c: own(c, "dataMarket")["value"].update(revenueShare=0.5)),
    ("own property", "expectedDemand", "patch", lambda c: c["customProperties"].append(prop("expectedDemand", 1200))),
    ("own property", "timeZone", "major", lambda c: own(c, "timeZone").update(value="UTC")),
    ("purpose removed", "roles.trainer.allowedPurposes", "major",
     lambda c: c["roles"][0]["customProperties"][0]["value"].remove("b")),
    ("role removed", "roles.trainer", "major", lambda c: c.pop("roles")),
    ("status", "status", "major", lambda c: c.update(status="deprecated")),
    ("support removed", "support.issues", "major", lambda c: c["support"].pop()),
    ("support moved", "support.issues", "patch", lambda c: c["support"][1].update(channel="#data")),
    ("source", "servers.own", "patch", lambda c: c["servers"][0].update(path="elsewhere.parquet")),
    ("text", "tags", "patch", lambda c: c.update(tags=["retail"])),
    ("identity", "tenant", "major", lambda c: c.update(tenant="another")),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "where", "bump", "edit"), POLICY, ids=[f"{p[0]} {p[1]} {p[2]}" for p in POLICY])
def test_the_policy(kind: str, where: str, bump: str, edit: Edit) -> None:
    """Each line of the policy: one change, its name, its place, and the bump it needs."""
    found = changed(edit)
    assert [(c.kind, c.where, c.bump) for c in found.changes] == [(kind, where, bump)]
    assert found.bump == bump
    assert found.breaking is (bump == "major")
    assert found.changes[0].why.endswith(".")


def test_a_changed_key_is_breaking() -> None:
    """It says what a row was and is; that the column may be empty now is told too."""
    found = changed(lambda c: [column(c, "location_id").pop(key) for key in ("primaryKey", "primaryKeyPosition")])
    (change,) = found.changes
    assert (change.kind, change.old, change.new) == ("key", ["date", "item_id", "location_id"], ["date", "item_id"])
    assert change.why == (
        "A row was one per (date, item_id, location_id) and is now one per (date, item_id): joins and sums mean something else."
    )


def test_what_is_written_otherwise_is_no_change() -> None:
    """24 h is 1 d, and a folded text is the same text."""
    old, new = base(), base()
    sla(old, "latency").update(value=1, unit="d")
    sla(new, "latency").update(value=24, unit="h")
    new["description"]["usage"] = new["description"]["usage"].replace(" ", "\n  ")
    assert compare(old, new).changes == ()


def shuffled(node: Any, dice: random.Random) -> Any:
    """The same with every list (but pairs of limits) and every mapping in another order."""
    if isinstance(node, dict):
        return {key: shuffled(node[key], dice) for key in dice.sample(sorted(node), len(node))}
    return [shuffled(item, dice) for item in dice.sample(node, len(node))] if isinstance(node, list) else node


@pytest.mark.parametrize("seed", range(20))
def test_order_never_matters(seed: int) -> None:
    """A file that was sorted, or written by another tool, is the same contract."""
    dice = random.Random(seed)
    assert compare(base(), shuffled(base(), dice)).changes == ()
    new = base()
    column(new, "on_hand").pop("required")
    own(new, "usagePolicy")["value"]["permitted"].append("pricing")
    assert compare(base(), shuffled(new, dice)).changes == compare(base(), new).changes


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.yaml")), ids=lambda p: p.name)
def test_a_contract_is_itself(path: Any) -> None:
    """No change, no bump, and comparing changes neither side."""
    contract = yaml.safe_load(path.read_text())
    before = copy.deepcopy(contract)
    found = compare(contract, copy.deepcopy(contract))
    assert (found.changes, found.bump, found.version_ok) == ((), "none", True)
    assert contract == before


@pytest.mark.parametrize(
    ("old", "new", "edit", "right"),
    [
        ("1.2.3", "2.0.0", "major", True),
        ("1.2.3", "1.3.0", "major", False),
        ("1.2.3", "1.3.0", "minor", True),
        ("1.2.3", "2.0.0", "minor", True),
        ("1.2.3", "1.2.4", "minor", False),
        ("1.2.3", "1.2.4", "patch", True),
        ("1.2.3", "1.2.3", "patch", False),
        ("1.2.3", "1.2.3", "none", True),
        ("1.2.3", "1.2.2", "none", False),
        ("1.9.0", "1.10.0", "minor", True),
        ("0.2.0", "0.2.1", "major", True),  # before 1.0.0 nothing is promised yet
        ("0.2.0", "0.2.0", "major", False),
        ("1.2", "2.0.0", "major", False),
    ],
)
def test_the_version_has_to_rise_enough(old: str, new: str, edit: str, right: bool) -> None:
    """Semantic Versioning 2.0.0."""
    edits: dict[str, Edit] = {
        "major": lambda c: c["price"].update(priceAmount=99), "minor": lambda c: c["price"].update(priceAmount=1),
        "patch": lambda c: c.update(tags=["x"]), "none": lambda c: None,
    }  # fmt: skip
    before, after = base() | {"version": old}, base() | {"version": new}
    edits[edit](after)
    assert (compare(before, after).bump, compare(before, after).version_ok) == (edit, right)


def test_the_text_a_person_reads() -> None:
    """The verdict first, the breaking change before the others, each with its reason."""
    new = base() | {"version": "1.1.0", "tags": ["retail"]}
    column(new, "on_hand")["logicalTypeOptions"] = {"minimum": 0}
    column(new, "unit")["enum"].append({"value": "LTR"})
    assert compare(base(), new).to_text() == (
        "1.0.0 -> 1.1.0: NOT ENOUGH for a major change; raise the major number of the version\n"
        "  BREAKING  stock.on_hand.maximum: limit loosened, 1000 -> nothing\n"
        "            Values that maximum 1000 ruled out may come.\n"
        "  minor     stock.unit.enum: listed value added, nothing -> LTR\n"
        "            A value that nobody knew may come: look whether your code treats it as you want.\n"
        '  patch     tags: text, nothing -> ["retail"]\n'
        "            Only words for the reader changed.\n"
    )
    assert compare(base(), base()).to_text() == "no change (1.0.0 -> 1.0.0)\n"


def test_the_json_a_machine_reads() -> None:
    """Everything, in plain values."""
    found = json.loads(json.dumps(changed(lambda c: c["price"].update(priceAmount=11)).to_json()))
    assert found == {
        "bump": "major", "old_version": "1.0.0", "new_version": "1.0.0", "version_ok": False, "breaking": True,
        "changes": [{
            "kind": "price", "where": "price.priceAmount", "old": 10.0, "new": 11.0, "bump": "major",
            "why": "The data cost more.", "breaking": True,
        }],
    }  # fmt: skip
