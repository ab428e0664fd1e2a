"""A contract is an offer of which each term can be enforced, or it is refused at the line of the term that cannot."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from jsonschema import ValidationError, validate
from offers import PERMITTED, PRICE, contract, offer, offered

from decai_forecast.contracts import load_contract
from decai_forecast.contracts.terms import Budget, Price, Usage
from decai_forecast.errors import ContractError, DocumentError
from decai_forecast.exchange.card import Card
from decai_forecast.exchange.catalogue import catalogue_of, dataset_id
from decai_forecast.exchange.money import in_words, minor_units, shared_part
from decai_forecast.exchange.odrl import agreement_of, policy_of
from decai_forecast.exchange.offer import Offer
from decai_forecast.exchange.offer_words import enforced, not_enforced
from decai_forecast.exchange.vocabulary import Action, Kind
from decai_forecast.network import Privacy

BUDGET = {"unit": "training-row", "epsilon": 3.0, "delta": 1e-5}
STRICT = Privacy(epsilon=1.0, budget=3.0, delta=1e-6)


def test_terms_are_read_with_their_types(tmp_path: Path) -> None:
    """A contract knows price, purposes, conditions, budget, share and retention."""
    policy = PERMITTED | {"parties": ["bolt"], "maxUses": 5, "validDays": 90, "minContributors": 3, "duringDisruption": 14}
    path = contract(
        tmp_path, policy, {"privacyBudget": BUDGET, "dataMarket": {"revenueShare": 0.7}}, price=PRICE, retention=(52, "w")
    )
    terms = load_contract(path).terms
    assert terms.price == Price(Decimal("12.5"), "EUR", "trainingRun")
    assert terms.usage == Usage(("demand-forecasting", "evaluation"), (), ("bolt",), 3, 5, 90, 14)
    assert terms.budget == Budget(3.0, 1e-5, "training-row")
    assert (terms.valuation.revenue_share, terms.retention_days) == (Decimal("0.7"), 364)


@pytest.mark.parametrize(
    ("own", "told"),
    [
        ({"usagePolicy": {"permitted": "evaluation"}}, "permitted must be a list of texts, not 'evaluation'"),
        ({"usagePolicy": {"maxUses": 0}}, "maxUses must be a whole number of at least 1, not 0"),
        ({"usagePolicy": ["evaluation"]}, "usagePolicy must be a mapping, not ['evaluation']"),
        ({"privacyBudget": {"epsilon": -1}}, "epsilon of privacyBudget must be a number above 0, not -1"),
        ({"privacyBudget": {"epsilon": 1, "delta": 2}}, "delta of privacyBudget must be a number from 0 to below 1, not 2"),
        ({"dataMarket": {"revenueShare": 7}}, "revenueShare must be a number from 0 to 1, not 7"),
    ],
)
def test_a_term_of_the_wrong_form_is_told_when_the_contract_is_read(tmp_path: Path, own: dict[str, Any], told: str) -> None:
    """Whether it is offered or not, and at the line of the term."""
    path = contract(tmp_path, None, own)
    with pytest.raises(ContractError) as error:
        load_contract(path)
    ((key, _),) = own.items()
    assert [problem.text for problem in error.value.problems] == [told]
    first = path.read_text().splitlines().index(f"- property: {key}")
    assert error.value.line > first


REFUSED: list[tuple[Any, dict[str, Any], dict[str, Any], str]] = [  # usagePolicy, own properties, root, the beginning
    (None, {}, {}, "an offer needs usagePolicy with permitted: for which purposes may it be used?"),
    ({"permitted": ["evalution"]}, {}, {}, "purpose 'evalution' cannot be enforced: no use names it; did you mean"),
    (PERMITTED | {"prohibited": ["resale"]}, {}, {}, "prohibition 'resale' cannot be enforced: a node sees what it is"),
    (PERMITTED | {"prohibited": ["evaluation"]}, {}, {}, "'evaluation' is permitted and prohibited; keep one of them"),
    (PERMITTED | {"region": "EU"}, {}, {}, "condition 'region' cannot be enforced: nothing measures it"),
    (PERMITTED | {"maxUsers": 3}, {}, {}, "condition 'maxUsers' cannot be enforced: nothing measures it; did you mean"),
    (PERMITTED | {"parties": ["blot"]}, {}, {}, "party 'blot' is no participant of the network, so nobody could prove it"),
    (PERMITTED, {}, {"price": PRICE | {"priceUnit": "month"}}, "priceUnit 'month' cannot be enforced: nothing counts it"),
    (PERMITTED, {}, {"price": PRICE | {"priceUnit": "forecast"}}, "priceUnit 'forecast' never comes up for a data_set"),
    (PERMITTED, {}, {"price": PRICE | {"priceAmount": 1.005}}, "priceAmount 1.005 is finer than EUR can be paid in"),
    (PERMITTED, {"dataMarket": {"priceTiers": []}}, {}, "'priceTiers' of dataMarket cannot be enforced"),
    (PERMITTED, {"retention": "as long as needed"}, {}, "retention in words cannot be enforced"),
    (PERMITTED, {"privacyBudget": BUDGET | {"period": "P30D"}}, {}, "period 'P30D' cannot be enforced: what was learned is"),
    (PERMITTED, {"privacyBudget": BUDGET | {"unit": "customer"}}, {}, "unit 'customer' cannot be enforced: noise is drawn"),
    (PERMITTED, {"privacyBudget": BUDGET | {"epsilon": 2.0}}, {}, "epsilon 2 at delta 1e-05 cannot be enforced"),
    (PERMITTED, {}, {"roles": [{"role": "trainer", "customProperties": [{"property": "allowedPurposes", "value": ["ads"]}]}]},
     "role 'trainer' has purposes that usagePolicy does not permit: ads"),
]  # fmt: skip


@pytest.mark.parametrize(("policy", "own", "root", "told"), REFUSED)
def test_what_cannot_be_enforced_is_refused(tmp_path: Path, policy: Any, own: Any, root: Any, told: str) -> None:
    """One message each, with file and line; the contract as such stays good."""
    path = contract(tmp_path, policy, own, **root)
    load_contract(path)
    with pytest.raises(ContractError) as error:
        offered(path, privacy=STRICT)
    (problem,) = error.value.problems
    assert problem.text.startswith(told)
    assert str(error.value).startswith(f"{path}:{problem.line}:")


def test_a_budget_without_private_trainings_is_refused(tmp_path: Path) -> None:
    """Nobody would draw noise."""
    with pytest.raises(ContractError, match=r"network\.yaml has no privacy"):
        offered(contract(tmp_path, PERMITTED, {"privacyBudget": BUDGET}))


def test_a_budget_leaves_training_alone(tmp_path: Path) -> None:
    """Other uses of the rows draw no noise, so they are not offered."""
    made = offered(contract(tmp_path, PERMITTED, {"privacyBudget": BUDGET}), privacy=STRICT)
    assert (made.actions, made.epsilon) == ((Action.TRAIN,), 3.0)


def test_what_is_paid_for_is_what_is_offered(tmp_path: Path) -> None:
    """A price for a training run offers no free evaluation."""
    made = offered(contract(tmp_path, price=PRICE))
    assert (made.actions, made.price, made.currency) == ((Action.TRAIN,), 1250, "EUR")


TERMS = "price: {priceAmount: 5, priceCurrency: EUR, priceUnit: forecast}\nusagePolicy: {permitted: [evaluation]}\n"


def test_a_file_of_terms(tmp_path: Path) -> None:
    """A forecaster has no columns, and needs no contract."""
    path = tmp_path / "terms.yaml"
    path.write_text(TERMS + "retention: {value: 30, unit: d}\n")
    made = offered(path, Kind.FORECASTER)
    assert (made.actions, made.price, made.kept_days) == ((Action.FORECAST,), 500, 30.0)


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (TERMS + "retenion: 3\n", 3, "unknown key 'retenion'; did you mean 'retention'?"),
        (TERMS.replace("EUR", "EURO"), 1, "priceCurrency 'EURO' is not a currency of ISO 4217; did you mean 'EUR'?"),
        (TERMS.replace(", priceUnit: forecast", ""), 1, "price needs priceAmount, priceCurrency, priceUnit, and nothing else"),
        (TERMS.replace("5,", "-5,"), 1, "priceAmount must be a number of at least 0, not -5"),
        (
            TERMS + "retention: {value: 30, unit: moons}\n",
            3,
            "retention cannot be enforced: it needs a number and unit h, d, w or y",
        ),
    ],
)
def test_faults_of_a_file_of_terms(tmp_path: Path, text: str, line: int, told: str) -> None:
    """At their line."""
    path = tmp_path / "terms.yaml"
    path.write_text(text)
    with pytest.raises(DocumentError) as error:
        offered(path, Kind.FORECASTER)
    assert [(problem.line, problem.text) for problem in error.value.problems] == [(line, told)]


FULL = offer(
    price=1250, currency="EUR", share="0.7", parties=("bolt",), approvers=("owner@acme.example",), min_contributors=3,
    max_uses=5, valid_days=90, during_disruption=14, kept_days=365.0, epsilon=3.0, delta=1e-5, said_to_people=("No resale.",),
)  # fmt: skip


def test_every_term_is_a_sentence() -> None:
    """The reader sees what will be enforced, and apart from it what will not."""
    text = " ".join(enforced(FULL))
    for part in (
        "12.50 EUR",
        "70%",
        "bolt",
        "owner@acme.example",
        "3 companies",
        "5 uses",
        "90 days",
        "14 days",
        "365 days",
        "epsilon 3",
    ):
        assert part in text
    assert not_enforced(FULL)[0] == "No resale."
    assert "There is no formal guarantee" in " ".join(enforced(offer())).replace("there", "There")


def test_every_term_is_a_constraint() -> None:
    """An ODRL policy has one constraint for each term, with no number on the right, and an offer survives the way to JSON."""
    ((permission),) = policy_of(FULL, "urn:x")["permission"]
    left = [one["leftOperand"] for one in permission["constraint"]]
    assert left == [
        "purpose", "decai:action", "recipient", "payAmount", "count", "decai:daysOfGrant", "decai:daysOfVersion",
        "decai:daysOfDisruption", "decai:epsilon", "decai:delta", "decai:contributors",
    ]  # fmt: skip
    assert all(isinstance(one["rightOperand"], str | list) for one in permission["constraint"])
    assert Offer.from_json(FULL.to_json()) == FULL


def test_what_is_offered_is_a_catalogue_of_the_dataspace_protocol() -> None:
    """By the rules that section 5 of the protocol and its schemas give: what must be there, of which type, and never empty."""
    card = Card("acme/f", 2, "acme", Kind.FORECASTER, "t", "MIT", "u", (), 3, "0" * 64, 4, "2026-12-01T12:00:00+00:00", FULL)
    made = catalogue_of("acme", [card], "https://acme.example/dsp")
    validate(made, CATALOGUE)
    assert made["dataset"][0]["@id"] == dataset_id("acme/f") != dataset_id("acme/g")
    assert "dataset" not in catalogue_of("acme", [], "https://acme.example/dsp")
    with pytest.raises(ValidationError):
        validate(made | {"dataset": []}, CATALOGUE)


TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
CONSTRAINT = {
    "required": ["leftOperand", "operator", "rightOperand"],
    "properties": {
        "leftOperand": TEXT, "operator": {"enum": ["eq", "gteq", "lteq", "isAnyOf"]},
        "rightOperand": {"anyOf": [TEXT, {"type": "array"}]},
    },
}  # fmt: skip
PERMISSION = {"required": ["action"], "properties": {"action": TEXT, "constraint": {"type": "array", "items": CONSTRAINT}}}
OFFERED = {
    "required": ["@id", "@type", "permission"], "not": {"required": ["target"]},
    "properties": {
        "@id": TEXT, "@type": {"const": "Offer"}, "permission": {"type": "array", "minItems": 1, "items": PERMISSION},
    },
}  # fmt: skip
WAY = {"required": ["accessService", "format"], "properties": {"accessService": TEXT, "format": TEXT}}
SERVICE = {"required": ["@id", "@type", "endpointURL"], "properties": {"@type": {"const": "DataService"}, "endpointURL": TEXT}}
DATASET = {
    "required": ["@id", "hasPolicy", "distribution"],
    "properties": {
        "@id": TEXT, "hasPolicy": {"type": "array", "minItems": 1, "items": OFFERED},
        "distribution": {"type": "array", "minItems": 1, "items": WAY},
    },
}  # fmt: skip
CATALOGUE = {  # the facts of the protocol's own schemas, in our words
    "required": ["@context", "@id", "@type", "participantId"],
    "properties": {
        "@context": {"type": "array", "contains": {"const": "https://w3id.org/dspace/2025/1/context.jsonld"}},
        "@id": TEXT, "@type": {"const": "Catalog"}, "participantId": TEXT,
        "dataset": {"type": "array", "minItems": 1, "items": DATASET},
        "service": {"type": "array", "minItems": 1, "items": SERVICE},
    },
}  # fmt: skip


def test_an_agreement_names_both_parties() -> None:
    """And the moment, with its zone."""
    from datetime import UTC, datetime

    made = agreement_of(FULL, "urn:a", "urn:t", ("acme", "bolt"), datetime(2026, 12, 1, tzinfo=UTC))
    assert (made["assigner"], made["assignee"], made["target"]) == ("acme", "bolt", "urn:t")
    assert made["timestamp"] == "2026-12-01T00:00:00+00:00"


def test_no_cent_is_made_or_lost() -> None:
    """Minor units by currency; what cannot be halved stays with the owner."""
    assert [minor_units(Decimal(12), one) for one in ("JPY", "EUR", "KWD")] == [12, 1200, 12000]
    assert [in_words(1250, one) for one in ("JPY", "EUR", "KWD")] == ["1250 JPY", "12.50 EUR", "1.250 KWD"]
    assert shared_part(1, Decimal("0.99")) == 0
