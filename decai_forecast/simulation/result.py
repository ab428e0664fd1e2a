"""What a simulation found: tables and a few totals, that travel as JSON from the simulation to the report."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from math import isnan
from typing import Any

import pandas as pd

from decai_forecast.simulation.network.supply import Assumption
from decai_forecast.simulation.shocks.words import ToldScenario

__all__ = ["FAILURE_LEVEL", "RECOVERY_LEVEL", "Simulation"]

FAILURE_LEVEL = 0.90  # service below this has failed, and
RECOVERY_LEVEL = 0.95  # is back from here on: the two usual thresholds, apart so that service does not flicker
TABLES = ("series", "exposure", "service", "ripple", "bullwhip", "targets", "money", "dos_path")


@dataclass(frozen=True)
class Simulation:
    """Times are in periods of ``period_days`` days unless named days; NaN in a time means longer than the horizon.

    Money is in ``currency``; where that is empty, in multiples of the cost of holding a unit for a period. Columns in brackets
    may be left out, and the tables from ``ripple`` on may be empty: then they were not computed, which the report says.

    ``series``: location_id, item_id, vendor, demand (mean units over the horizon), lead_time (periods), on_hand,
    on_hand_assumed, days_of_supply (days), days_of_supply_flag (">horizon" or ""), p_stockout (at least one stock-out
    within the horizon), p_stockout_se (of the replications), [p_stockout_low, p_stockout_high (90 %), p_stockout_simulated
    (before it was calibrated)], fill_rate (type 2; NaN without demand), expected_lost_units, order_up_to_level,
    safety_stock, and if its supplier is down, or in the what-if: down_lost_units (beyond those lost anyway), down_fill_rate
    (the horizon's, less these), down_tts_p10 and down_tts_p50 (periods to the first stock-out).

    ``exposure``: one row per node, the worst first: node, kind (``supplier`` or ``site``), share (of forecast volume), items,
    single_source_items, items_affected (fill rate falls by more than a point), lost_units and lost_units_se (beyond those
    lost anyway), lost_value (NaN where a value is unknown), fill_rate (of its items), network_fill_rate, tts_p10 and tts_p50
    (periods from its start until service of its items fails). Of the simulation, too: [node_ttr_days (how long it is down: an
    input), sells (whether customers buy at the place itself, who get nothing while it is down), rei (lost value or units, of
    the largest), service_recovery_days (from the start of the outage until half of the replications have failed and are over
    it; 0: fewer than half fail), loss_of_service (service-days below the target), max_depth (deepest fall of service, a
    fraction), followed_days (from its start to the end of the simulation)]. All of these are measured against the undisturbed
    run on the same samples. Of the best possible response, by linear program: [tts_lp_days, pi_lp_units, pi_lp_value, rei_lp];
    it never loses more than today's way of ordering, which is a response, too.

    ``service``: per period date, share of demand served ``base_mean/p10/p90`` today and ``down_mean/p10/p90`` while
    ``worst_node`` is down, and total demand ``demand_mean/p10/p90`` (units, series independent). Exposure, service and ripple
    are of all ``periods``, which reach beyond the horizon where an outage does (ahead.py); everything else is of the horizon.

    ``ripple``: disrupted, affected (nodes), loss (share of the affected node's service).

    ``bullwhip``: echelon (name, downstream first), nodes, ratio (variance of orders over that of demand; NaN where demand
    hardly varies).

    ``targets``: location_id, item_id, level_now, level_proposed, safety_stock (units), fill_rate_now, fill_rate_proposed, csl
    (cycle service level proposed), cost_now, cost_proposed (per period, on the same demand), service_type (``F`` fill rate,
    ``A`` cycle service), service_target, reason.

    ``money``: forecast (``own``, ``shared``, ``combined``, ``moving_average``), cost (per period, of ordering by it, on the
    same demand). ``dos_path``: location_id, item_id, date, days (projected days of supply, median).

    ``scenario``: the name of a what-if; empty for the night's own. ``case``: what was simulated as the worst case, or as the
    what-if, in words. ``stockouts``: how p_stockout was calibrated
    (:class:`Calibration`); empty: it was not looked into.
    """

    series: pd.DataFrame
    exposure: pd.DataFrame
    service: pd.DataFrame
    worst_node: str  # the node of the worst case: its outage is ``service``'s down_*
    hhi: float  # of suppliers' shares of forecast volume
    fill_rate: float
    service_target: float  # the policy's cycle service level
    lost_units: float
    outage_periods: int  # of the worst node
    horizon: int
    period_days: int
    replications: int
    seed: int
    ripple: pd.DataFrame = field(default_factory=pd.DataFrame)
    bullwhip: pd.DataFrame = field(default_factory=pd.DataFrame)
    targets: pd.DataFrame = field(default_factory=pd.DataFrame)
    money: pd.DataFrame = field(default_factory=pd.DataFrame)
    dos_path: pd.DataFrame = field(default_factory=pd.DataFrame)
    assumptions: tuple[Assumption, ...] = ()
    currency: str = ""
    scenario: str = ""
    stockouts: Mapping[str, Any] = field(default_factory=dict)
    periods: int = 0  # simulated with and without each outage; 0: the horizon
    ahead_fill_rate: float = float("nan")  # over ``periods``, without any outage; NaN: as over the horizon

    held_out: Mapping[str, Any] = field(default_factory=dict)  # whether savings came true (HeldOut); empty: not tried
    case: ToldScenario | None = None

    @property
    def followed(self) -> int:
        """Periods over which outages are followed."""
        return self.periods or self.horizon

    @property
    def undisturbed(self) -> float:
        """Share of demand served over these periods without any outage."""
        return self.fill_rate if isnan(self.ahead_fill_rate) else self.ahead_fill_rate

    @property
    def worst(self) -> Mapping[str, Any]:
        """The exposure row of the worst case."""
        rows = self.exposure[self.exposure["node"] == self.worst_node]
        return {str(name): value for name, value in rows.iloc[0].items()}

    def summary(self) -> str:
        """The worst exposure in a few words, for overviews."""
        worst = self.worst
        return (
            f"{self.worst_node}: {worst['lost_units']:,.0f} units, "
            f"{self.undisturbed:.1%} -> {worst['network_fill_rate']:.1%} served"
        )

    def to_json(self) -> dict[str, Any]:
        """JSON values; NaN becomes null."""
        plain = {name: _null(value) for name, value in vars(self).items() if name not in (*TABLES, "assumptions", "case")}
        tables = {name: _columns(getattr(self, name)) for name in TABLES}
        case = self.case.to_json() if self.case else None
        return plain | tables | {"assumptions": [asdict(one) for one in self.assumptions], "case": case}

    @classmethod
    def from_json(cls, raw: Mapping[str, Any]) -> Simulation:
        """The inverse of :meth:`to_json`."""
        found: dict[str, Any] = {k: float("nan") if v is None else v for k, v in raw.items()}
        found |= {name: _frame(raw[name]) for name in TABLES}
        case = ToldScenario.from_json(raw["case"]) if raw.get("case") else None
        return cls(**found | {"assumptions": tuple(Assumption(**one) for one in raw["assumptions"]), "case": case})


def _null(value: Any) -> Any:
    return None if isinstance(value, float) and isnan(value) else value


def _columns(frame: pd.DataFrame) -> dict[str, list[Any]]:
    return {str(name): [_null(value) for value in frame[name].tolist()] for name in frame}


def _frame(columns: Mapping[str, list[Any]]) -> pd.DataFrame:
    """Only numbers are ever null."""
    return pd.DataFrame({k: pd.Series(v, dtype=float) if None in v else v for k, v in columns.items()})
