"""Metrics of a round, through Airflow's own way to OpenTelemetry (``[metrics] otel_on``); nothing happens where that is off.

Queues and durations of tasks are Airflow's own. These are ours, with its prefix:

- ``decai.round.ready``, ``decai.round.silent``: partners that can train, and of whom nothing was heard, when training begins
- ``decai.training.seconds``, ``decai.training.members``, ``decai.training.dropped``
- ``decai.training.failed``: counted by the code of the fault
- ``decai.relay.sent``, ``decai.relay.received``: bytes of one company in the model that was last trained
- ``decai.link.waiting``, ``decai.link.trouble``: messages that were not emitted yet, and looks at the link that failed
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from airflow.sdk.observability import stats

from decai_forecast.coordinator.context import CoordinatorContext
from decai_forecast.coordinator.round_status import round_status
from decai_forecast.errors import DecaiError
from decai_forecast.link import SharedRound
from decai_forecast.orchestration.arrivals import Look

__all__ = ["count_look", "counted", "measure_round", "measure_training"]


def measure_round(coordinator: CoordinatorContext, round_id: str) -> None:
    """How many are there."""
    status, tags = round_status(coordinator, round_id), {"network": coordinator.network.name}
    stats.gauge("decai.round.ready", len(status.ready), tags=tags)
    stats.gauge("decai.round.silent", len(status.silent), tags=tags)


def measure_training(coordinator: CoordinatorContext, shared: SharedRound) -> None:
    """How the shared training went; its relay's bytes where the strategy tells of them."""
    tags = {"network": coordinator.network.name, "strategy": shared.strategy}
    stats.gauge("decai.training.seconds", shared.seconds, tags=tags)
    stats.gauge("decai.training.members", len(shared.members), tags=tags)
    stats.gauge("decai.training.dropped", len(shared.dropped), tags=tags)
    if (far := coordinator.link.progress(shared.round)) is not None:
        stats.gauge("decai.relay.sent", far.sent, tags=tags)
        stats.gauge("decai.relay.received", far.received, tags=tags)


@contextmanager
def counted(coordinator: CoordinatorContext) -> Iterator[None]:
    """Counts a shared training that fails; by the code only, a text may name files."""
    try:
        yield
    except DecaiError as error:
        stats.incr("decai.training.failed", tags={"network": coordinator.network.name, "code": error.code})
        raise


def count_look(look: Look) -> None:
    """A look of `watch_link`'s task at the link (the triggerer's process of triggers has no metrics in Airflow)."""
    stats.gauge("decai.link.waiting", len(look.arrivals))
    if look.trouble:
        stats.incr("decai.link.trouble")
