"""A night on a source that has grown since: later rows wait, and the report says how many."""

from __future__ import annotations

from support import NIGHT

from decai_forecast.contracts import Verdict
from decai_forecast.network import Network
from decai_forecast.partner.check import check
from decai_forecast.partner.context import partner_context
from decai_forecast.partner.pull import pull
from decai_forecast.round import Round

BEFORE = Round.of("2026-05-25")  # five weeks earlier


def test_a_past_night_tells_what_it_holds_back(network: Network) -> None:
    """In all three forms of the report; no row is bad for it."""
    company = partner_context(network, "shop_0")
    rows = [pull(company, night).facts.rows["demand"] for night in (NIGHT, BEFORE)]
    done = check(company, BEFORE)
    held = rows[0] - rows[1]
    assert held > 0
    demand = done.facts.data_sets["demand"]
    assert (demand.verdict, demand.quarantined) == (Verdict.ACCEPTED, 0)
    said = f"date lies before the data cut-off 2026-05-25; {held} later rows are held back for a later night"
    report = done.json("demand.json")
    assert report["held_back"] == held
    assert [result["text"] for result in report["results"] if result["rule"] == "date.held_back"] == [said]
    page, text = (done.bytes(f"demand.{form}").decode() for form in ("html", "txt"))
    assert (said in page, said in text, f"{held} held back" in page, f"{held} held back" in text) == (True,) * 4
