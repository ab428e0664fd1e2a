"""A node in this process, or in one of its own: its application, with Flower's own serialisation of what comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flwr.app import Context, Error, Message, RecordDict
from flwr.clientapp import ClientApp
from flwr.supercore.inflatable.inflatable_object import get_all_nested_objects, no_object_id_recompute
from flwr.supercore.inflatable.inflatable_utils import inflate_object_from_contents

from decai_forecast.federation.codes import CLIENT_FAILED, code_of

__all__ = ["LocalNode", "deflated", "failed", "inflated", "node_of", "node_of_our_app"]


def deflated(message: Message) -> tuple[str, dict[str, bytes]]:
    """The message as bytes: the id of its object, and all objects by their ids."""
    with no_object_id_recompute():  # hash each object once
        object_id = message.object_id
        return object_id, {key: item.deflate() for key, item in get_all_nested_objects(message).items()}


def inflated(object_id: str, objects: Mapping[str, bytes]) -> Message:
    """The message as the other side gets it."""
    received = inflate_object_from_contents(object_id, dict(objects))
    received.metadata.__dict__["_message_id"] = object_id
    return received


class LocalNode:
    """A node's application with the state it keeps between messages."""

    def __init__(self, client: ClientApp, context: Context) -> None:
        self._client, self._context = client, context

    def __call__(self, object_id: str, objects: Mapping[str, bytes]) -> tuple[str, Mapping[str, bytes]]:
        message = inflated(object_id, objects)
        try:
            return deflated(self._client(message, self._context))
        except Exception as error:  # a node's failure is an answer; what leaves is a code, never its text
            return deflated(failed(message, error))


def failed(message: Message, error: Exception) -> Message:
    return Message(Error(code=CLIENT_FAILED, reason=code_of(error)), reply_to=message)


def node_of(client: ClientApp, node_id: int, config: dict[str, Any], run_config: dict[str, Any]) -> LocalNode:
    return LocalNode(client, Context(run_id=1, node_id=node_id, node_config=config, state=RecordDict(), run_config=run_config))


def node_of_our_app(node_id: int, config: dict[str, Any], run_config: dict[str, Any]) -> LocalNode:
    from decai_forecast.federation.client_app import app

    return node_of(app, node_id, config, run_config)
