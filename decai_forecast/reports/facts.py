"""The facts a report is built from; whoever runs the round collects them, the report judges and words them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from decai_forecast.contracts import Verdict
from decai_forecast.demand.watch import Alarm
from decai_forecast.network import Assumptions
from decai_forecast.periods import Calendar
from decai_forecast.simulation import Simulation

__all__ = ["Delivery", "Fan", "Left", "Planning", "Quality", "ReportFacts", "RosterFacts"]


@dataclass(frozen=True)
class Delivery:
    """One data set as the contract check left it.

    ``broken``: the first broken rules, in words; ``notes``: what is worth knowing though none was broken, as rows held back.
    """

    data_set: str
    verdict: Verdict
    rows: int = 0
    quarantined: int = 0
    code: str = ""
    broken: Sequence[str] = ()
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class RosterFacts:
    """Who trained together; ``missing``: partner -> reason code; ``late``: delivered after the training began.

    ``verdict``: on the new shared forecaster against the last one, a sentence; empty where nothing was compared.
    """

    expected: Sequence[str]
    present: Sequence[str]
    minimum: int
    status: str
    missing: Mapping[str, str] = field(default_factory=dict)
    late: Sequence[str] = ()
    verdict: str = ""


@dataclass(frozen=True)
class Quality:
    """Forecast quality on the last horizon, which neither training nor choice has seen.

    ``scores``: ``local``, ``shared``, ``mean``, ``combined`` (the chosen one) -> ``wape``, ``bias``, ``wql``, ``coverage`` (as
    fractions); candidates that do not exist are left out. ``origins``: earlier mean error (WAPE) of each candidate at the
    origins the choice was made on.
    """

    scores: Mapping[str, Mapping[str, float]]
    choice: str
    reason: str
    origins: Mapping[str, float] = field(default_factory=dict)
    origin_count: int = 0
    naive_wape: float | None = None  # of a moving average on the same window
    value_added: Mapping[str, float | None] | None = None  # over it: units, share of its error; series, better, worse


@dataclass(frozen=True)
class Fan:
    """Total demand in units per period: ``history`` (date, units), ``forecast`` (date, mean, q10, q90)."""

    history: Sequence[tuple[date, float]]
    forecast: Sequence[tuple[date, float, float, float]]


@dataclass(frozen=True)
class Planning:
    """What a planner works with.

    ``alarms`` since the first day of ``since`` (ISO); ``drivers``: what moves the forecast (periods, share, total, items);
    ``totals``: level, name, units per period ``recent`` and ``ahead`` with q10 and q90 of the first period; ``first``: series
    without a history (location_id, item_id, units per period, reason), and in ``notes`` those that could not be forecast;
    ``overrides`` in force, and the ``scores`` of past ones. ``newcomer``: why the company could not train, empty if it did.
    """

    since: str
    alarms: Sequence[Alarm] = ()
    drivers: Mapping[str, Any] | None = None
    totals: Sequence[Mapping[str, Any]] = ()
    first: Sequence[Mapping[str, Any]] = ()
    notes: Sequence[str] = ()
    overrides: Sequence[Mapping[str, Any]] = ()
    scores: Sequence[Mapping[str, Any]] = ()
    newcomer: str = ""


@dataclass(frozen=True)
class Left:
    """Something that left the company this round, and who got it."""

    what: str
    to: str


@dataclass(frozen=True)
class ReportFacts:
    """Everything one participant's report of one round says; what is None did not happen, and the report says so."""

    network: str
    participant: str
    round_id: str
    as_of: date
    calendar: Calendar
    assumptions: Assumptions
    deliveries: Sequence[Delivery]
    roster: RosterFacts
    seed: int
    simulated: bool = False
    quality: Quality | None = None
    simulation: Simulation | None = None
    fan: Fan | None = None
    planning: Planning | None = None
    what_left: Sequence[Left] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    model: str = ""  # id of the forecaster in use: its digest
    previous: Mapping[str, Any] | None = None  # the participant's last report
    opted_in: bool = False  # gives its service and forecast error for the comparison
    others: Mapping[str, Any] | None = None  # the published comparison: round, measures
    units: Mapping[str, str] = field(default_factory=dict)  # item -> unit of measure, as far as it was delivered

    @property
    def usable(self) -> bool:
        """Whether there is an accepted delivery of demand."""
        return any(d.data_set == "demand" and d.verdict.counts for d in self.deliveries)
