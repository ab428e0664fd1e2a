"""A company's round at a glance, from its own store: for its pages and the command line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from decai_forecast.contracts import Verdict
from decai_forecast.partner.context import PartnerContext
from decai_forecast.partner.quality import quality
from decai_forecast.partner.report_facts import RoundSteps
from decai_forecast.partner.spending import Cost, spending
from decai_forecast.reports.send import Book, outbox_key

__all__ = ["PartnerSummary", "Sent", "partner_summary"]


@dataclass(frozen=True)
class Sent:
    """What became of the report on its way to a target."""

    target: str
    kind: str
    status: str
    attempts: int
    code: str


@dataclass(frozen=True)
class PartnerSummary:
    """``checks``: verdict by data set; ``choice``: the candidate that ships; ``wape``: of each candidate over the test window;
    ``exposure``: the worst place; ``report``: where the page lies, empty without one; ``quality``: 0 to 100, of deliveries."""

    checks: Mapping[str, Verdict]
    choice: str
    wape: Mapping[str, float]
    exposure: str
    report: str
    sent: Sequence[Sent]
    privacy: Cost | None
    quality: float | None


def partner_summary(company: PartnerContext, round_id: str, *, scores: bool = True) -> PartnerSummary:
    """``scores``: reads the last 30 rounds for the quality of the deliveries."""
    store, steps = company.store, RoundSteps.of(company.store, round_id)
    report, combined = outbox_key(round_id, "report.html"), steps.combined
    return PartnerSummary(
        checks={name: facts.verdict for name, facts in steps.checked.facts.data_sets.items()} if steps.checked else {},
        choice=combined.facts.choice.name if combined else "",
        wape={name: scored.wape for name, scored in combined.facts.test.items()} if combined else {},
        exposure=steps.simulated.facts.exposure if steps.simulated else "",
        report=store.path(report) if store.exists(report) else "",
        sent=[Sent(e.target, e.kind, e.status, e.attempts, e.code) for e in Book(store).entries(round_id)],
        privacy=spending(store, round_id, company.privacy) if company.privacy else None,
        quality=quality(store, round_id) if scores else None,
    )
