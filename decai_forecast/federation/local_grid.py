"""Flower in one process: the same ServerApp and ClientApp, with Flower's own serialisation and no sockets.

Every message is deflated and inflated exactly as SuperLink and SuperNode do, so what cannot be sent fails here too.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, no_object_id_recompute
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents
from flwr.supercore.run import Run

from decai_forecast.federation.codes import CLIENT_FAILED, code_of

__all__ = ["LocalGrid"]

POLL = 0.005  # seconds between looks for finished work
SERVER_NODE = 1


def over_the_wire(message: Message) -> tuple[Message, int]:
    """The message as the other side gets it, and its size in bytes."""
    with no_object_id_recompute():  # hash each object once
        object_id = message.object_id
        objects = {key: item.deflate() for key, item in get_all_nested_objects(message).items()}
    received = inflate_object_from_contents(object_id, dict(objects))
    received.metadata.__dict__["_message_id"] = object_id
    return received, sum(len(data) for data in objects.values())


class LocalGrid(Grid):
    """A grid of ``len(node_configs)`` nodes; ``workers`` of them work at the same time."""

    def __init__(
        self, client: ClientApp, node_configs: Sequence[dict[str, Any]], run_config: dict[str, Any], *, workers: int
    ) -> None:
        self._client, self._run = client, Run.create_empty(run_id=1)
        self._contexts = {
            1000 + k: Context(run_id=1, node_id=1000 + k, node_config=config, state=RecordDict(), run_config=dict(run_config))
            for k, config in enumerate(node_configs)
        }
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="node")
        self._open: dict[str, Future[tuple[Message, int]]] = {}
        self.traffic = 0

    def __enter__(self) -> LocalGrid:
        return self

    def __exit__(self, *error: object) -> None:
        self._pool.shutdown(cancel_futures=True)

    @property
    def run(self) -> Run:
        return self._run

    def set_run(self, run: Run) -> None:
        self._run = run

    def create_message(
        self, content: RecordDict, message_type: str, dst_node_id: int, group_id: str, ttl: float | None = None
    ) -> Message:
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        return list(self._contexts)

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        ids = []
        for message in messages:
            message.metadata.__dict__.update(_run_id=self._run.run_id, _src_node_id=SERVER_NODE)
            message.metadata.__dict__["_message_id"] = message.object_id
            sent, size = over_the_wire(message)
            self.traffic += size
            ids.append(sent.metadata.message_id)
            self._open[ids[-1]] = self._pool.submit(self._answer, sent)
        return ids

    def _answer(self, message: Message) -> tuple[Message, int]:
        try:
            return over_the_wire(self._client(message, self._contexts[message.metadata.dst_node_id]))
        except Exception as error:  # a node's failure is an answer; what leaves is a code, never its text
            return over_the_wire(Message(Error(code=CLIENT_FAILED, reason=code_of(error)), reply_to=message))

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        done = [key for key in list(message_ids) if key in self._open and self._open[key].done()]
        answers = [self._open.pop(key).result() for key in done]
        self.traffic += sum(size for _, size in answers)
        return [message for message, _ in answers]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """All answers that come within ``timeout`` seconds; who is late is simply not among them."""
        waiting, received = set(self.push_messages(messages)), []
        end = time.monotonic() + (timeout if timeout is not None else float("inf"))
        while waiting and time.monotonic() < end:
            arrived = self.pull_messages(waiting)
            received += arrived
            waiting -= {message.metadata.reply_to_message_id for message in arrived}
            if waiting and not arrived:
                time.sleep(POLL)
        return received
