"""The bodies of the tasks: each calls one step of the round and turns an expected failure into a clear end of the task."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, replace
from functools import partial
from typing import Any, NoReturn

from airflow.sdk.exceptions import AirflowFailException, AirflowSkipException, AirflowTaskTimeout

from decai_forecast.coordinator.context import CoordinatorContext, coordinator_context
from decai_forecast.coordinator.heartbeat import TrainingElsewhere
from decai_forecast.coordinator.roster import round_of
from decai_forecast.errors import ConfigError, ContractError, DecaiError, LinkError, RoundClosed
from decai_forecast.link import ClosingStatus, State
from decai_forecast.network import Network
from decai_forecast.orchestration.connections import AirflowCredentials
from decai_forecast.orchestration.context import closing_round, delivery_round, partition_round
from decai_forecast.orchestration.emitted import claim
from decai_forecast.orchestration.log_context import about
from decai_forecast.orchestration.metrics import counted, measure_round, measure_training
from decai_forecast.orchestration.plan import DELIVERIES, SHARED, here
from decai_forecast.orchestration.plan import network as this_network
from decai_forecast.partner.context import PartnerContext, partner_context
from decai_forecast.partner.own_round import round_of_company
from decai_forecast.round import Round

__all__ = [
    "check",
    "close",
    "federate",
    "outcome",
    "plainly",
    "pull",
    "refuse_contract",
    "report",
    "simulate",
    "train",
    "what_if",
]


log = logging.getLogger(__name__)
LOOK = 2.0  # seconds between two looks at a training of another run
PASSING = (  # codes of faults that may pass by themselves
    "source_absent", "source_unreachable", "source_cut", "source_failed", "not_checked", "timeout",
)  # fmt: skip


class TookTooLong(DecaiError):
    """A task ran into its time limit."""

    code = "timeout"


class BrokenContract(ConfigError):
    """What the parser met in a contract file, as the plan has it."""

    code = ContractError.code


def _fail(message: str) -> NoReturn:
    """Ends the task for good, with its message as a line of the log."""
    for line in message.splitlines():
        log.error(line)
    raise AirflowFailException(message) from None


@contextmanager
def plainly() -> Iterator[None]:
    """An expected error ends the task at once (a bad file does not get better), with its message and no more."""
    try:
        yield
    except RoundClosed as error:
        raise AirflowSkipException(str(error)) from None
    except DecaiError as error:
        if error.passes:  # a task that has tries left is run again
            raise
        _fail(str(error))


@contextmanager
def _answering(company: PartnerContext, round: Round, context: Any) -> Iterator[None]:
    """Whatever ends this partner's delivery, the coordinator hears of it by its code: once no retry can mend it.

    An answer before that would settle the round, and the retry could no longer win its place in it.
    """
    try:
        yield
    except RoundClosed as error:
        raise AirflowSkipException(str(error)) from None
    except AirflowTaskTimeout:  # no Exception, so that no task catches it by mistake
        if _last_try(context):
            _give_up(company, round, TookTooLong(f"{company.partner}: a task of round {round.id} ran into its time limit"))
        raise
    except DecaiError as error:
        retried = error.passes or error.code in PASSING
        if not retried or _last_try(context):
            _give_up(company, round, error)
        if not retried:
            _fail(str(error))
        raise
    except Exception as error:
        if _last_try(context):
            _give_up(company, round, error)
        raise


def _give_up(company: PartnerContext, round: Round, error: BaseException) -> None:
    """The coordinator hears the code; where it cannot be reached it finds by itself that nothing came."""
    from decai_forecast.partner.submit import give_up

    try:
        give_up(company, round, error)
    except LinkError as deaf:
        log.error("the coordinator does not hear of it: %s", deaf)


def _last_try(context: Any) -> bool:
    """Airflow counts tries from 1; ``max_tries`` is the number of retries."""
    task = context["ti"]
    return bool(task.try_number > task.max_tries)


def _company(network: Network, partner: str) -> PartnerContext:
    """The partner's context, with the connections that Airflow keeps for it."""
    return replace(partner_context(network, partner), credentials=AirflowCredentials())


def _delivery(partner: str, context: Any) -> tuple[PartnerContext, Round]:
    """Whose delivery a task is part of, and for which round."""
    network = this_network()
    company = _company(network, partner)
    round = delivery_round(context, network, partial(round_of_company, company))
    about(round, partner)
    return company, round


def _reporting(partner: str, context: Any) -> tuple[PartnerContext, Round]:
    """Whose report a task is part of, and of which round."""
    network = this_network()
    company = _company(network, partner)
    round = partition_round(context, network, partial(round_of_company, company))
    about(round, partner)
    return company, round


def _closing(context: Any) -> tuple[CoordinatorContext, Round]:
    """The coordinator, and the round that is closed."""
    coordinator = coordinator_context(this_network())
    round = closing_round(context, coordinator.network, partial(round_of, coordinator))
    about(round)
    return coordinator, round


def pull(partner: str, context: Any) -> dict[str, Any]:
    """Gets the partner's delivery; a source that is not there yet, or was cut off, is worth the task's retry."""
    from decai_forecast.one_machine.introduce import introduce
    from decai_forecast.partner.pull import pull as step

    if not here().watches:  # a night's first task: from here on messages are signed
        introduce(this_network())
    company, round = _delivery(partner, context)
    with _answering(company, round, context):
        return dict(step(company, round).facts.rows)


