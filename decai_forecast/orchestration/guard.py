"""A listener of the scheduler: takes the lock of the home, so that no second Airflow starts the nights of one home twice."""

from __future__ import annotations

import logging
import sys
from contextlib import ExitStack
from typing import Any

from airflow.listeners import hookimpl

__all__ = ["on_starting"]

log = logging.getLogger(__name__)
JOBS = "airflow.jobs.job"  # a task, which is a fork of the scheduler, tells of its start, too
HELD = ExitStack()  # until the process ends


@hookimpl
def on_starting(component: Any) -> None:
    """A scheduler of a second Airflow in its home ends; Airflow would only log an Exception."""
    if "scheduler" not in sys.argv or type(component).__module__ != JOBS:
        return
    from decai_forecast.network import default_home
    from decai_forecast.orchestration.prepare import airflow_id
    from decai_forecast.upkeep import HomeInUse, hold

    try:
        HELD.enter_context(hold(default_home(), airflow_id(), "an Airflow"))
    except (HomeInUse, OSError) as error:
        log.error("%s", error)
        raise SystemExit(1) from None
