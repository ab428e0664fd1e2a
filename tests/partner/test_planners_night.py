"""What a night gives a planner: overrides, alarms, drivers, totals, first forecasts; and what is kept of it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from support import NIGHT, copy_of, public

from decai_forecast.coordinator.context import coordinator_context
from decai_forecast.coordinator.federate import keep_last
from decai_forecast.demand.overrides import Override, record_override, withdraw
from decai_forecast.network import Network
from decai_forecast.partner.check import check
from decai_forecast.partner.combine import combine
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.earlier import earlier_forecasts
from decai_forecast.partner.facts import WATCH, CombineFacts
from decai_forecast.partner.pull import pull
from decai_forecast.partner.report import outbox_key, write_report
from decai_forecast.partner.simulate_step import simulate
from decai_forecast.partner.train import train
from decai_forecast.partner.watch import note_of_alarms, watch
from decai_forecast.round import Round
from decai_forecast.steps import Done, read_done

LATER = Round.of("2026-07-06")
SHOP = "shop_1"
LAST_WORD = {"who": "ada", "when": "2026-06-28T08:00:00+00:00"}


@dataclass(frozen=True)
class Nights:
    """One partner's two nights: an override in force in the first, another and a new item in the second."""

    network: Network
    company: PartnerContext
    first: Done[CombineFacts]
    second: Done[CombineFacts]

    def forecast(self, done: Done[CombineFacts]) -> pd.DataFrame:
        return done.frame("forecast.parquet")


