"""The operator: a run of a Flower app, from its start to its end."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

from airflow.sdk import BaseOperator
from airflow.sdk.exceptions import AirflowException, AirflowFailException

from airflow_flower.control import Control, FlowerError, FlowerUnreachable, Run, RunState
from airflow_flower.hook import FlowerHook
from airflow_flower.link import RUN_URL, FlowerRunLink
from airflow_flower.messages import Value
from airflow_flower.trigger import FlowerRunTrigger

__all__ = ["FlowerRunOperator"]


class FlowerRunOperator(BaseOperator):
    """Starts a run of ``fab`` (a file that `flwr build` wrote) on a SuperLink and waits until it is over.

    ``run_config``: settings of the app that differ from its own. ``task_key``: the name of a setting of the app that this
    operator writes the task instance into (``dag/run/task/index``); with it a retry goes on with the run that an earlier try
    has started, instead of starting another one: Flower itself has no key against that. ``deferrable``: waits in the triggerer.

    Returns the run's id as text. A run that failed fails the task, which is tried again if it has retries left; one that
    somebody stopped fails it for good.
    """

    template_fields: Sequence[str] = ("fab", "run_config", "federation")
    operator_extra_links = (FlowerRunLink(),)
    ui_color: ClassVar[str] = "#f7e3a1"

    def __init__(
        self,
        *,
        fab: str,
        run_config: Mapping[str, Value] | None = None,
        federation: str = "",
        task_key: str = "",
        flower_conn_id: str = FlowerHook.default_conn_name,
        deferrable: bool = True,
        poll_seconds: float = 5.0,
        patience_seconds: float = 600.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.fab, self.run_config, self.federation = fab, dict(run_config or {}), federation
        self.task_key, self.flower_conn_id, self.deferrable = task_key, flower_conn_id, deferrable
        self.poll_seconds, self.patience_seconds = poll_seconds, patience_seconds
        self._run_id: int | None = None

    def execute(self, context: Any) -> str:
        """Starts the run, or goes on with that of an earlier try."""
        hook = FlowerHook(self.flower_conn_id)
        control = hook.get_conn()
        run_id = self._run_id = self._started(control, context["ti"])
        self.log.info("Flower run %s", run_id)
        for key in (RUN_URL, FlowerRunLink().xcom_key):  # Airflow makes the button when the task is over; here it waits
            context["ti"].xcom_push(key=key, value=hook.run_url(run_id))
        if self.deferrable:
            waiting = FlowerRunTrigger(self.flower_conn_id, str(run_id), self.poll_seconds, self.patience_seconds)
            self.defer(trigger=waiting, method_name="execute_complete")
        run = self._over(control, run_id)
        return _judged(str(run_id), run.state, run.details)

    def execute_complete(self, context: Any, event: Mapping[str, str]) -> str:
        """Goes on where the trigger ended."""
        return _judged(event["run_id"], event["state"], event["details"])

    def on_kill(self) -> None:
        """Stops the run while a worker waits for it; while the triggerer does, the trigger stops it."""
        if self._run_id is None:
            return
        try:
            FlowerHook(self.flower_conn_id).get_conn().stop(self._run_id)
        except FlowerError as error:  # it may be over already
            self.log.warning("run %s was not stopped: %s", self._run_id, error)

    def _started(self, control: Control, task: Any) -> int:
        """The run of this task instance: one that is not over, or has completed, or else a new one."""
        config = dict(self.run_config)
        if self.task_key:
            config[self.task_key] = name = f"{task.dag_id}/{task.run_id}/{task.task_id}/{task.map_index}"
            earlier = [run for run in control.runs() if run.config.get(self.task_key) == name and _goes_on(run)]
            if earlier:
                return max(earlier, key=lambda run: run.state is RunState.COMPLETED).run_id
        return control.start(Path(self.fab).read_bytes(), config, self.federation)

    def _over(self, control: Control, run_id: int) -> Run:
        heard = time.monotonic()
        while True:
            try:
                run = control.run(run_id)
                heard = time.monotonic()
                if run.state.is_over:
                    return run
            except FlowerUnreachable:
                if time.monotonic() - heard > self.patience_seconds:
                    raise
            time.sleep(self.poll_seconds)


def _goes_on(run: Run) -> bool:
    return not run.state.is_over or run.state is RunState.COMPLETED


def _judged(run_id: str, state: str, details: str) -> str:
    """The run's id, if it has completed."""
    text = f"Flower run {run_id} is {state}{': ' if details else ''}{details}"
    if state == RunState.COMPLETED:
        return run_id
    if state == RunState.STOPPED:
        raise AirflowFailException(f"{text}; somebody stopped it, so it is not started again")
    raise AirflowException(text)
