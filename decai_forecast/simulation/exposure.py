"""Exposure to suppliers: what each one's outage costs, and service per period with and without the worst."""

from __future__ import annotations

import numpy as np
import pandas as pd

from decai_forecast.simulation.measures import first_below, low_quantile, served
from decai_forecast.simulation.network.supply import SUPPLIER
from decai_forecast.simulation.result import FAILURE_LEVEL
from decai_forecast.simulation.run import Settings, Sums
from decai_forecast.simulation.sampling import Floats
from decai_forecast.simulation.world import World

__all__ = ["exposure_table", "service_table", "with_suppliers"]

AFFECTED = 0.01  # fill rate lost by an item that counts as affected


def exposure_table(world: World, settings: Settings, sums: Sums, pairs: pd.DataFrame) -> pd.DataFrame:
    """One row per supplier, most lost units first; columns as in :class:`Simulation`."""
    table = _per_pair(world, pairs)
    total = table["volume"].sum()
    rows = [
        {
            "node": vendor,
            "kind": SUPPLIER,
            "share": float(of["volume"].sum() / total) if total > 0 else len(of) / len(table),
            "items": of["item"].nunique(),
            "single_source_items": of.loc[of["share"] == 1.0, "item"].nunique(),
            "items_affected": of.loc[of["affected"], "item"].nunique(),
            "lost_value": float(of["value"].sum(skipna=False)),
        }
        | _outage(settings, sums, sums.vendors.index(str(vendor)))
        for vendor, of in table.groupby("vendor", sort=True)
    ]
    return pd.DataFrame(rows).sort_values(["lost_units", "node"], ascending=[False, True], ignore_index=True)


def _per_pair(world: World, pairs: pd.DataFrame) -> pd.DataFrame:
    series = pairs["series"].to_numpy()
    extra = (pairs["down"] - pairs["lost"]).to_numpy(float)
    return pairs.assign(
        item=[world.series[row][1] for row in series],
        volume=world.mean.sum(axis=1)[series] * pairs["share"].to_numpy(float),
        value=extra * world.unit_cost[series],
        affected=extra > AFFECTED * pairs["demand"].to_numpy(float),
    )


def _outage(settings: Settings, sums: Sums, number: int) -> dict[str, float]:
    """The totals of one supplier's outage."""
    demand, lost, down = sums.vendor_demand[number], sums.vendor_lost[number], sums.vendor_down[number]
    extra = (down - lost).sum(axis=0)  # per replication: with common random numbers the difference is nearly free of noise
    first = first_below(_service(demand, down), FAILURE_LEVEL)
    network = sums.lost.sum() - lost.sum() + down.sum()
    return {
        "lost_units": float(extra.mean()),
        "lost_units_se": float(extra.std(ddof=min(1, settings.replications - 1)) / settings.replications**0.5),
        "fill_rate": float(served(demand.sum(), down.sum())),
        "network_fill_rate": float(served(sums.demand.sum(), network)),
        "tts_p10": float(low_quantile(first, 0.1)),
        "tts_p50": float(low_quantile(first, 0.5)),
    }


def with_suppliers(series: pd.DataFrame, pairs: pd.DataFrame) -> pd.DataFrame:
    """Adds to each series the outage of the supplier that hurts it most."""
    extra = pairs.assign(extra=pairs["down"] - pairs["lost"])
    ordered = extra.sort_values(["series", "extra", "vendor"], ascending=[True, False, True])
    worst = ordered.drop_duplicates("series").reset_index(drop=True)
    found = series.assign(
        down_lost_units=worst["extra"].clip(lower=0),
        down_fill_rate=served(worst["demand"].to_numpy(float), worst["down"].to_numpy(float)),
        down_tts_p10=worst["tts_p10"],
        down_tts_p50=worst["tts_p50"],
    )
    found.insert(2, "vendor", worst["vendor"])
    return found


def service_table(world: World, sums: Sums, worst: str) -> pd.DataFrame:
    """Per period: service today and without the ``worst`` supplier, and total demand; mean, P10 and P90."""
    number = sums.vendors.index(worst)
    down = sums.lost - sums.vendor_lost[number] + sums.vendor_down[number]
    found = {"base": _service(sums.demand, sums.lost), "down": _service(sums.demand, down), "demand": sums.demand}
    columns = {f"{name}_{key}": column for name, values in found.items() for key, column in _band(values).items()}
    return pd.DataFrame({"date": [day.date().isoformat() for day in world.dates]} | columns)


def _service(demand: Floats, lost: Floats) -> Floats:
    """Share of demand served; 1 where there is none."""
    return np.nan_to_num(served(demand, lost), nan=1.0)


def _band(values: Floats) -> dict[str, Floats]:
    """Mean, P10 and P90 over replications (axis 1)."""
    low, high = np.quantile(values, [0.1, 0.9], axis=1)
    return {"mean": values.mean(axis=1), "p10": low, "p90": high}
