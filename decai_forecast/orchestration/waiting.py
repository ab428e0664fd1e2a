"""Waiting without a worker: the roster waits for the partners, a report waits for its partner's own delivery.

What a coordinator's task waits for is in the coordinator's house, what a company's waits for in the company's.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from types import MappingProxyType
from typing import Any

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException
from airflow.triggers.base import BaseTrigger, TriggerEvent

from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.coordinator.federate import published
from decai_forecast.coordinator.federate import training_over as nobody_trains
from decai_forecast.coordinator.roster import read_roster, round_of, settle
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.errors import BelowQuorum, LinkError
from decai_forecast.network import Network
from decai_forecast.orchestration.context import closing_round, partition_round
from decai_forecast.orchestration.plan import network as this_network
from decai_forecast.orchestration.tasks import plainly
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.own_round import is_served, round_of_company
from decai_forecast.partner.own_submission import kept_submission
from decai_forecast.round import Round

__all__ = ["RETRIED", "OwnDelivery", "RosterWritten", "RoundTrigger", "SettleRoster"]

log = logging.getLogger(__name__)
POLL, POLL_APART = 2.0, 10.0  # seconds between looks into a folder, and at a coordinator on another host
# Of a task of the coordinator or one that waits: while the api-server is away for minutes every try ends before it has begun.
RETRIED: Mapping[str, Any] = MappingProxyType(
    {
        "retries": 8,
        "retry_delay": timedelta(seconds=10),
        "retry_exponential_backoff": 2.0,
        "max_retry_delay": timedelta(minutes=2),
    }
)
LONGEST = timedelta(hours=12)  # a round that is not over by then never will be


def all_answered(network: Network, round_id: str) -> bool:
    """The roster is written, or every partner has answered."""
    coordinator = coordinator_context(network)
    return read_roster(coordinator, round_id) is not None or round_status(coordinator, round_id).settled


def training_over(network: Network, round_id: str) -> bool:
    """The round has its shared forecaster, or nobody trains it: whoever was killed is not waited for."""
    return nobody_trains(coordinator_context(network), round_id)


def answered(network: Network, round_id: str, partner: str) -> bool:
    """The partner delivered or failed, or the round is closed and it did neither."""
    company = partner_context(network, partner, once=True)
    return kept_submission(company.store, round_id) is not None or company.link.closed(round_id)


CONDITIONS: dict[str, Callable[..., bool]] = {
    "all_answered": all_answered,
    "training_over": training_over,
    "answered": answered,
}


class RoundTrigger(BaseTrigger):
    """Fires when the named condition of the round holds, or at ``until`` (ISO 8601, UTC)."""

    def __init__(self, condition: str, round_id: str, until: str, arguments: list[str] | None = None) -> None:
        super().__init__()
        self.condition, self.round_id, self.until, self.arguments = condition, round_id, until, arguments or []

    def serialize(self) -> tuple[str, dict[str, Any]]:
        state = {"condition": self.condition, "round_id": self.round_id, "until": self.until, "arguments": self.arguments}
        return f"{type(self).__module__}.{type(self).__qualname__}", state

    async def run(self) -> AsyncIterator[TriggerEvent]:
        network, end = this_network(), datetime.fromisoformat(self.until)
        pause = POLL if network.link.way == "folder" else POLL_APART
        while not (met := await asyncio.to_thread(self._holds, network)) and datetime.now(UTC) < end:
            await asyncio.sleep(pause)
        yield TriggerEvent({"met": met})

    def _holds(self, network: Network) -> bool:
        """Whoever cannot be asked has not answered yet."""
        try:
            return CONDITIONS[self.condition](network, self.round_id, *self.arguments)
        except LinkError as error:
            if not error.passes:
                raise
            log.warning("%s; it is asked again", error)
            return False


def _defer(task: BaseOperator, condition: str, round_id: str, wait: timedelta, arguments: list[str] | None = None) -> None:
    until = (datetime.now(UTC) + wait).isoformat()
    trigger = RoundTrigger(condition, round_id, until, arguments)
    task.defer(trigger=trigger, method_name="resume", timeout=wait + timedelta(minutes=10))


class Waiting(BaseOperator):
    """A task that gives its worker back while it waits, and may be run again.

    A task that goes on within seconds can be queued before the scheduler has heard that its first part ended; Airflow then
    takes it for killed and fails it. A further try finds what is written and goes on.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{**RETRIED, **kwargs})


