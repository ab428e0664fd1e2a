"""What a simulation found: three tables and a few totals, that travel as JSON from the simulation to the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import isnan
from typing import Any

import pandas as pd

__all__ = ["FAILURE_LEVEL", "RECOVERY_LEVEL", "Simulation"]

FAILURE_LEVEL = 0.90  # service below this has failed, and
RECOVERY_LEVEL = 0.95  # is back from here on: the two usual thresholds, apart so that service does not flicker
TABLES = ("series", "exposure", "service")


@dataclass(frozen=True)
class Simulation:
    """Times are in periods of ``period_days`` days; NaN in a time means longer than the horizon.

    ``series``: location_id, item_id, vendor, demand (mean units over the horizon), lead_time (periods), on_hand,
    on_hand_assumed, days_of_supply (days), days_of_supply_flag (">horizon" or ""), p_stockout (at least one stock-out
    within the horizon), p_stockout_se, fill_rate (type 2; NaN without demand), expected_lost_units, order_up_to_level,
    safety_stock, and if its supplier is down: down_lost_units (beyond those lost anyway), down_fill_rate, down_tts_p10 and
    down_tts_p50 (periods to the first stock-out).

    ``exposure``: one row per supplier, most lost units first: vendor, share (of forecast volume), items,
    single_source_items, items_affected (fill rate falls by more than a point), lost_units and lost_units_se (beyond those
    lost anyway), lost_value (at unit cost; NaN where one is unknown), fill_rate (of its items), network_fill_rate, tts_p10
    and tts_p50 (periods until service of its items fails).

    ``service``: per period date, share of demand served ``base_mean/p10/p90`` today and ``down_mean/p10/p90`` without the
    biggest supplier, and total demand ``demand_mean/p10/p90`` (units, series independent).
    """

    series: pd.DataFrame
    exposure: pd.DataFrame
    service: pd.DataFrame
    biggest: str  # the supplier with the largest share of forecast volume
    hhi: float  # of suppliers' shares of forecast volume
    fill_rate: float
    service_target: float  # the policy's cycle service level
    lost_units: float
    outage_periods: int
    horizon: int
    period_days: int
    replications: int
    seed: int

    @property
    def worst(self) -> Mapping[str, Any]:
        """The exposure row of the biggest supplier."""
        rows = self.exposure[self.exposure["vendor"] == self.biggest]
        return {str(name): value for name, value in rows.iloc[0].items()}

    def summary(self) -> str:
        """The worst exposure in a few words, for overviews."""
        worst = self.worst
        return (
            f"{self.biggest}: {worst['lost_units']:,.0f} units, {self.fill_rate:.1%} -> {worst['network_fill_rate']:.1%} served"
        )

    def to_json(self) -> dict[str, Any]:
        """JSON values; NaN becomes null."""
        plain = {name: value for name, value in vars(self).items() if name not in TABLES}
        return {name: _null(value) for name, value in plain.items()} | {name: _columns(getattr(self, name)) for name in TABLES}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Simulation:
        """The inverse of :meth:`to_json`."""
        found: dict[str, Any] = {k: float("nan") if v is None else v for k, v in raw.items()}
        return cls(**found | {name: _frame(raw[name]) for name in TABLES})


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): [_null(value) for value in frame[name].tolist()] for name in frame}


def _frame(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Only numbers are ever null."""
    return pd.DataFrame({k: pd.Series(v, dtype=float) if None in v else v for k, v in columns.items()})
