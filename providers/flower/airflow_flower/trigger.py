"""Waits for a run in Airflow's triggerer, which holds no worker."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

from airflow.triggers.base import BaseTrigger, TriggerEvent

from airflow_flower.control import FlowerError, FlowerUnreachable, Run
from airflow_flower.hook import FlowerHook

__all__ = ["FlowerRunTrigger"]


class FlowerRunTrigger(BaseTrigger):
    """Asks every ``poll_seconds`` how run ``run_id`` stands (text: it may be larger than the numbers of JSON's readers).

    Its one event has ``run_id``, ``state`` and ``details``; ``state`` is ``lost`` where the SuperLink was silent for longer
    than ``patience_seconds``, or knows no such run.
    """

    def __init__(self, flower_conn_id: str, run_id: str, poll_seconds: float = 5.0, patience_seconds: float = 600.0) -> None:
        super().__init__()
        self.flower_conn_id, self.run_id = flower_conn_id, run_id
        self.poll_seconds, self.patience_seconds = poll_seconds, patience_seconds

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What another triggerer goes on with."""
        return f"{type(self).__module__}.{type(self).__qualname__}", {
            "flower_conn_id": self.flower_conn_id, "run_id": self.run_id,
            "poll_seconds": self.poll_seconds, "patience_seconds": self.patience_seconds,
        }  # fmt: skip

    async def run(self) -> AsyncIterator[TriggerEvent]:
        heard = time.monotonic()
        while True:
            try:
                run = await asyncio.to_thread(self._look)
            except FlowerUnreachable as error:
                if time.monotonic() - heard > self.patience_seconds:
                    yield self._event("lost", str(error))
                    return
            except FlowerError as error:
                yield self._event("lost", str(error))
                return
            else:
                heard = time.monotonic()
                if run.state.is_over:
                    yield self._event(run.state, run.details)
                    return
            await asyncio.sleep(self.poll_seconds)

    async def on_kill(self) -> None:
        """Somebody ended the task while it waited: the run ends, too."""
        try:
            await asyncio.to_thread(self._stop)
        except FlowerError as error:
            self.log.warning("run %s was not stopped: %s", self.run_id, error)

    def _look(self) -> Run:
        return FlowerHook(self.flower_conn_id).get_conn().run(int(self.run_id))

    def _stop(self) -> bool:
        return FlowerHook(self.flower_conn_id).get_conn().stop(int(self.run_id))

    def _event(self, state: str, details: str) -> TriggerEvent:
        return TriggerEvent({"run_id": self.run_id, "state": str(state), "details": details})