class RosterWritten(Waiting):
    """First task of ``federate``: started at the quorum, it waits until all have come or the grace has passed."""

    def execute(self, context: Any) -> dict[str, Any]:
        coordinator = coordinator_context(this_network())
        round = _training_round(context, coordinator)
        if (roster := _start(coordinator, round, grace_over=False)) is None:
            _defer(self, "all_answered", round.id, timedelta(minutes=coordinator.network.grace_minutes))
        return roster or {}

    def resume(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        coordinator = coordinator_context(this_network())
        roster = _start(coordinator, _training_round(context, coordinator), grace_over=True)
        if roster is None:
            raise AirflowFailException("the quorum was reached and lost again; close_round will close this round")
        return roster


class SettleRoster(Waiting):
    """First task of ``close_round``: the deadline. Below quorum it is skipped, and so is the training."""

    def execute(self, context: Any) -> dict[str, Any]:
        coordinator = coordinator_context(this_network())
        round = _closing_round(context, coordinator)
        others = read_roster(coordinator, round.id) is not None
        roster = _start(coordinator, round, grace_over=True)
        if roster is None:
            raise AirflowSkipException(f"round {round.id} is below quorum")
        if others and not published(coordinator, round.id):
            _defer(self, "training_over", round.id, LONGEST)  # `federate` may still be training
        return roster

    def resume(self, context: Any, event: dict[str, Any]) -> dict[str, Any]:
        coordinator = coordinator_context(this_network())
        return _start(coordinator, _closing_round(context, coordinator), grace_over=True) or {}


class OwnDelivery(Waiting):
    """First task of ``report_<partner>``: goes on with the partner's delivery, waits for a late one, skips without one."""

    def __init__(self, *, partner: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.partner = partner

    def execute(self, context: Any) -> str:
        network = this_network()
        round = self._round(context, network)
        if not answered(network, round.id, self.partner):
            _defer(self, "answered", round.id, LONGEST, [self.partner])
        return _combined(partner_context(network, self.partner), round)

    def resume(self, context: Any, event: dict[str, Any]) -> str:
        network = this_network()
        return _combined(partner_context(network, self.partner), self._round(context, network))

    def _round(self, context: Any, network: Network) -> Round:
        return partition_round(context, network, partial(round_of_company, partner_context(network, self.partner)))


def _combined(company: PartnerContext, round: Round) -> str:
    from decai_forecast.partner.combine import can_forecast, combine

    if not is_served(company, round.id):
        raise AirflowSkipException(f"{company.partner} has no accepted delivery in round {round.id}; its report says so")
    with plainly():
        if can_forecast(company, round):
            return combine(company, round).facts.choice.name
    raise AirflowSkipException(f"{company.partner} is new, and there is no shared forecaster that it uses; its report says so")


def _start(coordinator: CoordinatorContext, round: Round, *, grace_over: bool) -> dict[str, Any] | None:
    try:
        roster = settle(coordinator, round, grace_over=grace_over)
    except BelowQuorum:
        return None
    return {"members": sorted(roster.members), "missing": dict(roster.missing)} if roster else None


def _training_round(context: Any, coordinator: CoordinatorContext) -> Round:
    return partition_round(context, coordinator.network, partial(round_of, coordinator))


def _closing_round(context: Any, coordinator: CoordinatorContext) -> Round:
    return closing_round(context, coordinator.network, partial(round_of, coordinator))
