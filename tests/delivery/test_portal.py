"""The example of an open-data portal, as its contract says, against a local server that behaves like one."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pandas as pd
from servers import Portal
from support import ROOT

from decai_forecast.contracts import check_delivery, load_contract
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


def test_a_portal_is_pulled_by_contract_alone(tmp_path: Path, portal: Portal) -> None:
    """Pages, names, types, watermark: accepted; the next night asks for two weeks and news only."""
    text = (ROOT / "docs/examples/iowa-liquor.odcs.yaml").read_text()
    text = text.replace("https://data.iowa.gov", portal.url).replace("limit: 50000", "limit: 100")
    (tmp_path / "demand.odcs.yaml").write_text(text)
    contract, state = load_contract(tmp_path / "demand.odcs.yaml"), Store(tmp_path / "store", "iowa")
    portal.rows = lines(90)[:-30]
    target = tmp_path / "out.parquet"
    assert pull(contract, tmp_path, AS_OF, target, state=state).rows == 240
    assert len(portal.asked) == 4
    portal.rows = lines(90)
    portal.asked.clear()
    assert pull(contract, tmp_path, AS_OF, target, state=state).rows == 270
    assert {asked["$where"] for asked in portal.asked} == {"date >= '2026-06-04'"}
    found = check_delivery(contract, target, AS_OF, tmp_path)
    assert found.verdict == "accepted", found.to_text()
    frame = pd.read_parquet(target)
    assert list(frame.columns) == ["line_id", "date", "location_id", "item_id", "vendor", "quantity", "price"]
    assert (frame["quantity"].dtype, frame["price"].dtype) == ("int64", "float64")
