"""A listener of the scheduler: loads the check's libraries once, before the LocalExecutor forks its workers.

Importing Great Expectations costs three to four CPU-seconds. Each task is a process of its own, forked from a worker, which
was forked from the scheduler: what the scheduler has imported, every task has, and pays nothing for it.
"""

from __future__ import annotations

import importlib
import logging
import sys
from typing import Any

from airflow.configuration import conf
from airflow.listeners import hookimpl

__all__ = ["on_starting"]

log = logging.getLogger(__name__)
JUDGE = "decai_forecast.contracts.check.gx"


@hookimpl
def on_starting(component: Any) -> None:  # noqa: ARG001  Airflow matches arguments by name, and its type is not set yet
    """Called when a part of Airflow starts; nothing happens in any but a scheduler with the LocalExecutor."""
    if "scheduler" not in sys.argv or "LocalExecutor" not in str(conf.get("core", "executor")):
        return
    try:
        importlib.import_module(JUDGE)
    except Exception:  # a task that has to import it itself says what is wrong; the scheduler must live
        log.warning("the check's libraries could not be loaded ahead", exc_info=True)
