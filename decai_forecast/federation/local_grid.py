"""Flower in one process: the same ServerApp and ClientApp, with Flower's own serialisation and no sockets.

Every message is deflated and inflated exactly as SuperLink and SuperNode do, so what cannot be sent fails here too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from flwr.app import Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.serverapp import Grid
from flwr.supercore.run import Run

from decai_forecast.federation.ask import replies_of
from decai_forecast.federation.local_node import deflated, failed, inflated
from decai_forecast.federation.node_process import NodeGone, NodeProcess, Nursery

__all__ = ["LocalGrid"]

SERVER_NODE = 1


Node = Callable[[str, Mapping[str, bytes]], tuple[str, Mapping[str, bytes]]]


class LocalGrid(Grid):
    """A grid of ``len(node_configs)`` nodes; ``workers`` of them work at the same time: in threads, or each in a process of
    ``nursery`` (which knows our ClientApp only)."""

    def __init__(
        self,
        client: ClientApp,
        node_configs: Sequence[dict[str, Any]],
        run_config: dict[str, Any],
        *,
        workers: int,
        nursery: Nursery | None = None,
    ) -> None:
        self._run = Run.create_empty(run_id=1)
        make: Callable[..., Node] = nursery.node if nursery else partial(node_of, client)
        self.nodes = {1000 + k: make(1000 + k, config, dict(run_config)) for k, config in enumerate(node_configs)}
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="node")
        self._open: dict[str, Future[tuple[Message, int]]] = {}
        self.traffic = 0

    def __enter__(self) -> LocalGrid:
        return self

    def __exit__(self, *error: object) -> None:
        for node in self.nodes.values():
            if isinstance(node, NodeProcess):
                node.close()
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
        return list(self.nodes)

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        ids = []
        for message in messages:
            message.metadata.__dict__.update(_run_id=self._run.run_id, _src_node_id=SERVER_NODE)
            message.metadata.__dict__["_message_id"] = message.object_id
            object_id, objects = deflated(message)
            ids.append(object_id)
            self._open[object_id] = self._pool.submit(self._answer, object_id, objects)
        return ids

    def _answer(self, object_id: str, objects: Mapping[str, bytes]) -> tuple[Message, int]:
        """The reply and the bytes of both ways."""
        message = inflated(object_id, objects)
        try:
            reply_id, reply = self.nodes[message.metadata.dst_node_id](object_id, objects)
        except NodeGone as error:
            reply_id, reply = deflated(failed(message, error))
        return inflated(reply_id, reply), sum(map(len, [*objects.values(), *reply.values()]))

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        done = [key for key in list(message_ids) if key in self._open and self._open[key].done()]
        answers = [self._open.pop(key).result() for key in done]
        self.traffic += sum(size for _, size in answers)
        return [message for message, _ in answers]

    def send_and_receive(self, messages: Iterable[Message], *, timeout: float | None = None) -> list[Message]:
        """All answers that come within ``timeout`` seconds; who is late is simply not among them."""
        return list(replies_of(self, list(messages), timeout if timeout is not None else float("inf")).values())
