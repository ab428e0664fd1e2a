"""Lead times as observed in receipts: how long shipments of a lane take at least, and how often they take longer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from decai_forecast.errors import ConfigError
from decai_forecast.simulation.agents.carrier import fit_carrier
from decai_forecast.simulation.network.facts import SupplyFacts
from decai_forecast.simulation.network.graph import Floats, Ints
from decai_forecast.simulation.network.rows import WHERE

__all__ = ["FEWEST", "LATEST", "Observed", "observed_in"]

FEWEST = 10  # receipts below which a lane's own figures say little
LATEST = 12  # periods beyond the shortest lead time; what took longer counts as this late


@dataclass(frozen=True)
class Observed:
    """Lead times in periods by origin, origin and item, and origin, item and destination; of the last, too, in which period
    each shipment was ordered. All in the order in which they were ordered."""

    periods: Mapping[tuple[str, ...], Ints]
    ordered: Mapping[tuple[str, ...], Ints] = field(default_factory=dict)

    def of(self, origin: str, item: str, to: str) -> Ints | None:
        """Of the narrowest group with at least ``FEWEST`` receipts; None: too few."""
        for key in ((origin, item, to), (origin, item), (origin,)):
            if len(found := self.periods.get(key, ())) >= FEWEST:
                return np.asarray(found, dtype=np.int64)
        return None

    def streak(self, origin: str, item: str, to: str) -> float:
        """Correlation of the lateness of shipments in successive periods, from the lane's own; 0 unless it is clear."""
        key = (origin, item, to)
        if key not in self.ordered:
            return 0.0
        found = fit_carrier(self.periods[key])
        apart = max(1.0, float(np.diff(self.ordered[key]).mean())) if found.streak else 1.0  # periods between shipments
        return float(found.streak ** (1 / apart))


def observed_in(receipts: pd.DataFrame | None, facts: SupplyFacts, days: int) -> Observed:
    """From the rows of ``receipts`` that have ``ordered_on``; ``days``: of one period. A part of a period counts as one."""
    if receipts is None or "ordered_on" not in receipts:
        return Observed({})
    rows = receipts[receipts["ordered_on"].notna() & receipts["received_on"].notna()]
    took = (pd.to_datetime(rows["received_on"]) - pd.to_datetime(rows["ordered_on"])).dt.days
    if (took < 0).any():
        row = rows[took < 0].iloc[0]
        raise ConfigError(
            f"{row[WHERE]}: item {row['item_id']!r} was received on {row['received_on']:%Y-%m-%d}, before it was ordered on "
            f"{row['ordered_on']:%Y-%m-%d}; correct one of the dates"
        )
    table = pd.DataFrame({"origin": _origins(rows, facts), "item": rows["item_id"], "periods": -(-took // days)})
    table["to"] = rows.get("location_id", "")
    table["ordered"] = (pd.to_datetime(rows["ordered_on"]) - pd.Timestamp(0)).dt.days // days
    table = table[table["origin"] != ""].sort_values("ordered", kind="stable")
    found: dict[tuple[str, ...], Ints] = {}
    for columns in (["origin"], ["origin", "item"], ["origin", "item", "to"]):
        for key, part in table.groupby(columns, sort=False):
            found[tuple(map(str, key))] = part["periods"].to_numpy(np.int64)
    lanes = table.groupby(["origin", "item", "to"], sort=False)["ordered"]
    return Observed(found, {tuple(map(str, key)): part.to_numpy(np.int64) for key, part in lanes})


def _origins(rows: pd.DataFrame, facts: SupplyFacts) -> pd.Series:
    """The vendor of the receipt, or the item's only one."""
    only = {item: vendors[0].name for item, vendors in facts.vendors.items() if len(vendors) == 1}
    known = rows["item_id"].map(only).fillna("")
    return known.where(rows["vendor"] == "", rows["vendor"]) if "vendor" in rows else known


def late(periods: Ints) -> tuple[int, Floats]:
    """The shortest lead time, and the probabilities of 0, 1, 2 ... periods more."""
    shortest = int(periods.min())
    counts = np.bincount(np.minimum(periods - shortest, LATEST))
    return shortest, counts / counts.sum()
