"""Flower's SuperNode, whose pauses between two looks for work are a fifth of the stock one's; it ends with its parent, waits
for its place where the SuperLink takes an earlier one for still there, and lets go of messages whose run has ended."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import grpc

PAUSE_SHARE = 0.2  # of 3 s without work, and of 0.5 s until the answer is there
PLACE = 90.0  # seconds; one that was killed is taken for gone after a minute, and before that no other one is let in


def _waiting(made: Callable[..., Any]) -> Callable[..., Any]:
    """Flower's own way to try again, which takes a place that is not free yet for a key that is not admitted."""

    def patient(*arguments: Any, **named: Any) -> Any:
        invoker = made(*arguments, **named)
        stock, end = invoker.should_giveup, time.monotonic() + PLACE
        invoker.should_giveup = lambda error: not (_taken(error) and time.monotonic() < end) and stock(error)
        return invoker

    return patient


def _taken(error: Any) -> bool:
    return error.code() is grpc.StatusCode.FAILED_PRECONDITION and "could not be activated" in str(error.details())


def _without_leftovers(pull: Callable[..., int | None]) -> Callable[..., int | None]:
    """Flower's own taking of a message. One whose run ends meanwhile leaves a task there, and the executor would wait for what
    belongs to it for over an hour; or the SuperNode itself waits for an answer, for ever."""
    from flwr.common.constant import Status, SubStatus

    def pulled(*, state: Any, **others: Any) -> int | None:
        made, create = list[int](), state.create_task

        def noted(*arguments: Any, **named: Any) -> int | None:
            task: int | None = create(*arguments, **named)
            made.extend([] if task is None else [task])
            return task

        state.create_task = noted
        try:
            run_id = pull(state=state, **others)
        finally:
            state.create_task = create
        for task in made if run_id is None else []:
            state.finish_task(task, sub_status=SubStatus.FAILED, details="its run has ended")  # the executor hears it at once
        found = state.get_tasks(task_ids=made, statuses=[Status.FINISHED]) if made else []
        return None if any(task.status.sub_status == SubStatus.FAILED for task in found) else run_id

    return pulled


def main() -> None:
    """Takes the arguments of ``flower-supernode``."""
    from flwr.supercore.app_utils import start_parent_process_monitor
    from flwr.supernode import start_client_internal
    from flwr.supernode.cli import flower_supernode

    start_client_internal.time = SimpleNamespace(sleep=lambda seconds: time.sleep(PAUSE_SHARE * seconds), time=time.time)
    start_client_internal._make_fleet_connection_retry_invoker = _waiting(
        start_client_internal._make_fleet_connection_retry_invoker
    )
    start_client_internal._pull_and_store_message = _without_leftovers(start_client_internal._pull_and_store_message)
    start_parent_process_monitor(os.getppid())
    flower_supernode()


if __name__ == "__main__":
    main()
