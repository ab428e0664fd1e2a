"""What came over the link and this Airflow's DAGs have not heard of: at the coordinator deliveries, at a company what is
published."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from typing import Any, Protocol

from airflow.sdk import Asset

from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.errors import DecaiError, LinkError, MalformedMessage
from decai_forecast.link import SharedRound, State, Submission
from decai_forecast.network import Network
from decai_forecast.orchestration.emitted import claim, is_taken
from decai_forecast.orchestration.plan import DELIVERIES, SHARED
from decai_forecast.orchestration.role import Installation
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.round import round_at

__all__ = ["Arrival", "Arrivals", "Look", "Published", "Submitted", "arrivals_of", "in_words"]


@dataclass(frozen=True)
class Arrival:
    """``key``: the partition; ``round`` and ``name``: what it is called in the participant's store; ``extra``: for people."""

    key: str
    round: str
    name: str
    extra: Mapping[str, Any]


@dataclass(frozen=True)
class Look:
    """What one look at the link found. ``trouble``: what did not hold or did not answer; empty if all is well."""

    arrivals: tuple[Arrival, ...] = ()
    trouble: str = ""


class Arrivals(Protocol):
    """One house's view of the link. ``asset``: on which its partitions are emitted."""

    asset: Asset

    def look(self, run_id: str = "") -> Look:
        """What is there and was not emitted by another run than ``run_id``."""

    def claim(self, arrival: Arrival, run_id: str) -> bool:
        """Whether the run is to emit it (``emitted.py``)."""


@dataclass(frozen=True)
class Submitted(Arrivals):
    """At the coordinator: partitions ``partner|round`` of companies that are ready to train, of rounds that are open.

    ``closed``: rounds that need no second look, since none opens again; more are added.
    """

    coordinator: CoordinatorContext
    closed: set[str] = field(default_factory=set)
    asset: Asset = DELIVERIES

    def look(self, run_id: str = "") -> Look:
        arrivals = [one for round_id in self._open_rounds() for one in self._of_round(round_id)]
        return Look(tuple(one for one in arrivals if not is_taken(self.coordinator.store, one.round, one.name, run_id)))

    def claim(self, arrival: Arrival, run_id: str) -> bool:
        return claim(self.coordinator.store, arrival.round, arrival.name, run_id)

    def _open_rounds(self) -> list[str]:
        link = self.coordinator.link
        rounds = [round_id for round_id in link.rounds() if round_id not in self.closed]
        self.closed.update(round_id for round_id in rounds if link.closed(round_id))
        return [round_id for round_id in rounds if round_id not in self.closed]

    def _of_round(self, round_id: str) -> list[Arrival]:
        there = self.coordinator.link.submissions(round_id).submissions.values()
        return [_submitted(one) for one in there if one.state is State.READY]


def _submitted(one: Submission) -> Arrival:
    extra = {"rows": one.rows, "verdicts": {name: verdict.value for name, verdict in one.verdicts.items()}}
    return Arrival(f"{one.partner}|{one.round}", one.round, one.partner, extra)


@dataclass(frozen=True)
class Published(Arrivals):
    """At a company: partitions ``round`` of those of its rounds for which a shared forecaster was published. Closing a round
    publishes one, too, the last one."""

    company: PartnerContext
    zone: tzinfo
    asset: Asset = SHARED

    def look(self, run_id: str = "") -> Look:
        arrivals, trouble = list[Arrival](), ""
        for round_id in self._awaited(run_id):
            try:
                published = self.company.link.shared(round_id)
            except (LinkError, MalformedMessage) as error:
                trouble = in_words(error)
                if error.passes:  # it would not answer for the next round
                    break
            else:
                arrivals += [_published(published)] if published else []
        return Look(tuple(arrivals), trouble)

    def claim(self, arrival: Arrival, run_id: str) -> bool:
        return claim(self.company.store, arrival.round, arrival.name, run_id)

    def _awaited(self, run_id: str) -> list[str]:
        from decai_forecast.partner.awaited import awaited_rounds  # pandas: not when Airflow reads a DAG file

        rounds = awaited_rounds(self.company, round_at(self.zone, datetime.now(UTC)).as_of)
        return [round_id for round_id in rounds if not is_taken(self.company.store, round_id, SHARED.name, run_id)]


def _published(shared: SharedRound) -> Arrival:
    extra = {"as_of": shared.as_of.isoformat(), "status": shared.status.value}
    return Arrival(shared.round, shared.round, SHARED.name, extra)


def in_words(error: Exception) -> str:
    """What is wrong, in one line."""
    text = str(error) if isinstance(error, DecaiError) else f"{type(error).__name__}: {error}"
    return text.split("\n", 1)[0]


def arrivals_of(network: Network, here: Installation, closed: set[str] | None = None) -> Arrivals:
    """The view of the house that this Airflow belongs to; ``closed``: of earlier looks (:class:`Submitted`)."""
    if here.partner:
        return Published(partner_context(network, here.partner, once=True), network.zone)
    return Submitted(coordinator_context(network), set() if closed is None else closed)
