"""The steps of a company's night, in their order, and what each says of itself: the typed hand-over to the steps after it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from decai_forecast.contracts import Verdict
from decai_forecast.demand import Choice, Scores, SharedTreeCount, TreeCount
from decai_forecast.simulation.demand import Dependence
from decai_forecast.steps import Step

__all__ = [
    "CHECK",
    "COMBINE",
    "PULL",
    "REPORT",
    "SIMULATE",
    "TRAIN",
    "WATCH",
    "CheckFacts",
    "CombineFacts",
    "DataSetFacts",
    "First",
    "ForecastCost",
    "OverrideEffect",
    "OverrideScore",
    "PullFacts",
    "ReportFiles",
    "SimulateFacts",
    "TrainFacts",
    "ValueAdded",
    "WatchFacts",
]


@dataclass(frozen=True)
class PullFacts:
    """By data set: the digests of its contract and of what came; ``rows`` that came, of these ``unreadable``; ``held_back``:
    rows of the day of ``as_of`` and after; ``extra`` columns that no contract names; ``timed``: rows whose date carries a time.
    ``missing``: data set -> code of why it did not come."""

    as_of: date
    contracts: Mapping[str, str]
    deliveries: Mapping[str, str]
    missing: Mapping[str, str]
    rows: Mapping[str, int]
    held_back: Mapping[str, int]
    unreadable: Mapping[str, int]
    extra: Mapping[str, tuple[str, ...]]
    timed: Mapping[str, int]


@dataclass(frozen=True)
class DataSetFacts:
    """What the check of a data set came to: ``rows`` that came, of these ``quarantined``; ``code``: why it was not accepted."""

    verdict: Verdict
    rows: int
    quarantined: int
    code: str


@dataclass(frozen=True)
class CheckFacts:
    """By data set."""

    data_sets: Mapping[str, DataSetFacts]


@dataclass(frozen=True)
class TrainFacts:
    """``rows`` of accepted demand, ``series`` (items at locations), the ``cutoffs`` that have rows to forecast;
    ``tree_counts``: how many trees the own models got, by cut-off. ``newcomer``: why the company could not train; empty if it
    did."""

    rows: int
    series: int
    cutoffs: tuple[date, ...]
    tree_counts: Mapping[date, TreeCount] = field(default_factory=dict)
    newcomer: str = ""


@dataclass(frozen=True)
class WatchFacts:
    """``alarms``: how many of each kind, from the day ``since`` on; ``nights``: earlier forecasts that bias is judged by."""

    since: date
    nights: int
    alarms: Mapping[str, int]


@dataclass(frozen=True)
class ValueAdded:
    """Over a moving average: units, and as a share of its error; of so many ``series`` so many are better and worse."""

    units: float
    share: float | None
    series: int
    better: int
    worse: int


@dataclass(frozen=True)
class ForecastCost:
    """What ordering by a forecast had cost over the test window (:func:`decai_forecast.simulation.targets.forecast_money`)."""

    forecast: str
    series: int
    cost: float
    stock: float
    lost: float
    fill_rate: float
    saved: float
    saved_share: float | None
    better: int
    worse: int
    in_money: bool


@dataclass(frozen=True)
class First:
    """A series without a history: mean units per period, and what they were taken from."""

    location_id: str
    item_id: str
    units: float
    reason: str


@dataclass(frozen=True)
class OverrideEffect:
    """An override of a planner in this forecast: the ``rows`` in which it is in force, and their units (sums of medians) as the
    model made them and as they ship."""

    id: str
    location_id: str
    item_id: str
    first: date
    last: date
    reason: str
    who: str
    when: str
    value: float | None
    factor: float | None
    rows: int
    model_units: float
    shipped_units: float


@dataclass(frozen=True)
class OverrideScore:
    """What an override of an earlier round added, once sales are known: absolute errors of the median in units over so many
    ``rows``, without and with it (:func:`decai_forecast.demand.overrides.score_overrides`)."""

    override: str
    location_id: str
    item_id: str
    first: date
    last: date
    who: str
    reason: str
    rows: int
    loss_untouched: float
    loss_override: float
    fva: float
    pinball_gain: float


@dataclass(frozen=True)
class CombineFacts:
    """The company's forecast: its first period ``cutoff``, the ``choice`` among the candidates and how many of the shared trees
    it uses (``shared_tree_count``), the scores of each candidate over the test window (``combined``: of the choice), what it
    adds over a moving average and what that is worth, how demand moves together, first forecasts, and overrides; ``refused``:
    why shared forecasters were not used, a sentence each."""

    cutoff: date
    choice: Choice
    shared_tree_count: SharedTreeCount
    series: int
    dependence: Dependence
    test: Mapping[str, Scores] = field(default_factory=dict)
    naive_wape: float | None = None
    value_added: ValueAdded | None = None
    costs: tuple[ForecastCost, ...] = ()
    first: tuple[First, ...] = ()
    not_forecast: tuple[str, ...] = ()
    overrides: tuple[OverrideEffect, ...] = ()
    override_scores: tuple[OverrideScore, ...] = ()
    refused: tuple[str, ...] = ()


@dataclass(frozen=True)
class SimulateFacts:
    """``exposure``: the place that costs most when it is down, and the share of demand served without and with that."""

    exposure: str
    stock_delivered: bool
    items_delivered: bool


@dataclass(frozen=True)
class ReportFiles:
    """File -> bytes."""

    sizes: Mapping[str, int]


MODELS = ("lightgbm", "prophet")  # whose versions change forecasts
PULL = Step("pull", PullFacts)
CHECK = Step("check", CheckFacts, libraries=("great-expectations", "duckdb"))
TRAIN = Step("train", TrainFacts, edition=3, libraries=MODELS)
WATCH = Step("watch", WatchFacts, edition=3)
COMBINE = Step("combine", CombineFacts, edition=3, libraries=MODELS)
SIMULATE = Step("simulate", SimulateFacts, edition=7, libraries=("numba",))
REPORT = Step("report", ReportFiles, edition=2, libraries=("matplotlib",))
