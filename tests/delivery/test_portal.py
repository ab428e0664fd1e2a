"""The example of an open-data portal, as its contract says, against a local server that behaves like one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from servers import Portal
from support import ROOT

from decai_forecast.contracts import check_delivery, load_contract
from decai_forecast.contracts.report import to_text
from decai_forecast.delivery import pull
from decai_forecast.store import Store

AS_OF = date(2026, 6, 29)


def lines(days: int) -> list[dict[str, str]]:
    """Order lines as the portal has them: everything is text, a day is a floating timestamp, and there is more than asked."""
    return [
        {
            "invoice_line_no": f"INV-{day:04d}{line}", "date": f"{AS_OF - timedelta(days=day)}T00:00:00.000", "store": "2633",
            "itemno": f"{11296 + line}", "vendor_name": "DIAGEO AMERICAS", "sale_bottles": str(6 * (line + 1)),
            "state_bottle_retail": "18.75", "city": "DES MOINES",
        }
        for day in range(days, 0, -1) for line in range(3)
    ]  # fmt: skip


OLD = {"invoice_line_no": "INV-old", "date": "2023-12-31T00:00:00.000", "store": "2633", "itemno": "11296"}


def test_a_portal_is_pulled_by_contract_alone(tmp_path: Path, portal: Portal) -> None:
    """Pages, names, types, watermark, a server that gives less than asked: accepted; the next night asks for news only."""
    text = (ROOT / "docs/examples/iowa-liquor.odcs.yaml").read_text().replace("https://data.iowa.gov", portal.url)
    (tmp_path / "demand.odcs.yaml").write_text(text)
    contract, state = load_contract(tmp_path / "demand.odcs.yaml"), Store(tmp_path / "store", "iowa")
    portal.rows, portal.cap = [OLD, *lines(90)[:-30]], 100
    target = tmp_path / "out.parquet"
    assert pull(contract, tmp_path, AS_OF, target, state=state).rows == 240
    assert [asked["$offset"] for asked in portal.asked] == ["0", "100", "200", "240"]
    names = "invoice_line_no,date,store,itemno,vendor_name,sale_bottles,state_bottle_retail"
    assert {(asked["$select"], asked["$order"], asked["$where"]) for asked in portal.asked} == {
        (names, "date,:id", "(date >= '2024-01-01')")
    }
    portal.rows = [OLD, *lines(90)]
    portal.asked.clear()
    assert pull(contract, tmp_path, AS_OF, target, state=state).rows == 270
    assert {asked["$where"] for asked in portal.asked} == {"(date >= '2024-01-01') AND date >= '2026-06-04'"}
    found = check_delivery(contract, target, AS_OF, tmp_path)
    assert found.verdict == "accepted", to_text(found)
    frame = pd.read_parquet(target)
    assert list(frame.columns)[:7] == ["line_id", "date", "location_id", "item_id", "vendor", "quantity", "price"]
    assert (frame["quantity"].dtype, frame["price"].dtype) == ("int64", "float64")
