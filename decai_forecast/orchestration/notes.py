"""A listener of the scheduler: writes into the note of a coordinator's run who took part, who is missing and why; into that of
a partner's delivery how many alarms it raised."""

from __future__ import annotations

import logging
from typing import Any

from airflow.listeners import hookimpl

log = logging.getLogger(__name__)
COORDINATOR_DAGS = ("federate", "close_round")


@hookimpl
def on_dag_run_success(dag_run: Any, msg: str) -> None:  # noqa: ARG001  Airflow matches arguments by name
    _note(dag_run)


@hookimpl
def on_dag_run_failed(dag_run: Any, msg: str) -> None:  # noqa: ARG001  Airflow matches arguments by name
    _note(dag_run)


def _note(dag_run: Any) -> None:
    kind, _, partner = dag_run.dag_id.partition("_")
    if (dag_run.dag_id not in COORDINATOR_DAGS and kind != "deliver") or dag_run.note:
        return
    from decai_forecast.coordinator.close import note_of_round
    from decai_forecast.coordinator.context import coordinator_context
    from decai_forecast.errors import DecaiError
    from decai_forecast.orchestration.context import round_of_run
    from decai_forecast.orchestration.last_good import network_now
    from decai_forecast.partner.context import partner_context
    from decai_forecast.partner.watch import note_of_alarms

    try:
        network = network_now()
        round_id = round_of_run(network, dag_run)
        if kind == "deliver":  # the partner's own run: what its alarms are about stays in its report
            dag_run.note = note_of_alarms(partner_context(network, partner).store, round_id) or None
        else:
            dag_run.note = note_of_round(coordinator_context(network), round_id)
    except (DecaiError, OSError) as error:  # a note is not worth a scheduler
        log.warning("no note for %s: %s", dag_run.run_id, error)
