"""Quantities as they are told, in one place: the page, the JSON and the CSV of a report hold the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from math import ceil

import numpy as np
import pandas as pd

from decai_forecast.simulation import Simulation

__all__ = ["DECIMALS", "USUAL", "WHOLE", "quantity", "rounded"]

USUAL = "EA"  # of an item whose unit was not delivered: each
WHOLE = ("EA", "PCE", "ST", "H87", "C62")  # units that come whole
DECIMALS = 3  # of all others
CLOSE = 6  # decimals up to which a whole number is one


def quantity(value: float, uom: str) -> float:
    """A level to order up to, in its unit: whole ones rounded up, others to grams of a kilogram; NaN stays."""
    if np.isnan(value):
        return value
    return float(ceil(round(value, CLOSE))) if uom in WHOLE else round(value, DECIMALS)


def rounded(found: Simulation, units: Mapping[str, str]) -> Simulation:
    """The simulation with levels and safety stocks as they are told; ``units``: item -> unit."""
    series = _rounded(found.series, units, ("order_up_to_level", "safety_stock"), quantity)
    targets = _rounded(found.targets, units, ("level_proposed", "reorder_point", "safety_stock"), quantity)
    return replace(found, series=series, targets=_rounded(targets, units, ("level_now",), _nearest))


def _nearest(value: float, uom: str) -> float:
    """Of what there is: what would be parts of a whole unit comes from shares of goods in transit."""
    return round(value, 0 if uom in WHOLE else DECIMALS)


def _rounded(
    table: pd.DataFrame, units: Mapping[str, str], columns: tuple[str, ...], how: Callable[[float, str], float]
) -> pd.DataFrame:
    if table.empty:
        return table
    uoms = [units.get(str(item), USUAL) for item in table["item_id"]]
    told = {name: [how(float(v), uom) for v, uom in zip(table[name], uoms, strict=True)] for name in columns}
    return table.assign(**told)
