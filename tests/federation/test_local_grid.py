"""Flower in one process: what crosses is what Flower could send, and a node that fails or sleeps stops nobody."""

from threading import Event

import numpy as np
import pytest
from flwr.app import ArrayRecord, ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.clientapp import ClientApp

from decai_forecast.errors import NotEnoughData
from decai_forecast.federation.local_grid import LocalGrid

client = ClientApp()
answered = Event()  # a late node answers after this


@client.query()
def answer(message: Message, context: Context) -> Message:
    """Echoes what came, with the node's own name; sleeps or fails if its configuration says so."""
    mood = context.node_config.get("mood", "well")
    if mood == "late":
        answered.wait(60)
    if mood == "secret":
        raise NotEnoughData("/home/p1/orders.parquet holds 3 rows of item 4711")
    if mood == "bug":
        raise RuntimeError("/home/p1/orders.parquet: item 4711")
    if mood == "unsendable":
        return Message(RecordDict({"config": object()}), reply_to=message)
    records = dict(message.content) | {"me": ConfigRecord({"name": str(context.node_config["name"])})}
    context.state["seen"] = ConfigRecord({"count": int(context.state.get("seen", {"count": 0})["count"]) + 1})
    return Message(RecordDict(records | {"seen": context.state["seen"]}), reply_to=message)


def grid_of(*moods: str, workers: int = 2) -> LocalGrid:
    return LocalGrid(client, [{"name": f"n{k}", "mood": mood} for k, mood in enumerate(moods)], {}, workers=workers)


def ask(grid: LocalGrid, content: RecordDict, timeout: float | None = 10) -> dict[int, Message]:
    messages = [Message(content, node, MessageType.QUERY, group_id="1") for node in grid.get_node_ids()]
    return {reply.metadata.src_node_id: reply for reply in grid.send_and_receive(messages, timeout=timeout)}


@pytest.fixture
def content() -> RecordDict:
    values = ConfigRecord({"text": "x", "bytes": b"\x00\xff", "numbers": [0.1, 2.0]})
    return RecordDict({"config": values, "score": ArrayRecord([np.ones(3)])})


def test_values_cross_as_they_are_and_as_copies(content: RecordDict) -> None:
    """Text, bytes, numbers and arrays arrive equal, each at its own node, and none is the sender's object."""
    with grid_of("well", "well", "well") as grid:
        replies = ask(grid, content)
        traffic = grid.traffic
    assert [replies[node].content["me"]["name"] for node in sorted(replies)] == ["n0", "n1", "n2"]
    for reply in replies.values():
        assert dict(reply.content["config"]) == dict(content["config"])
        assert reply.content["config"] is not content["config"]
        assert reply.content["score"].to_numpy_ndarrays()[0].tolist() == [1, 1, 1]
    assert traffic > 6 * 100


def test_what_flower_cannot_send_is_not_sent() -> None:
    """Only records of plain values: a frame does not cross by accident."""
    with pytest.raises(TypeError):
        ConfigRecord({"frame": object()})


@pytest.mark.parametrize(("mood", "code"), [("secret", "not_enough_data"), ("bug", "internal"), ("unsendable", "internal")])
def test_a_failing_node_answers_with_a_code(content: RecordDict, mood: str, code: str) -> None:
    """No text, no path, no number of what it stumbled over; the others answer."""
    with grid_of("well", mood) as grid:
        replies = ask(grid, content)
    well, failed = (replies[node] for node in sorted(replies))
    assert not well.has_error()
    assert failed.has_error()
    assert failed.error.reason == code


def test_a_node_keeps_its_own_state_between_messages(content: RecordDict) -> None:
    """As a SuperNode does: the second message finds what the first left, and only its own."""
    with grid_of("well", "well") as grid:
        ask(grid, content)
        replies = ask(grid, content)
    assert [reply.content["seen"]["count"] for reply in replies.values()] == [2, 2]


def test_who_is_late_is_not_among_the_answers(content: RecordDict) -> None:
    """The timeout ends the waiting, not the training; the late answer harms nothing later."""
    with grid_of("well", "late", "well") as grid:
        answered.clear()
        replies = ask(grid, content, timeout=3)
        answered.set()
        assert sorted(replies) == [grid.get_node_ids()[k] for k in (0, 2)]
        assert len(ask(grid, content)) == 3
