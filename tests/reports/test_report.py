"""The report as JSON: valid by its schema, the same for equal facts, and honest about what is missing."""

import dataclasses
import json
import re
import subprocess
import sys

import examples
import pytest
from jsonschema import Draft202012Validator

from decai_forecast.contracts import Verdict
from decai_forecast.errors import DecaiError
from decai_forecast.reports import Delivery, build_report
from decai_forecast.reports.report import schema
from decai_forecast.simulation import Simulation


def test_schema_is_valid_and_strict() -> None:
    """The shipped schema keeps the 2020-12 metaschema and allows no unknown keys at the top."""
    Draft202012Validator.check_schema(schema())
    assert schema()["additionalProperties"] is False


def test_report_keeps_its_schema_and_is_json() -> None:
    """A full report survives JSON and is valid by the schema."""
    report = build_report(examples.facts())
    again = json.loads(json.dumps(report, allow_nan=False))
    assert again == report
    Draft202012Validator(schema()).validate(again)


def test_equal_facts_give_an_equal_report() -> None:
    """Nothing in the report comes from the clock or from chance."""
    assert json.dumps(build_report(examples.facts())) == json.dumps(build_report(examples.facts()))


def test_simulation_may_come_from_its_json() -> None:
    """A simulation that was stored as JSON between two steps gives the same report."""
    stored = json.loads(json.dumps(examples.facts().simulation.to_json()))
    assert build_report(examples.facts(simulation=Simulation.from_json(stored))) == build_report(examples.facts())


def test_headline_names_exposure_service_and_action() -> None:
    """Three sentences: the worst outage, service as things stand, what to do first."""
    report = build_report(examples.facts())
    exposure, today, action = report["headline"]["sentences"]
    assert report["exposure"]["worst"] in exposure
    assert "28 days" in exposure
    assert "served from stock" in today
    assert action.startswith("Best action")


@pytest.mark.parametrize(
    ("periods", "told"),
    [(0.0, "its own items are below 90 % from the first week"), (3.0, "its own items drop below 90 % after 3 weeks")],
)
def test_headline_says_when_service_fails(periods: float, told: str) -> None:
    """Not "after 0 days"."""
    found = examples.simulation(("a", "b", "c"))
    found = dataclasses.replace(found, exposure=found.exposure.assign(tts_p50=periods))
    assert told in re.sub(r"\s", " ", build_report(examples.facts(simulation=found))["headline"]["sentences"][0])


def test_verdict_follows_service() -> None:
    """Little stock is a risk whatever the suppliers do; a service that breaks only with the supplier is to be watched."""
    assert build_report(examples.facts())["headline"]["level"] == "watch"
    poor = dataclasses.replace(examples.simulation(("a", "b", "c")), fill_rate=0.85)
    assert build_report(examples.facts(simulation=poor))["headline"]["level"] == "risk"


def test_what_to_hold_more_is_what_the_outage_would_take() -> None:
    """The level to set covers the mean extra loss; nobody is told to hold what is held already."""
    first = build_report(examples.facts())["actions"][0]
    assert first["kind"] == "hold_more"
    assert 0 <= first["level"] - first["level_now"] - first["gain"] < 1
    assert (first["level"] % 1, first["uom"]) == (0, "EA")


def test_stock_rows_are_complete_and_worst_first() -> None:
    """Every stocked item is in the report, the largest expected loss first."""
    rows = build_report(examples.facts())["stock"]["rows"]
    losses = [row["expected_lost_units"] for row in rows]
    assert len(rows) == 18
    assert losses == sorted(losses, reverse=True)


def test_participant_without_delivery_gets_a_valid_shorter_report() -> None:
    """A refused delivery leaves no figures; the report says which data set is missing, why, and what to do."""
    report = build_report(examples.refused())
    assert (report["exposure"], report["stock"], report["forecast"]) == (None, None, None)
    assert report["missing"][0] == {
        "what": "demand",
        "why": "refused (schema)",
        "consequence": "no forecast, no figures of its own",
    }
    assert "column quantity is missing" in report["headline"]["sentences"][0]


def test_nothing_delivered_at_all() -> None:
    """An absent participant's report says so."""
    report = build_report(dataclasses.replace(examples.refused(), deliveries=()))
    assert "no demand was delivered" in report["headline"]["sentences"][0]


def test_assumed_stock_is_marked() -> None:
    """Without a stock delivery the opening stock is assumed, in the list of assumptions and of missing data."""
    assumed = examples.simulation(("a", "b"), stock=False)
    report = build_report(
        examples.facts(
            simulation=assumed, deliveries=(Delivery("demand", Verdict.ACCEPTED, 9), Delivery("items", Verdict.ACCEPTED))
        )
    )
    opening = report["assumptions"][0]
    assert opening["assumed"]
    assert "2 of 2" in opening["text"]
    assert [m["what"] for m in report["missing"]] == ["stock"]


def test_report_without_earlier_origins_or_naive_forecast() -> None:
    """A first round with only a local forecaster, no naive comparison and no chart is valid too."""
    lone = examples.Quality({"local": {"wape": 0.3, "bias": 0.0, "wql": 0.2, "coverage": 0.8}}, "local", "it is the only one")
    assert build_report(examples.facts(quality=lone, fan=None))["forecast"]["fan"] == []


def test_incomplete_facts_are_refused() -> None:
    """A number of rows below zero breaks the schema; the error names the place."""
    with pytest.raises(DecaiError, match=r"\$\.deliveries\[0\]\.rows"):
        build_report(examples.facts(deliveries=(Delivery("demand", Verdict.ACCEPTED, -1),)))


def test_import_is_light() -> None:
    """Importing the room loads neither Matplotlib nor Jinja nor the schema validator."""
    code = "import sys, decai_forecast.reports; print({'matplotlib', 'jinja2', 'jsonschema'} & set(sys.modules))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "set()"
