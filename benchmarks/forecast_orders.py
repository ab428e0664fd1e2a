"""What ordering by a forecast costs: orders are simulated over each test window, with the terms of a public contest.

Every period an item is reviewed; what is ordered arrives ``LEAD`` periods later; what is missing is lost. A unit that is left
over costs ``HOLDING`` a period, a missing one ``SHORTAGE``. All models begin with the same stock, so only periods that their
orders reach are counted. Two rules turn a forecast into a level to order up to, for the periods until the next order arrives:

- ``cover``: the sum of the means, and a period's mean more;
- ``buffer``: the sum of the means and a buffer from the spread up to q90, as if periods were independent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from harness import figure

__all__ = ["RULES", "order_costs", "order_figures", "order_rows"]

LEAD, HOLDING, SHORTAGE = 2, 0.2, 1.0
PROTECTED = LEAD + 1  # periods that an order has to last for: until the one of the next review arrives
POOLED, MARGIN = "direct_pooled", 0.97  # the peer to be below by so much
SERVICE = NormalDist().inv_cdf(SHORTAGE / (SHORTAGE + HOLDING)) / NormalDist().inv_cdf(0.9)  # of the spread up to q90
Floats = npt.NDArray[np.float64]
Rule = Callable[[Floats, Floats], Floats]


def _cover(mean: Floats, high: Floats) -> Floats:
    del high  # every rule is asked alike; this one goes by the mean alone
    return mean.sum(axis=1) * (1 + 1 / mean.shape[1])


def _buffer(mean: Floats, high: Floats) -> Floats:
    return mean.sum(axis=1) + SERVICE * np.sqrt((np.maximum(high - mean, 0) ** 2).sum(axis=1))


RULES: Mapping[str, Rule] = {"cover": _cover, "buffer": _buffer}


def order_costs(rows: pd.DataFrame, rule: str) -> pd.DataFrame:
    """``partner``, ``cost``, ``actual`` (units) of each series and origin whose whole window is known.

    ``rows``: ``partner``, ``unique_id``, ``origin``, ``date``, ``actual``, ``mean``, ``q90`` and ``recent``, what it sells in a
    period as of the origin: its stock, on hand and in each delivery on its way.
    """
    rows = rows.sort_values(["origin", "unique_id", "date"])
    sizes = rows.groupby(["origin", "unique_id"], sort=False)["actual"].transform("count")
    horizon = int(sizes.max())
    whole = rows[sizes == horizon]
    actual, mean, high, recent = (
        whole[name].to_numpy(float).reshape(-1, horizon) for name in ("actual", "mean", "q90", "recent")
    )
    cost = _simulated(actual, mean, high, recent[:, 0], RULES[rule])
    partner = whole["partner"].to_numpy().reshape(-1, horizon)[:, 0]
    return pd.DataFrame({"partner": partner, "cost": cost, "actual": actual[:, LEAD:].sum(axis=1)})


def _simulated(actual: Floats, mean: Floats, high: Floats, start: Floats, rule: Rule) -> Floats:
    hand, coming, cost = start.copy(), [start.copy() for _ in range(LEAD)], np.zeros(len(start))
    for period in range(actual.shape[1]):
        ahead = slice(period, period + PROTECTED)
        last = period + PROTECTED > actual.shape[1]  # what is ordered then arrives after the window
        level = np.zeros(len(start)) if last else rule(mean[:, ahead], high[:, ahead])
        coming.append(np.maximum(0, np.rint(level - hand - np.sum(coming, axis=0))))
        hand = hand + coming.pop(0)
        missing = np.maximum(0, actual[:, period] - hand)
        hand = np.maximum(0, hand - actual[:, period])
        if period >= LEAD:
            cost += HOLDING * hand + SHORTAGE * missing
    return cost


def order_rows(common: pd.DataFrame, models: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """``model``, ``rule``, ``by_partner`` (mean of the partners' costs per unit sold), ``all`` (over all rows together).

    ``common``: the rows to order for, with ``recent``; ``models``: name -> forecasts of these.
    """
    keys, found = ["partner", "unique_id", "date", "origin"], []
    for model, frame in models.items():
        own = frame.rename(columns={"ds": "date"})[[*keys, "mean", "q90"]]
        rows = common[[*keys, "actual", "recent"]].merge(own, on=keys)
        for rule in RULES:
            each = order_costs(rows, rule).groupby("partner")[["cost", "actual"]].sum()
            sold = each[each["actual"] > 0]
            by_partner, every = (sold["cost"] / sold["actual"]).mean(), sold["cost"].sum() / sold["actual"].sum()
            found.append({"model": model, "rule": rule, "by_partner": by_partner, "all": every})
    return pd.DataFrame(found)


def order_figures(name: str, costs: pd.DataFrame, ours: tuple[str, ...]) -> list[dict[str, Any]]:
    """Figure 6: dearer than no peer, by rule, per company and over all rows; below the pooled peer by ``MARGIN``."""
    out = []
    for (rule, of), table in [((r, of), t) for r, t in costs.groupby("rule") for of in ("by_partner", "all")]:
        cost = table.set_index("model")[of]
        for peer in sorted(set(cost.index) - set(ours)):
            most = MARGIN if peer == POOLED else 1.0
            told = f"below {most:g} x" if most < 1 else "below"
            title = f"6-order_cost_{rule}_{of}_against_{peer}-{name}"
            holds = bool(cost["combined"] < most * cost[peer])
            out.append(figure(title, float(cost["combined"]), "per unit sold", peer, round(float(cost[peer]), 4), told, holds))
    return out
