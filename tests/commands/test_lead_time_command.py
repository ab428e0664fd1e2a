"""`decai forecast lead-time`: the demand that an order protects, as the night drew it."""

from __future__ import annotations

import pytest
from answers import as_json, decai, refusal
from support import own

from decai_forecast.network import Network
from decai_forecast.partner.facts import COMBINE, SIMULATE
from decai_forecast.steps import read_done


def test_the_sum_over_the_lead_time_is_shown(finished: Network) -> None:
    """Of every item that is forecast: its mean is that of the forecast's weeks, and its q95 no more than the sum of theirs."""
    answer = as_json("forecast", "lead-time", "--partner", "shop_0", "--home", finished.home)
    night, combined = (read_done(own(finished, "shop_0"), answer["round"], step) for step in (SIMULATE, COMBINE))
    assert night is not None
    assert combined is not None
    assert answer["rows"] == night.frame("lead_time.parquet").to_dict("records")
    forecast = combined.frame("forecast.parquet").sort_values("date")
    assert {row["item_id"] for row in answer["rows"]} == set(forecast["item_id"])
    row = answer["rows"][0]
    weeks = forecast[(forecast["item_id"] == row["item_id"]) & (forecast["location_id"] == row["location_id"])]
    protected = weeks.iloc[1 : 1 + row["periods"]]
    assert row["mean"] == pytest.approx(protected["mean"].sum(), rel=0.05)
    assert row["q50"] < row["q95"] <= protected["q95"].sum()


def test_one_item_alone(finished: Network) -> None:
    """As text, with what is shown above it; an item that nobody forecast is told."""
    command = ("forecast", "lead-time", "--partner", "shop_0", "--home", finished.home, "--item")
    name = as_json(*command[:-1])["rows"][0]["item_id"]
    head, columns, *rows = decai(*command, name).splitlines()
    assert head == "shop_0, forecast of 2026-06-29: demand over review and lead time, in units"
    assert columns.split()[:4] == ["location_id", "item_id", "periods", "mean"]
    assert {line.split()[1] for line in rows} == {name}
    told = "item 'gone' has no lead-time demand in the forecast of 2026-06-29; leave --item out to see all"
    assert refusal(*command, "gone") == told


def test_before_the_first_night(founded: Network) -> None:
    """There is none yet."""
    told = "shop_0 has no lead-time demand yet; run a round first (`decai round run`)"
    assert refusal("forecast", "lead-time", "--partner", "shop_0", "--home", founded.home) == told
