"""Asking nodes: messages out, replies in, until all have come, or enough have and the others were given their time.

Flower's own ``Grid.send_and_receive`` sleeps three seconds between two looks and knows no quorum.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flwr.app import ConfigRecord, Message, RecordDict
from flwr.serverapp import Grid

__all__ = ["ask", "gather", "replies_of"]

CONNECTED = 0.5  # seconds between two looks at who is connected
Enough = Callable[[list[Message]], bool]
FIRST_PAUSE, LONGEST_PAUSE = 0.002, 0.05  # seconds between two looks: short at first, then longer


def ask(
    grid: Grid,
    nodes: Iterable[int],
    kind: str,
    values: Mapping[str, Any],
    timeout: float,
    *,
    group: str,
    grace: float = 0.0,
    enough: Enough = lambda _: False,
    then: Callable[[], None] = lambda: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[int, Message]:
    """Node -> its reply to ``values``. Once ``enough`` have replied ``then`` is called and ``grace`` seconds more are waited.

    Who is late is not among them; ``meanwhile`` is called at every look. After ``timeout`` seconds the messages are of no use
    to a node any more.
    """
    content = RecordDict({"config": ConfigRecord(dict(values))})
    messages = [Message(content, node, kind, ttl=max(timeout, 1.0), group_id=group) for node in nodes]
    return replies_of(grid, messages, timeout, grace, enough, then, meanwhile)


def gather(grid: Grid, nodes: Mapping[int, str], seconds: float, *, minimum: int = 0, grace: float = 0.0) -> None:
    """Waits until a node of each partner is connected, ``seconds`` at most; once ``minimum`` of them are, ``grace`` at most.
    ``nodes``: node -> partner; of two of one partner either will do."""
    wanted, end, reached = set(nodes.values()), time.monotonic() + seconds, False
    while not wanted <= (there := {nodes[one] for one in grid.get_node_ids() if one in nodes}) and time.monotonic() < end:
        if not reached and 0 < minimum <= len(wanted & there):
            reached, end = True, min(end, time.monotonic() + grace)
        time.sleep(CONNECTED)


def replies_of(
    grid: Grid,
    messages: list[Message],
    timeout: float,
    grace: float = 0.0,
    enough: Enough = lambda _: False,
    then: Callable[[], None] = lambda: None,
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[int, Message]:
    """Node -> its reply, or the error that Flower found in place of it."""
    asked = [message.metadata.dst_node_id for message in messages]
    waiting = dict(zip(grid.push_messages(messages), asked, strict=True))
    replies, end, pause = dict[int, Message](), time.monotonic() + timeout, FIRST_PAUSE
    reached = False
    while waiting and time.monotonic() < end:
        arrived = list(grid.pull_messages(list(waiting)))
        for reply in arrived:  # whose it is says the message it answers: Flower answers for a node that is gone
            replies[waiting.pop(reply.metadata.reply_to_message_id)] = reply
        if not reached and enough(list(replies.values())):
            then()
            reached, end = True, min(end, time.monotonic() + grace)
        meanwhile()
        if waiting and not arrived:
            time.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)
    return replies