def check(partner: str, context: Any) -> dict[str, Any]:
    """Checks the delivery against its contract; a refusal fails the task with the report's first lines.

    A check that could not be made is tried again; a rule of the partner's own that cannot run ends it at once.
    """
    from decai_forecast.partner.check import check as step

    company, round = _delivery(partner, context)
    with _answering(company, round, context):
        return {name: asdict(facts) for name, facts in step(company, round).facts.data_sets.items()}


def refuse_contract(partner: str, context: Any, problem: str) -> None:
    """The whole task of a partner whose contract file is broken: answers with the code, fails with file and line."""
    company, round = _delivery(partner, context)
    _give_up(company, round, BrokenContract(problem))
    _fail(problem)


def train(partner: str, context: Any) -> dict[str, Any]:
    """Trains the local models, answers the coordinator and emits the partition ``partner|round``."""
    from decai_forecast.partner.submit import ready, submit
    from decai_forecast.partner.train import train as step
    from decai_forecast.partner.watch import watch

    company, round = _delivery(partner, context)
    with _answering(company, round, context):
        step(company, round)
        watch(company, round)
        submission = ready(company, round)
    with plainly():
        submit(company, submission)
    if submission.state is State.NEWCOMER:  # no partition: it does not count for the quorum
        raise AirflowSkipException(f"{partner} is new: it receives the shared forecaster and has no part in training it")
    event = context["outlet_events"][DELIVERIES]
    event.extra = {"partner": partner, "round": round.id, "rows": submission.rows, "verdicts": dict(submission.verdicts)}
    event.add_partitions(f"{partner}|{round.id}")
    return event.extra  # type: ignore[no-any-return]  # Airflow's accessor is untyped


def federate(context: Any) -> dict[str, Any]:
    """Has the shared forecaster trained and emits the partition of the round; a second start is skipped.

    The training is a process of the node environment: Airflow's has no Flower.
    """
    from decai_forecast.coordinator.federate import published
    from decai_forecast.coordinator.training_process import federate_apart

    coordinator = coordinator_context(this_network())
    round = partition_round(context, coordinator.network, partial(round_of, coordinator))
    about(round)
    if not published(coordinator, round.id):
        measure_round(coordinator, round.id)
        with plainly(), _one_at_a_time(context), counted(coordinator):
            federate_apart(coordinator, round, print)
    return _emit_shared(context, coordinator, round)


@contextmanager
def _one_at_a_time(context: Any) -> Iterator[None]:
    """Where another run trains the round it is asked again, since that one may have been killed just now; then left to it."""
    try:
        yield
    except TrainingElsewhere as error:
        if _last_try(context):
            raise AirflowSkipException(str(error)) from None
        raise


def _emit_shared(context: Any, coordinator: CoordinatorContext, round: Round) -> dict[str, Any]:
    """Emits the round's partition once: by the run that is first, again if that was killed before Airflow knew."""
    shared = coordinator.link.shared(round.id)
    if shared is None or not claim(coordinator.store, round.id, SHARED.name, context["dag_run"].run_id):
        raise AirflowSkipException(f"round {round.id} has its shared forecaster")
    measure_training(coordinator, shared)
    event = context["outlet_events"][SHARED]
    event.extra = {"round": round.id, "as_of": round.as_of.isoformat(), "status": shared.status}
    event.add_partitions(round.id)
    return {"members": list(shared.members), "dropped": dict(shared.dropped), "seconds": shared.seconds}


def simulate(partner: str, context: Any) -> dict[str, Any]:
    """Simulates the partner's network, every supplier and site down in turn."""
    from decai_forecast.partner.simulate_step import simulate as step

    company, round = _reporting(partner, context)
    with plainly():
        return asdict(step(company, round).facts)


def report(partner: str, context: Any) -> str:
    """Writes the resilience report into the partner's outbox and sends it; what cannot be sent is owed, the log says why.

    Returns where it lies in the partner's store.
    """
    from decai_forecast.partner.report import hand_over, outbox_key

    company, round = _reporting(partner, context)
    with plainly():
        hand_over(company, round)
        return outbox_key(round.id, "report.html")


def what_if(partner: str, context: Any) -> dict[str, Any]:
    """Simulates what the run's form says, on the partner's last forecast; where its report lies and what it found."""
    from decai_forecast.partner.what_if import form_scenario, last_forecast
    from decai_forecast.partner.what_if import what_if as step

    params = context["params"]
    with plainly():
        company = partner_context(this_network(), partner)
        round, scenario = last_forecast(company, params["round"]), form_scenario(params)
        made = step(company, round, lambda _network: scenario, lambda done, of: print(f"{done} of {of} blocks simulated"))
    return {"round": round.id, "name": made.name, "summary": made.simulation.summary()}


def close(context: Any) -> dict[str, Any]:
    """Closes the round; where it had no shared training, publishes the last one, so that reports are written all the same."""
    from decai_forecast.coordinator.close import close as step
    from decai_forecast.coordinator.federate import training_over
    from decai_forecast.one_machine.seal import seal

    coordinator, named = _closing(context)
    while not training_over(coordinator, named.id):  # `federate` was killed, is tried again, and was before `train_shared`
        time.sleep(LOOK)
    round = round_of(coordinator, named.id)
    closing = step(coordinator, round)
    if not here().watches:
        seal(this_network(), round)
    with suppress(AirflowSkipException):
        _emit_shared(context, coordinator, round)
    return {"status": closing.status, "note": closing.note}


def outcome(context: Any) -> str:
    """The last word on the round: fails, with the reason, unless the partners trained together."""
    coordinator, round = _closing(context)
    closing = coordinator.link.closing(round.id)
    if closing is None or closing.status is not ClosingStatus.CLOSED:
        _fail(closing.note if closing else "the round could not be closed")
    return closing.note
