"""A whole night whose shared forecaster is the median of the companies' coefficients."""

import json
from dataclasses import replace

from support import NIGHT, quiet

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.demand import FEATURES
from decai_forecast.federation import validate
from decai_forecast.link import SharedStatus
from decai_forecast.network import Network
from decai_forecast.one_machine.run import run_round
from decai_forecast.partner.combine.shared import SharedForecasters
from decai_forecast.partner.context import partner_context


def test_a_whole_round_and_its_reports(network: Network) -> None:
    """Five cut-offs are trained in one message each; every company forecasts from it and is told what left."""
    network = replace(network, strategy="median")
    network.save()
    run_round(network, NIGHT, quiet)
    shared = SharedForecasters.of(coordinator_context(network).link, NIGHT.id)
    told = shared.published
    assert (told.strategy, told.status, told.dropped) == ("median", SharedStatus.TRAINED, {})
    assert told.members == network.partners
    assert len(told.models) == len(network.calendar.cutoffs(NIGHT.as_of).all)
    texts = shared.shipped()
    assert texts is not None
    assert sorted(texts) == [0.1, 0.5, 0.9]
    assert [len(validate(text, FEATURES).trees) for text in texts.values()] == [7] * 3  # constant, year, weekday, four levels
    for partner in network.partners:
        store = partner_context(network, partner).store
        report = json.loads(store.read_bytes(f"outbox/{NIGHT.id}/report.json"))
        assert [left["what"] for left in report["what_left"]] == [
            "coefficients of an additive model of the scale-free targets: how they go over year and week, and after which past",
            "number of training rows, versions, digests of column names and agreement",
            "verdict, number of rows, error code",
        ]
        assert "coefficients of an additive model" in store.read_bytes(f"outbox/{NIGHT.id}/report.html").decode()
