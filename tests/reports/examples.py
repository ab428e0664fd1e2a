"""Example facts for the tests: a small network with one dominant supplier."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd

from decai_forecast.contracts import Verdict
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.reports import Delivery, Fan, Left, Quality, ReportFacts, RosterFacts, build_report
from decai_forecast.reports.compare import aggregate
from decai_forecast.simulation import Simulation
from decai_forecast.simulation.network.supply import Assumption

AS_OF = date(2026, 11, 23)
WEEKS = Calendar("W", 13)
VENDORS = ("Northern Mills", "Delta Beverages", "Harbor Foods")
PARTNERS = ("alder_foods", "birch_markets", "cedar_stores", "elm_grocers")
ATTACK = "<script>alert(1)</script>"


def simulation(items: Sequence[str], *, stock: bool = True, vendors: Sequence[str] = VENDORS) -> Simulation:
    """What a simulation could have found, in invented figures; stock, where there is any, differs widely."""
    series = _series(items, stock, vendors)
    exposure = _suppliers(series)
    return Simulation(
        series=series, exposure=exposure, service=_service(), worst_node=exposure["node"].iloc[0],
        hhi=float((exposure["share"] ** 2).sum()), fill_rate=0.982, service_target=0.9,
        lost_units=float(series["expected_lost_units"].sum()), outage_periods=4, horizon=WEEKS.horizon, period_days=7,
        replications=200, seed=7,
    )  # fmt: skip


def _series(items: Sequence[str], stock: bool, vendors: Sequence[str]) -> pd.DataFrame:
    count, k = len(items), np.arange(len(items))
    weekly, fill = np.random.default_rng(5).lognormal(3, 0.8, count), 0.97 + 0.003 * (k % 9)
    on_hand = weekly * (np.resize([0.6, 2, 3, 4], count) if stock else 3.9)
    return pd.DataFrame(
        {
            "location_id": "main", "item_id": list(items),
            "vendor": [vendors[min(n % 6 // 3 + n % 2, len(vendors) - 1)] for n in range(count)],
            "demand": weekly * 13, "lead_time": 2, "on_hand": on_hand, "on_hand_assumed": not stock,
            "days_of_supply": 7 * on_hand / weekly, "days_of_supply_flag": "", "p_stockout": 0.35 + 0.05 * (k % 8),
            "p_stockout_se": 0.03, "fill_rate": fill, "expected_lost_units": weekly * 13 * (1 - fill),
            "order_up_to_level": weekly * 3.9, "safety_stock": weekly * 0.7, "down_lost_units": weekly * 2.5,
            "down_fill_rate": 0.8, "down_tts_p10": 1.0, "down_tts_p50": 2.0,
        }
    )  # fmt: skip


def _suppliers(series: pd.DataFrame) -> pd.DataFrame:
    by = series.groupby("vendor")
    lost, count = by["down_lost_units"].sum(), by.size()
    rows = pd.DataFrame(
        {
            "node": lost.index, "kind": "supplier", "share": (by["demand"].sum() / series["demand"].sum()).to_numpy(),
            "items": count.to_numpy(), "single_source_items": count.to_numpy(), "items_affected": count.to_numpy(),
            "lost_value": lost.to_numpy() * 2.5, "lost_units": lost.to_numpy(), "lost_units_se": 4.0, "fill_rate": 0.8,
            "network_fill_rate": 0.982 - (lost / series["demand"].sum()).to_numpy(), "tts_p10": 1.0, "tts_p50": 2.0,
        }
    )  # fmt: skip
    return rows.sort_values(["lost_units", "node"], ascending=[False, True], ignore_index=True)


def _service() -> pd.DataFrame:
    """An outage of four weeks: service falls to 57 % and is back a week later."""
    down = np.array([0.99, 0.98, 0.91, 0.76, 0.62, 0.57, *[0.98] * 7])
    base = np.array([0.985 - 0.004 * (k % 3) for k in range(WEEKS.horizon)])
    found = {"date": [(AS_OF + timedelta(weeks=k)).isoformat() for k in range(WEEKS.horizon)]}
    for name, mean, width in (("base", base, 0.015), ("down", down, 0.05), ("demand", np.full(WEEKS.horizon, 900.0), 90.0)):
        found |= {
            f"{name}_mean": mean,
            f"{name}_p10": mean - width,
            f"{name}_p90": mean + (width if name == "demand" else 0.01),
        }
    return pd.DataFrame(found)


def fan() -> Fan:
    weeks = [AS_OF + timedelta(weeks=k) for k in range(-26, 13)]
    level = [1200 + 220 * np.sin(k / 5) + 60 * np.cos(k * 1.7) for k in range(len(weeks))]
    past = tuple((day, float(units)) for day, units in zip(weeks[:26], level[:26], strict=True))
    return Fan(
        past, tuple((day, float(u), float(u * 0.88), float(u * 1.13)) for day, u in zip(weeks[26:], level[26:], strict=True))
    )


def quality() -> Quality:
    names = ("local", "shared", "mean", "combined")
    wapes = (0.243, 0.221, 0.214, 0.214)
    scores = {n: {"wape": w, "bias": 0.021, "wql": w * 0.8, "coverage": 0.78} for n, w in zip(names, wapes, strict=True)}
    origins = {"local": 0.251, "shared": 0.229, "mean": 0.222}
    return Quality(scores, "mean", "no candidate is clearly better than the mean of both", origins, 3, 0.262)


def facts(items: Sequence[str] = tuple(f"item-{k:03d}" for k in range(18)), **changes: Any) -> ReportFacts:
    """Complete facts of one participant; any field can be replaced."""
    usual: dict[str, Any] = {
        "network": "demo",
        "participant": "alder_foods",
        "round_id": "2026-11-24",
        "as_of": AS_OF,
        "calendar": WEEKS,
        "assumptions": Assumptions(),
        "deliveries": (
            Delivery(
                "demand",
                Verdict.ACCEPTED_IN_PART,
                17_520,
                12,
                "range",
                ("quantity must not be negative: 12 rows, first 4,211",),
            ),
            Delivery("items", Verdict.ACCEPTED, 18),
            Delivery("stock", Verdict.ACCEPTED, 720),
        ),
        "roster": RosterFacts(PARTNERS, PARTNERS[:3], 3, "closed", {"elm_grocers": "refused:schema"}),
        "seed": 7,
        "simulated": True,
        "quality": quality(),
        "simulation": simulation(items),
        "fan": fan(),
        "what_left": (
            Left("masked histogram sums", "nobody can read one partner's"),
            Left("verdict, row count, backtest errors", "coordinator"),
        ),
        "versions": {"decai_forecast": "0.1.0", "lightgbm": "4.7.0"},
    }
    return ReportFacts(**usual | changes)


def refused(**changes: Any) -> ReportFacts:
    """Facts of a participant whose demand was refused: no forecast, no simulation."""
    broken = Delivery("demand", Verdict.REFUSED, 5_000, 5_000, "schema", ("column quantity is missing",))
    roster = RosterFacts(PARTNERS, PARTNERS[1:], 3, "closed", {"alder_foods": "refused:schema"})
    return facts(deliveries=(broken,), roster=roster, quality=None, simulation=None, fan=None, what_left=(), **changes)


def whole(items: Sequence[str] = tuple(f"item-{k:03d}" for k in range(18)), *, currency: str = "EUR") -> Simulation:
    """A simulation with every optional part, in invented figures: two sites, three suppliers."""
    plain = simulation(items)
    series = plain.series.assign(location_id=["north" if k % 2 else "south" for k in range(len(plain.series))])
    return dataclasses.replace(
        plain,
        series=series,
        exposure=_nodes(plain.exposure),
        ripple=pd.DataFrame(
            [
                ("Delta Beverages", "north", 0.31),
                ("Delta Beverages", "south", 0.12),
                ("north", "north", 0.9),
                ("north", "south", 0.004),
            ],
            columns=["disrupted", "affected", "loss"],
        ),
        bullwhip=pd.DataFrame([("sites", 2, 1.83), ("suppliers", 3, float("nan"))], columns=["echelon", "nodes", "ratio"]),
        targets=targets_of(series),
        money=pd.DataFrame(
            {"forecast": ["own", "shared", "combined", "moving_average"], "cost": [912.0, 874.0, 861.0, 1043.0]}
        ),
        dos_path=pd.DataFrame(
            [
                (s, i, AS_OF + timedelta(weeks=k), 14.0 - 3 * k)
                for s, i in (("north", "item-001"), ("south", "item-000"))
                for k in range(3)
            ],
            columns=["location_id", "item_id", "date", "days"],
        ),
        assumptions=(
            Assumption("Lead time", "14 days for 3 of 18 items", True),
            Assumption("Opening stock", "of all items", False),
        ),
        currency=currency,
    )


def _nodes(exposure: pd.DataFrame) -> pd.DataFrame:
    """Suppliers with what the whole engine adds, and two sites."""
    site = exposure.iloc[[1]].assign(node="north", kind="site", share=0.6, single_source_items=0, lost_units=250.0)
    rows = pd.concat([exposure, site, site.assign(node="south", share=0.4, lost_units=90.0)], ignore_index=True)
    rows = rows.sort_values(["lost_units", "node"], ascending=[False, True], ignore_index=True)
    losses, count = rows["lost_units"], len(rows)
    return rows.assign(
        lost_value=losses * 4.2, node_ttr_days=28.0, rei=losses / losses.max(),
        service_recovery_days=[42.0] * (count - 1) + [np.nan],
        loss_of_service=losses / 60, max_depth=0.4, tts_lp_days=[9.4] + [np.nan] * (count - 1), pi_lp_units=losses * 0.7,
        pi_lp_value=losses * 2.9, rei_lp=(losses / losses.max()) ** 2,
    )  # fmt: skip


def targets_of(series: pd.DataFrame) -> pd.DataFrame:
    """Every second level a fifth higher, the others a tenth lower; all of them save money."""
    up = np.arange(len(series)) % 2 == 0
    now = series["order_up_to_level"]
    return series[["location_id", "item_id"]].assign(
        source=series["vendor"], position=now * 0.9, level_now=now, level_proposed=now * np.where(up, 1.2, 0.9),
        reorder_point=now * np.where(up, 1.2, 0.9),
        order_least=0.0, order_multiple=0.0, in_stock=0.97, stock_proposed=now * 0.3, review=1, lead=2,
        safety_stock=series["safety_stock"] * np.where(up, 1.5, 0.8),
        fill_rate_now=series["fill_rate"], fill_rate_proposed=np.minimum(series["fill_rate"] + 0.012, 1.0), csl=0.91,
        cost_now=now * 0.4, cost_proposed=now * np.where(up, 0.31, 0.36), service_type="F", service_target=0.985,
        reason="fill rate of 98.5 % by simulation",
    )  # fmt: skip


def complete(items: Sequence[str] = tuple(f"item-{k:03d}" for k in range(18)), **changes: Any) -> ReportFacts:
    """Facts with every part of a report: an earlier report, figures of the others, a whole simulation."""
    figures = [{"fill_rate": 0.9 + k / 100, "wape": 0.2 + k / 50} for k in range(6)]
    usual: dict[str, Any] = {
        "simulation": whole(items),
        "previous": build_report(
            facts(items, round_id="2026-11-17", simulation=dataclasses.replace(whole(items), fill_rate=0.93))
        ),
        "opted_in": True,
        "others": {"round": "2026-11-17", "measures": aggregate(figures)},
        "model": "shared-1f0c3a",
    }
    return facts(items, **usual | changes)
