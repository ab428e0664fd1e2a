"""What a company's executor lets out, and what it does not run: everything else than our app in time is refused by a code."""

import os
import signal
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import pytest
from flwr.app import ConfigRecord, Context, Message, MessageType, RecordDict
from flwr.common.serde import message_to_proto
from flwr.proto.appio_pb2 import PullAppMessagesResponse
from flwr.proto.message_pb2 import PullObjectResponse
from flwr.proto.serverappio_pb2_grpc import ServerAppIoServicer, add_ServerAppIoServicer_to_server
from flwr.supercore.inflatable.inflatable_object import get_object_tree
from flwr.supercore.run import Run
from members import SHIP, member, plan, rows

from decai_forecast.errors import ConfigError, NotEnoughData
from decai_forecast.federation.codes import reason_of
from decai_forecast.federation.node_process import NodeGone
from decai_forecast.federation.superlink import flower
from decai_forecast.federation.superlink.flower import APP, _bundle, _reply
from decai_forecast.federation.superlink.keys import Authority, new_key, request, write_secret
from decai_forecast.federation.superlink.node import Company, _Executor
from decai_forecast.federation.superlink.passport import Files


def asked(ttl: float = 60.0) -> tuple[Message, Context]:
    message = Message(RecordDict({"config": ConfigRecord({"cutoff": "2026-06-22"})}), 7, MessageType.TRAIN, ttl=ttl)
    message.metadata.__dict__.update(_run_id=1, _src_node_id=1, _message_id=message.object_id)
    return message, Context(run_id=1, node_id=7, node_config={}, state=RecordDict(), run_config={})


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ValueError("/home/p1/orders.parquet: item 4711"), "internal"),
        (NotEnoughData("/home/p1/orders.parquet holds 3 rows of item 4711"), "not_enough_data"),
    ],
)
def test_an_error_leaves_as_a_code(error: Exception, code: str) -> None:
    """Whatever its text names, a file of the company for one, stays at home; Flower's own executor would send it."""

    def raising(message: Message, context: Context) -> Message:
        raise error

    message, context = asked()
    reply = _reply(message, context, APP, raising)
    assert (reply.error.code, reply.error.reason) == (2, code)


def never(message: Message, context: Context) -> Message:
    raise AssertionError("it was run")


def test_another_app_is_not_run() -> None:
    """Whoever commands the SuperLink can send any; this one answers ours, with the code that is installed here."""
    reply = _reply(*asked(), "somebody/else", never)
    assert reply.error.reason == "other_app"


def test_a_message_that_comes_too_late_is_not_worked_on() -> None:
    """Nobody waits for the answer any more; a node that was away would work through old ones for hours."""
    message, context = asked(ttl=0.01)
    time.sleep(0.05)
    reply = _reply(message, context, APP, never)
    assert reply.error.reason == "stale"


def test_the_app_that_is_sent_holds_settings_and_no_code_of_ours() -> None:
    """Same settings, same bytes: nodes can compare it."""
    config: dict[str, Any] = {"params": '{"a": "b\\n"}', "timeout": 1.5, "minimum": 3}
    assert _bundle(config) == _bundle(dict(config))
    assert len(_bundle(config)) < 3000


def test_a_superlink_that_is_gone_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """By itself Flower tries again for ever."""
    monkeypatch.setattr(flower, "AWAY", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    began = time.monotonic()
    with pytest.raises(grpc.RpcError):
        flower._grid(f"127.0.0.1:{port}", "token").get_node_ids()
    assert time.monotonic() - began < 20


def test_a_node_key_that_is_none_is_said_so() -> None:
    """Before the SuperLink is asked."""
    with pytest.raises(ConfigError, match="the passport's node key cannot be read; let the company make a new answer"):
        flower.register("127.0.0.1:1", Authority.create("a").pem, "ssh-nothing")


def test_what_lies_beside_a_secret_is_closed_to_others(tmp_path: Path) -> None:
    """The SuperLink's database holds answers of companies, and a log what was asked; a key that lay open is closed."""
    key = tmp_path / "federation" / "coordinator" / "server.key"
    key.parent.mkdir(parents=True)
    key.touch(0o644)
    write_secret(key, b"secret")
    assert [stat.S_IMODE(one.stat().st_mode) for one in (key, key.parent)] == [0o600, 0o700]


def test_a_company_cannot_stand_for_the_coordinator() -> None:
    """Its certificate is for clients only; the coordinator's for servers."""
    from cryptography import x509

    authority, key = Authority.create("a"), new_key()
    company = x509.load_pem_x509_certificate(authority.sign_company("acme", request("acme", key)))
    server = x509.load_pem_x509_certificate(authority.sign_server(key, "link.example.org"))
    uses = [one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value for one in (company, server)]
    assert [use[0]._name for use in uses] == ["clientAuth", "serverAuth"]
    for one in (company, server):
        one.verify_directly_issued_by(authority.certificate)


class Announced(ServerAppIoServicer):
    """A SuperLink to which a node has announced its answer, of which it has sent nothing since."""

    def __init__(self, reply: Message) -> None:
        self._reply = reply

    def PullMessages(self, *_: Any) -> PullAppMessagesResponse:  # noqa: N802  # gRPC calls with this name
        tree = get_object_tree(self._reply)
        return PullAppMessagesResponse(messages_list=[message_to_proto(self._reply)], message_object_trees=[tree])

    def PullObject(self, *_: Any) -> PullObjectResponse:  # noqa: N802  # gRPC calls with this name
        return PullObjectResponse(object_found=True, object_available=False)


def test_an_answer_that_was_announced_and_never_sent_is_that_of_a_lost_node(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its company was killed in between; Flower by itself would keep all others waiting for over an hour."""
    monkeypatch.setattr(flower, "AWAY", 0.0)
    message, context = asked()
    reply = _reply(message, context, APP, lambda message, _: Message(RecordDict(), reply_to=message))
    reply.metadata.__dict__["_message_id"] = reply.object_id
    server = grpc.server(ThreadPoolExecutor(4))
    add_ServerAppIoServicer_to_server(Announced(reply), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    grid = flower._grid(f"127.0.0.1:{port}", "token")
    grid.set_run(Run.create_empty(run_id=1))
    [found] = grid.pull_messages([message.metadata.message_id])
    grid.close()
    server.stop(None)
    assert found.metadata.reply_to_message_id == message.metadata.message_id
    assert reason_of(found) == "node_gone"


class Alone(Company):
    """A company whose SuperNode is played by the test."""

    def config(self) -> dict[str, str | int]:
        return {"partner": self.partner, "store": self.store}


def test_a_crash_costs_one_training_and_is_named(tmp_path: Path) -> None:
    """What others sent ended the process that answers: the company says so, its executor goes on, and answers again."""
    one, said = member(tmp_path, "acme", {SHIP: rows()}), list[str]()
    executor = _Executor(Alone("acme", one.store, Files(tmp_path)), None, "", said.append)
    message, context = asked()
    message.metadata.__dict__["_message_type"] = MessageType.QUERY
    context.run_config = plan(rounds=1).to_config()
    assert executor._answer(message, context).content["config"]["rows"] == 300
    os.kill(executor._node.pid, signal.SIGSEGV)
    with pytest.raises(NodeGone):
        executor._answer(message, context)
    assert said[-1] == "acme: the node's process ended before it answered; the training is lost, the next one has a new process"
    assert executor._answer(message, context).content["config"]["partner"] == "acme"
    executor.end()
