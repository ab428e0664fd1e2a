"""Days of supply by the criteria of CX-0157 (PURIS 1.1.0), scenario 05; each test has the id of its criterion."""

from __future__ import annotations

import re
from datetime import datetime

import numpy as np
import pytest
from reports import examples

from decai_forecast.reports.days_of_supply import MODEL, days_of_supply_json
from decai_forecast.reports.report import build_report
from decai_forecast.simulation import days_of_supply


def payloads() -> list[dict]:
    found = examples.whole()
    return [entry["payload"] for entry in days_of_supply_json(build_report(examples.complete()), found)["entries"]]


def test_sc_05_cac_005_the_semantic_model_is_named() -> None:
    """By the identifier that the standard says."""
    assert MODEL.split("#")[0] == "urn:samm:io.catenax.days_of_supply:2.0.0"


def test_sc_05_cac_006_a_payload_has_the_keys_and_forms_of_the_model() -> None:
    """All that it must have and nothing that it cannot; times with a zone, numbers of sites and addresses, days not below 0."""
    assert payloads()
    for payload in payloads():
        assert set(payload) == {"materialGlobalAssetId", "direction", "allocatedDaysOfSupply"}
        assert payload["direction"] in {"INBOUND", "OUTBOUND"}
        assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", payload["materialGlobalAssetId"])
        for stock in payload["allocatedDaysOfSupply"]:
            assert re.fullmatch(r"BPNS[a-zA-Z0-9]{12}", stock["stockLocationBPNS"])
            assert re.fullmatch(r"BPNA[a-zA-Z0-9]{12}", stock["stockLocationBPNA"])
            assert datetime.fromisoformat(stock["lastUpdatedOnDateTime"]).tzinfo
            for day in stock["amountOfAllocatedDaysOfSupply"]:
                assert datetime.fromisoformat(day["date"]).tzinfo
                assert day["daysOfSupply"] >= 0


@pytest.mark.parametrize("seed", range(20))
def test_sc_05_cac_012_the_customers_days_are_recalculated(seed: int) -> None:
    """k + (S - sum D(1..k)) / D(k+1), k the largest number of days that S covers."""
    draw = np.random.default_rng(seed)
    demand = draw.integers(1, 60, 20).astype(float)
    stock = float(draw.uniform(1, 0.9 * demand.sum()))
    k = int((demand.cumsum() <= stock).sum())
    wanted = k + (stock - demand[:k].sum()) / demand[k]
    assert days_of_supply(np.array([stock]), demand[None])[0] == pytest.approx(wanted)


@pytest.mark.parametrize("stock", [0.0, -5.0])
def test_sc_05_cac_012_without_stock_there_are_none(stock: float) -> None:
    """S <= 0 gives 0: the sample of CX-0145 2.0.0 said otherwise, and was corrected."""
    assert days_of_supply(np.array([stock]), np.array([[40.0, 50.0]]))[0] == 0
