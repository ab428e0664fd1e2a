"""What a company's report of a round says, read from the finished steps and from what was published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

import pandas as pd

from decai_forecast.contracts import RuleOutcome, Verdict
from decai_forecast.errors import DecaiError
from decai_forecast.link import SharedRound
from decai_forecast.network import SEED
from decai_forecast.node_environment import versions_of
from decai_forecast.partner.briefing import briefing
from decai_forecast.partner.context import DEMAND, PartnerContext
from decai_forecast.partner.disclosure import disclosed
from decai_forecast.partner.facts import (
    CHECK,
    COMBINE,
    PULL,
    SIMULATE,
    TRAIN,
    WATCH,
    CheckFacts,
    CombineFacts,
    DataSetFacts,
    PullFacts,
    SimulateFacts,
    TrainFacts,
    WatchFacts,
)
from decai_forecast.partner.finished import accepted_frame
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.reports import Delivery, Fan, Quality, ReportFacts, RosterFacts
from decai_forecast.reports.send import outbox_key
from decai_forecast.round import Round, before
from decai_forecast.simulation import Simulation
from decai_forecast.steps import Done, read_done
from decai_forecast.store import Store

__all__ = ["RoundSteps", "facts_of"]

LIBRARIES = ("decai-forecast", "lightgbm", "prophet", "flwr", "great-expectations", "pandas")
HISTORY = 2  # horizons of past demand before the forecast, in the chart
BROKEN = 5  # rules of a data set that the report names
INFO = "info"  # severity of what is worth knowing, and breaks no verdict


@dataclass(frozen=True)
class RoundSteps:
    """The finished steps of a round; None of those that did not happen."""

    pulled: Done[PullFacts] | None
    checked: Done[CheckFacts] | None
    trained: Done[TrainFacts] | None
    watched: Done[WatchFacts] | None
    combined: Done[CombineFacts] | None
    simulated: Done[SimulateFacts] | None

    @classmethod
    def of(cls, store: Store, round_id: str) -> RoundSteps:
        """From a company's own store."""
        return cls(
            read_done(store, round_id, PULL), read_done(store, round_id, CHECK), read_done(store, round_id, TRAIN),
            read_done(store, round_id, WATCH), read_done(store, round_id, COMBINE), read_done(store, round_id, SIMULATE),
        )  # fmt: skip

    @property
    def inputs(self) -> list[str | None]:
        """What identifies the steps, as JSON."""
        steps = (self.pulled, self.checked, self.trained, self.watched, self.combined, self.simulated)
        return [step.inputs if step else None for step in steps]


def facts_of(company: PartnerContext, round: Round, steps: RoundSteps | None = None) -> ReportFacts:
    """Everything that the report says; :class:`DecaiError` before the round has published its shared forecaster.

    ``steps``: those finished, if they have been read already.
    """
    store, calendar = company.store, company.calendar
    steps = steps or RoundSteps.of(store, round.id)
    shared, settings = company.link.shared(round.id), company.report_settings()
    if shared is None:
        raise DecaiError(f"round {round.id} has no shared forecaster yet; federate or close the round first")
    combined, comparison = steps.combined, company.link.comparison(round.id)
    left = disclosed(store, company.partner, shared, company.privacy, figures=combined is not None and settings.compare)
    return ReportFacts(
        network=company.network, participant=company.partner, round_id=round.id, as_of=round.as_of, calendar=calendar,
        assumptions=company.assumptions, deliveries=_deliveries(store, round.id, steps), roster=_roster(shared),
        seed=SEED, simulated=company.simulated,
        quality=_quality(combined) if combined else None,
        simulation=Simulation.from_json(steps.simulated.json("simulation.json")) if steps.simulated else None,
        fan=_fan(steps.trained, combined, calendar.horizon),
        planning=briefing(calendar, steps.trained, steps.watched, combined) if steps.trained and combined else None,
        what_left=left, versions=versions_of(LIBRARIES),
        model=f"{combined.facts.choice.name}-{combined.inputs[:12]}" if combined else "",
        previous=_previous(store, round), opted_in=settings.compare,
        others=asdict(comparison) if comparison else None, units=_units(steps.checked) if steps.checked else {},
    )  # fmt: skip