@pytest.fixture(scope="module")
def nights(finished: Network, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    network = copy_of(finished, tmp_path_factory.mktemp("planner"))
    company = partner_context(network, SHOP)
    known = pd.DataFrame({"location_id": ["all"] * 4, "item_id": [f"i{k}" for k in range(4)]})
    closed = Override("all", "i0", date(2026, 6, 29), date(2026, 6, 29), "closed for a week", value=0.0, **LAST_WORD)
    record_override(company.store, closed, known)
    company.store.remove(f"rounds/{NIGHT.id}/overrides.json")
    first = combine(company, NIGHT)
    doubled = Override("all", "i1", date(2026, 7, 6), date(2026, 7, 13), "promotion", factor=2.0, **LAST_WORD)
    record_override(company.store, doubled, known)
    _add_item(network.home / "sources" / SHOP / "items.parquet")
    keep_last(coordinator_context(network), LATER, "below_quorum")
    for step in (pull, check, train, watch):
        step(company, LATER)
    second = combine(company, LATER)
    simulate(company, LATER)
    write_report(company, LATER)
    return Nights(network, company, first, second)


def _add_item(path: Path) -> None:
    items = pd.read_parquet(path)
    new = items.iloc[:1].assign(item_id="i9")
    pd.concat([items, new]).to_parquet(path, index=False)


def report(nights: Nights) -> dict[str, Any]:
    return nights.company.store.read_json(outbox_key(LATER.id, "report.json"))


def test_what_a_planner_says_ships_and_the_models_numbers_stay(nights: Nights) -> None:
    """Two periods of one item are doubled, at every level; everything else is the model's."""
    rows = nights.forecast(nights.second)
    said = rows["override"] != ""
    assert set(rows.loc[said, "item_id"]) == {"i1"}
    assert said.sum() == 2
    for name in ("mean", "q10", "q50", "q90"):
        expected = np.where(said, 2 * rows[f"model_{name}"], rows[f"model_{name}"])
        assert rows[name].to_numpy() == pytest.approx(expected)
    entry = report(nights)["planning"]["overrides"][0]
    assert (entry["item_id"], entry["rows"], entry["reason"]) == ("i1", 2, "promotion")
    assert entry["shipped_units"] == pytest.approx(2 * entry["model_units"], rel=1e-5)


def test_a_past_override_is_scored_when_the_sales_are_known(nights: Nights) -> None:
    """Nothing was delivered for that week, so nothing was sold: the planner who said so was right, the model was not."""
    scored = report(nights)["planning"]["scored"]
    assert (scored["count"], scored["better"], scored["planner"]) == (1, 1, 0)
    row = scored["rows"][0]
    assert (row["item_id"], row["rows"], row["reason"]) == ("i0", 1, "closed for a week")
    rows = nights.forecast(nights.first)
    model = rows[(rows["item_id"] == "i0") & (rows["date"] == pd.Timestamp("2026-06-29"))]["model_q50"].item()
    assert row["fva"] == pytest.approx(model, rel=1e-5)


def test_a_repeated_night_keeps_the_overrides_it_had(nights: Nights) -> None:
    """One that is withdrawn or made later is for later nights."""
    before = nights.second.inputs
    one = nights.second.facts.overrides[0].id
    withdraw(nights.company.store, one, who="ada", when="2026-07-06T09:00:00+00:00", reason="called off")
    again = combine(nights.company, LATER)
    assert again.repeated
    assert again.inputs == before


def test_a_new_item_is_forecast_from_similar_ones(nights: Nights) -> None:
    """It has its own rows over the whole horizon, with the reason, and is simulated and reported like the others."""
    rows = nights.forecast(nights.second).query("item_id == 'i9'")
    assert len(rows) == nights.network.calendar.horizon
    assert rows["reason"].str.startswith("no history: from the").all()
    assert (rows["mean"] > 0).all()
    found = report(nights)
    assert found["planning"]["first"]["series"] == 1
    assert "i9" in {row["item_id"] for row in found["stock"]["rows"]}


def test_totals_are_the_sums_of_the_items(nights: Nights) -> None:
    """Company and categories, in every period; bands are in order."""
    totals = nights.second.frame("hierarchy.parquet")
    company = totals[totals["level"] == "company"].set_index("date")["mean"]
    items = nights.forecast(nights.second).groupby("date")["mean"].sum()
    assert company.to_numpy() == pytest.approx(items.to_numpy())
    assert (totals["q10"] <= totals["mean"]).all()
    assert (totals["mean"] <= totals["q90"]).all()
    fan = report(nights)["forecast"]["fan"]
    assert [row["mean"] for row in fan] == pytest.approx(company.tolist(), rel=1e-5)


def test_drivers_add_up_to_what_the_model_forecasts(nights: Nights) -> None:
    """Base, drivers and finish of every entry; the total is that of the medians at the periods looked at."""
    found = nights.second.json("drivers.json")
    for entry in (found["total"], *found["items"]):
        assert entry["base"] + sum(entry["drivers"].values()) + entry["finish"] == pytest.approx(entry["forecast"])
    rows = nights.forecast(nights.second).query("h in @found['periods'] and item_id != 'i9'")
    assert found["total"]["forecast"] == pytest.approx(rows["model_q50"].sum() / len(found["periods"]))


def test_the_night_looks_at_what_came_since_the_last_cut_off(nights: Nights) -> None:
    """The silent week after the first night is noticed; the note of the run counts, and names no item."""
    done = read_done(nights.company.store, LATER.id, WATCH)
    assert done is not None
    assert (done.facts.since, done.facts.nights) == (date(2026, 6, 29), 1)
    found = done.json("alarms.json")
    assert len(found) == sum(done.facts.alarms.values())
    assert all(alarm["period"] >= "2026-06-29" for alarm in found)
    assert "i0" not in note_of_alarms(nights.company.store, LATER.id)
    assert report(nights)["planning"]["alarms"]["count"] == len(found)


def test_of_the_nights_with_one_cut_off_the_newest_counts(nights: Nights) -> None:
    """Tuesday's night in a network of weeks has Monday's cut-off: it is no earlier forecast."""
    store, calendar = nights.company.store, nights.company.calendar
    assert [earlier.round for earlier in earlier_forecasts(store, calendar, LATER)] == [NIGHT.id]
    assert earlier_forecasts(store, calendar, Round.of("2026-06-30")) == []


def test_value_added_says_what_the_moving_average_lost(nights: Nights) -> None:
    """Over the test window: units, share of its error, and for how many items."""
    facts = nights.second.facts
    added = facts.value_added
    assert added is not None
    assert facts.naive_wape is not None
    assert added.better + added.worse <= added.series == 4
    assert added.share == pytest.approx(1 - facts.test["combined"].wape / facts.naive_wape)


def test_the_page_shows_all_of_it(nights: Nights) -> None:
    """Drivers, totals, the new item and both overrides stand on the page; nothing of them left the company."""
    page = nights.company.store.read_bytes(outbox_key(LATER.id, "report.html")).decode()
    for said in ("What moves it", "Without a history", "What planners said", "closed for a week", "Forecast value added"):
        assert said in page
    assert "promotion" not in json.dumps(public(nights.network).read_json(f"rounds/{LATER.id}/shared.json"))
