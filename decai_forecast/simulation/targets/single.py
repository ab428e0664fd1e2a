"""Stock targets of each site and item: the order-up-to level that reaches a service or costs least, found by simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from decai_forecast.columns import SERIES
from decai_forecast.errors import ConfigError
from decai_forecast.simulation.demand import INDEPENDENT, Dependence, Marginals, sample
from decai_forecast.simulation.engine.frame import Samples
from decai_forecast.simulation.network.graph import Floats
from decai_forecast.simulation.targets.policy import Held, Terms, hold, level_at, protected, share_covered

__all__ = ["Goal", "stock_targets"]

Kind = Literal["fill_rate", "cycle_service", "cost"]
CEILING, FLOOR = 0.999, 0.02  # probabilities that a level is looked for between
STEPS = 9  # halvings of the probability: to 0.002
GRID = np.array([0.3, 0.5, 0.6, 0.7, 0.775, 0.85, 0.9, 0.925, 0.95, 0.97, 0.985, 0.995])  # tried for the least cost
SERVICE = {"fill_rate": "F", "cycle_service": "A", "cost": "A"}  # the flag an ERP needs: fill rate, or cycle service
BLOCK = 2_000_000  # samples at a time
NOW = ("level_now", "fill_rate_now", "csl_now", "cost_now", "stock_now")
COLUMNS = (
    *SERIES, "level_now", "level_proposed", "safety_stock", "fill_rate_now", "fill_rate_proposed", "csl_now",
    "csl_proposed", "cost_now", "cost_proposed", "stock_now", "stock_proposed", "service_type", "service_target", "reason",
)  # fmt: skip
Draw = Callable[[int], Samples]


@dataclass(frozen=True)
class Goal:
    """``fill_rate`` or ``cycle_service`` with the share wanted (0..1), or ``cost``: the least holding and shortage cost."""

    kind: Kind = "cost"
    value: float = float("nan")

    def __post_init__(self) -> None:
        if self.kind not in SERVICE:
            raise ConfigError(f"stock target {self.kind!r} is not known; there are {', '.join(SERVICE)}")
        if self.kind != "cost" and not 0 < self.value < 1:
            raise ConfigError(f"a {self.kind} of {self.value} cannot be aimed at; give a share between 0 and 1, such as 0.95")


def stock_targets(
    law: Marginals,
    terms: Terms,
    goal: Goal,
    *,
    seed: int,
    horizon: int,
    season: int,
    replications: int = 200,
    dependence: Dependence = INDEPENDENT,
    level_now: Floats | None = None,
) -> pd.DataFrame:
    """One row per site and item with demand: location_id, item_id, level_now (NaN: unknown), level_proposed (of the first
    period), safety_stock (what it holds beyond the mean demand it protects), fill_rate_now, fill_rate_proposed, csl_now,
    csl_proposed (cycle service: share of protected demands covered), cost_now, cost_proposed (holding and shortage per period),
    stock_now, stock_proposed (mean units on hand), service_type (F fill rate, A cycle service), service_target (of the least
    cost: the cycle service that its level gives), reason.

    Levels are found on one set of samples and judged on another, the same for both policies. ``level_now``: [location, item]
    in units, held in every period. Proposed levels move with the forecast.
    """
    size = max(1, BLOCK // (len(law.locations) * (horizon + int(terms.span.max()) + 1) * replications))
    blocks = []
    for first in range(0, len(law.items), size):
        items = slice(first, first + size)
        own = Terms(terms.lead[:, items], terms.holding[:, items], terms.shortage[:, items], terms.review, terms.backorder)
        warm = int(own.span.max()) + 1
        draw = _drawn(law.only(items).through(horizon + warm, season).after(warm), dependence, seed, replications)
        now = None if level_now is None else level_now[:, items]
        blocks.append(_block(law.only(items), own, goal, draw, (warm, horizon), now))
    rows = pd.concat(blocks, ignore_index=True)
    return rows.sort_values(SERIES, ignore_index=True)


def _drawn(law: Marginals, dependence: Dependence, seed: int, replications: int) -> Draw:
    """The set of samples with that number: 0 is what happens, 1 what the levels are planned with."""
    return lambda number: sample(law, dependence, seed=seed + number, replications=range(replications))


def _block(law: Marginals, terms: Terms, goal: Goal, draw: Draw, times: tuple[int, int], now: Floats | None) -> pd.DataFrame:
    warm, horizon = times
    ordered = protected(plan := draw(1), terms, warm, horizon)
    probability = _probability(plan[:, :, : warm + horizon], ordered, terms, goal)
    proposed = level_at(ordered, probability)
    aim = share_covered(ordered, proposed) if goal.kind == "cost" else np.full(probability.shape, goal.value)
    safety = proposed[:, :, 0] - ordered[:, :, 0].mean(axis=2)
    happens = draw(0)
    covered, demand = protected(happens, terms, warm, horizon), happens[:, :, : warm + horizon]
    figures = {"level_proposed": proposed[:, :, 0], "safety_stock": safety} | _figures(
        proposed, demand, covered, terms, "proposed"
    )
    today = np.full(safety.shape, np.nan) if now is None else now
    known = np.isfinite(today)
    held = np.repeat(np.nan_to_num(today)[:, :, None], horizon, axis=2)
    before = {"level_now": today} | _figures(held, demand, covered, terms, "now") if known.any() else {}
    figures |= {name: np.where(known, before.get(name, np.nan), np.nan) for name in NOW}
    figures |= {
        "service_target": aim,
        "probability": probability,
        "critical": terms.shortage / (terms.shortage + terms.holding),
    }
    rows = _table(law, figures).assign(service_type=SERVICE[goal.kind])
    rows["reason"] = [_reason(goal, *pair) for pair in zip(rows["probability"], rows["critical"], strict=True)]
    return rows[demand.any(axis=(2, 3)).ravel()][list(COLUMNS)]


def _figures(level: Floats, demand: Samples, covered: Floats, terms: Terms, when: str) -> dict[str, Floats]:
    held = _held(level, demand, terms)
    figures = {"fill_rate": held.fill_rate, "csl": share_covered(covered, level), "cost": held.cost, "stock": held.on_hand}
    return {f"{name}_{when}": values for name, values in figures.items()}


def _held(level: Floats, demand: Samples, terms: Terms) -> Held:
    """The levels of the periods that count, the first one held in those before them too."""
    warm = demand.shape[2] - level.shape[2]
    return hold(np.concatenate([np.repeat(level[:, :, :1], warm, axis=2), level], axis=2), demand, terms, warm)


def _table(law: Marginals, figures: Mapping[str, Floats]) -> pd.DataFrame:
    place, item = (index.ravel() for index in np.indices((len(law.locations), len(law.items))))
    keys = {"location_id": np.array(law.locations)[place], "item_id": np.array(law.items)[item]}
    return pd.DataFrame(keys | {name: values.ravel() for name, values in figures.items()})


def _reason(goal: Goal, probability: float, critical: float) -> str:
    """Why this level, in words for the planner."""
    if goal.kind == "cost":
        return f"least holding and shortage cost, at a critical ratio of {critical:.0%}"
    if goal.kind == "cycle_service":
        return f"covers the demand it protects in {goal.value:.0%} of cycles"
    if probability >= CEILING:
        return f"the largest demand simulated, which falls short of serving {goal.value:.1%} from stock"
    return f"serves {goal.value:.1%} of demand from stock"


def _probability(demand: Samples, ordered: Floats, terms: Terms, goal: Goal) -> Floats:
    """[location, item]: the probability whose quantile of the protected demand is the level to hold."""
    if goal.kind == "cycle_service":
        return np.full(terms.lead.shape, goal.value)
    if goal.kind == "fill_rate":
        return _reaching(lambda a: _held(level_at(ordered, a), demand, terms).fill_rate, terms.lead.shape, goal.value)
    return _cheapest(lambda a: _held(level_at(ordered, a), demand, terms).cost, terms.lead.shape)


def _reaching(service: Callable[[Floats], Floats], shape: tuple[int, ...], wanted: float) -> Floats:
    """The least probability whose level reaches the service, by bisection: service grows with the level."""
    low, high = np.full(shape, FLOOR), np.full(shape, CEILING)
    for _ in range(STEPS):
        middle = (low + high) / 2
        enough = service(middle) >= wanted
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high


def _cheapest(cost: Callable[[Floats], Floats], shape: tuple[int, ...]) -> Floats:
    """The probability of GRID with the least cost, moved to the vertex of the parabola through it and its neighbours."""
    costs = np.stack([cost(np.full(shape, a)) for a in GRID])
    best = np.clip(costs.argmin(axis=0), 1, len(GRID) - 2)
    x, y = ([GRID[best + k] for k in (-1, 0, 1)], [np.take_along_axis(costs, (best + k)[None], axis=0)[0] for k in (-1, 0, 1)])
    below, above = (x[1] - x[0]) * (y[1] - y[2]), (x[1] - x[2]) * (y[1] - y[0])
    with np.errstate(divide="ignore", invalid="ignore"):
        vertex = x[1] - ((x[1] - x[0]) * below - (x[1] - x[2]) * above) / (2 * (below - above))
    return np.asarray(np.clip(np.where(np.isfinite(vertex), vertex, x[1]), x[0], x[2]))