def _previous(store: Store, round: Round) -> dict[str, Any] | None:
    """The company's last report before this round."""
    reports = [name for name in before(store.children("outbox"), round.id) if store.exists(outbox_key(name, "report.json"))]
    return store.read_json(outbox_key(reports[-1], "report.json")) if reports else None


def _deliveries(store: Store, round_id: str, steps: RoundSteps) -> list[Delivery]:
    checked, pulled = steps.checked, steps.pulled
    sets = sorted(checked.facts.data_sets.items()) if checked else []
    deliveries = [_delivery(checked, name, facts) for name, facts in sets if checked]
    if pulled is not None:
        missing = sorted(pulled.facts.missing.items())
        deliveries += [Delivery(name, Verdict.NOT_CHECKED, code=code) for name, code in missing]
    if not deliveries and (submission := kept_submission(store, round_id)) is not None:
        deliveries.append(Delivery(DEMAND, Verdict.NOT_CHECKED, code=submission.code))
    return deliveries


def _delivery(checked: Done[CheckFacts], name: str, facts: DataSetFacts) -> Delivery:
    results = checked.json(f"{name}.json")["results"]
    shown = [r for r in results if r["outcome"] not in (RuleOutcome.PASSED, RuleOutcome.SKIPPED)]
    broken, notes = ([_told(r) for r in shown if (r.get("severity") == INFO) is known] for known in (False, True))
    return Delivery(name, facts.verdict, facts.rows, facts.quarantined, facts.code, broken[:BROKEN], tuple(notes[:BROKEN]))


def _told(result: Mapping[str, Any]) -> str:
    return f"{result['text']} ({result['bad_rows']:,} rows)" if result["bad_rows"] else str(result["text"])


def _roster(shared: SharedRound) -> RosterFacts:
    absent = dict(shared.missing) | dict(shared.dropped)
    return RosterFacts(shared.expected, shared.members, shared.minimum, shared.status, absent, verdict=shared.verdict())


def _quality(combined: Done[CombineFacts]) -> Quality | None:
    facts, choice = combined.facts, combined.facts.choice
    if not facts.test:
        return None
    return Quality(
        {name: asdict(scores) for name, scores in facts.test.items()}, choice.name, ". ".join([choice.reason, *facts.refused]),
        choice.wape, choice.origins,
        naive_wape=facts.naive_wape, value_added=asdict(facts.value_added) if facts.value_added else None,
    )  # fmt: skip


def _fan(trained: Done[TrainFacts] | None, combined: Done[CombineFacts] | None, horizon: int) -> Fan | None:
    """Total demand: the last periods, and the forecast with the band of the company's total."""
    if trained is None or combined is None:
        return None
    past = trained.frame("table.parquet").groupby("date")["quantity"].sum()
    totals = combined.frame("hierarchy.parquet")
    ahead = totals[totals["level"] == "company"].sort_values("date").set_index("date")
    bands = zip(_points(ahead["mean"]), ahead["q10"].tolist(), ahead["q90"].tolist(), strict=True)
    return Fan(
        _points(past.sort_index().iloc[-HISTORY * horizon :]), [(day, units, low, high) for (day, units), low, high in bands]
    )


def _points(totals: pd.Series) -> Sequence[tuple[date, float]]:
    days = pd.DatetimeIndex(totals.index).date.tolist()
    return list(zip(days, totals.to_numpy(float).tolist(), strict=True))


def _units(checked: Done[CheckFacts]) -> dict[str, str]:
    """Item -> its unit, as far as the data set ``items`` says it."""
    items = accepted_frame(checked, "items")
    if items is None or "unit" not in items:
        return {}
    known = items.dropna(subset=["unit"]).drop_duplicates("item_id")
    return dict(zip(known["item_id"].astype(str), known["unit"].astype(str), strict=True))
