"""Flower 1.32's internals: whatever is not its documented interface is used here and nowhere else.

A SuperLink and SuperNodes in process isolation expect programs that claim *tasks*. Stock ones start a Python process for each
message and run the code that came with it. Ours claim the tasks themselves and call what is installed.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import Any

import grpc
from flwr.app import Context, Error, Message
from flwr.cli.build import build_fab_from_files
from flwr.common.constant import SubStatus
from flwr.common.serde import context_from_proto, fab_to_proto, run_from_proto, user_config_to_proto
from flwr.proto.appio_pb2 import (
    ClaimTaskRequest,
    PullPendingTasksRequest,
    PullTaskInputRequest,
    PushTaskOutputRequest,
    SendTaskHeartbeatRequest,
)
from flwr.proto.clientappio_pb2_grpc import ClientAppIoStub
from flwr.proto.control_pb2 import RegisterNodeRequest, StartRunRequest
from flwr.proto.control_pb2_grpc import ControlStub
from flwr.proto.serverappio_pb2_grpc import ServerAppIoStub
from flwr.serverapp import Grid
from flwr.supercore.fab import Fab
from flwr.supercore.grpc import create_channel
from flwr.supercore.heartbeat import HeartbeatSender
from flwr.supercore.inflatable.inflatable_utils import pull_objects
from flwr.supercore.interceptors import (
    AppIoTokenClientInterceptor,
    RuntimeVersionClientInterceptor,
    SuperExecAuthClientInterceptor,
)
from flwr.supercore.interceptors.superexec_auth_interceptor import CLIENTAPPIO_SUPEREXEC_METHODS, SERVERAPPIO_SUPEREXEC_METHODS
from flwr.supercore.primitives.asymmetric import public_key_to_bytes
from flwr.supercore.retry import RetryInvoker, exponential, wrap_stub
from flwr.superlink.grid import GrpcGrid, grpc_grid
from flwr.supernode.runtime.run_clientapp import pull_task_input, push_message, push_task_output

from decai_forecast.errors import ConfigError, FederationError
from decai_forecast.federation.codes import CLIENT_FAILED, code_of

__all__ = ["APP", "LinkGone", "LinkSilent", "RunStopped", "executor", "register", "serve_once", "started_run"]

APP = "decai/decai-forecast"
PYPROJECT = """[project]
name = "decai-forecast"
version = "1.0.0"
description = "Trains the shared forecaster; the code is the installed decai_forecast"
license = "Apache-2.0"
dependencies = []
[tool.flwr.app]
publisher = "decai"
[tool.flwr.app.components]
serverapp = "app:server"
clientapp = "app:client"
[tool.flwr.app.config]
"""
CODE = b"""from decai_forecast.federation.client_app import app as client
from decai_forecast.federation.server_app import app as server
"""
TRIES, PAUSE = 120, 0.25  # looks for the own task after a run was started, and seconds between them
AWAY = 120.0  # seconds that a SuperLink, or a company's SuperNode, may be away or silent; by itself Flower would wait for ever
CALL = 30.0  # seconds for an answer of the own host's SuperNode or SuperLink
LAST = 5.0  # seconds for the last word to a SuperLink that may be gone
AGAIN = (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED)
RECONNECT = 2_000  # milliseconds at most until a broken channel is tried again; gRPC's own limit is two minutes


def _bundle(config: Mapping[str, str | int | float]) -> bytes:
    """Flower's app archive: the names of settings with their values; every run brings its own."""
    settings = "".join(f"{key} = {json.dumps(value)}\n" for key, value in config.items())
    return bytes(build_fab_from_files({"pyproject.toml": (PYPROJECT + settings).encode(), "app.py": CODE})[0])


def _channel(address: str, authority: bytes | None, *interceptors: Any) -> grpc.Channel:
    return create_channel(
        server_address=address, insecure=authority is None, root_certificates=authority, interceptors=list(interceptors) or None
    )


def register(control: str, authority: bytes, node_key: str) -> int:
    """The id of the node with this public key (OpenSSH), which may connect from now on."""
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    with _channel(control, authority) as channel:
        try:
            public = public_key_to_bytes(load_ssh_public_key(node_key.encode()))
            return int(ControlStub(channel).RegisterNode(RegisterNodeRequest(public_key=public), timeout=CALL).node_id)
        except grpc.RpcError as error:
            raise FederationError(f"the SuperLink at {control} did not register the node: {error.details()}") from None
        except ValueError:
            raise ConfigError("the passport's node key cannot be read; let the company make a new answer") from None


class LinkGone(FederationError):
    """No SuperLink runs at its address any more."""

    code = "superlink_gone"


class LinkSilent(FederationError):
    """The SuperLink's process is there and does not answer."""

    code = "superlink_silent"


class RunStopped(FederationError):
    """The SuperLink takes the run for ended: somebody stopped it, or no sign of this process came for too long."""

    code = "run_stopped"


def _lost(address: str, error: grpc.RpcError, seconds: float) -> FederationError:
    again = "train again: it goes on where all were"
    if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        return LinkSilent(
            f"the SuperLink at {address} runs and has not answered for {seconds:.0f} s; end it (`kill -9` if need be), "
            f"start it (`decai federation up`) and {again}"
        )
    if error.code() in (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED):
        return RunStopped(f"the SuperLink at {address} has ended this run: it was stopped, or this host was asleep; {again}")
    return LinkGone(f"the SuperLink at {address} is gone: {error.code().name}; start it (`decai federation up`) and {again}")


@contextmanager
def started_run(
    control: str, appio: str, authority: bytes, secret: bytes, config: Mapping[str, str | int | float]
) -> Iterator[Grid]:
    """A run of our app on the SuperLink whose ServerApp is this process; the grid of its nodes.

    The run ends as completed or failed with the block. :class:`LinkGone`, :class:`LinkSilent` or :class:`RunStopped` if the
    SuperLink is lost on the way.
    """
    status, details, grid = SubStatus.FAILED, "stopped", None
    try:
        run_id = _start(control, authority, config)
        grid = _grid(appio, _claimed(appio, secret, run_id))
        with _beating(ServerAppIoStub(_connected(grid))):
            given = grid._stub.PullTaskInput(PullTaskInputRequest())
            context_from_proto(given.context)
            grid.set_run(run_from_proto(given.run))
            yield grid
        status, details = SubStatus.COMPLETED, ""
    except grpc.RpcError as error:
        lost = _lost(appio, error, AWAY)
        details = lost.code
        raise lost from None
    except Exception as error:
        details = code_of(error)
        raise
    finally:
        if grid is not None:
            _end(grid, PushTaskOutputRequest(sub_status=status, details=details))


def _end(grid: GrpcGrid, last: PushTaskOutputRequest) -> None:
    """Tells the SuperLink once; one that is gone ends the run by itself when no heartbeat comes."""
    with suppress(grpc.RpcError):
        ServerAppIoStub(_connected(grid)).PushTaskOutput(last, timeout=LAST)
    grid.close()


def _connected(grid: GrpcGrid) -> grpc.Channel:
    """The grid's channel, without its patience."""
    return grid._channel if grid._stub else None  # the stub connects when it is first asked for


class _Patience(RetryInvoker):
    """Tries again for ``AWAY`` seconds, each time for ``CALL``. Flower's own has no limit for a call, tries for ever, and
    interrupts the whole process when its run is over."""

    def __init__(self) -> None:
        wait = partial(exponential, max_delay=5.0)
        super().__init__(wait, grpc.RpcError, None, AWAY, should_giveup=lambda error: error.code() not in AGAIN)

    def invoke(self, target: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        return super().invoke(target, *args, timeout=CALL, **kwargs)


@contextmanager
def _beating(stub: Any) -> Iterator[None]:
    """Says, while the block runs, that this process lives; an answer that does not come does no harm here."""

    def beat() -> bool:
        try:
            stub.SendTaskHeartbeat(SendTaskHeartbeatRequest(), timeout=CALL)  # late is better than never
        except grpc.RpcError as error:
            return error.code() not in AGAIN  # what is over is not tried again
        return True

    sender = HeartbeatSender(beat)
    sender.start()
    try:
        yield
    finally:
        sender._stop_event.set()  # stop() would wait for a call under way, which ends with its channel


def _grid(appio: str, token: str) -> GrpcGrid:
    grid = GrpcGrid(serverappio_service_address=appio, insecure=True, token=token)
    grid._retry_invoker = _Patience()
    # a company that is killed after it has announced its answer never sends it: Flower would wait for over an hour
    grpc_grid.pull_objects = partial(pull_objects, max_time=AWAY)
    return grid


def _start(control: str, authority: bytes, config: Mapping[str, str | int | float]) -> int:
    bundle = _bundle(config)
    fab = fab_to_proto(Fab(hashlib.sha256(bundle).hexdigest(), bundle, {}))
    asked = StartRunRequest(fab=fab, override_config=user_config_to_proto(dict(config)), federation="")
    with _channel(control, authority) as channel:
        try:
            run_id = int(ControlStub(channel).StartRun(asked, timeout=CALL).run_id)
        except grpc.RpcError as error:
            if error.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
                raise _lost(control, error, CALL) from None
            raise FederationError(f"the SuperLink at {control} did not start a run: {error.details()}; is it up?") from None
    if not run_id:
        raise FederationError(f"the SuperLink at {control} refused the run; its log says why")
    return run_id


def _claimed(appio: str, secret: bytes, run_id: int) -> str:
    """The token of the run's ServerApp task."""
    signed = SuperExecAuthClientInterceptor(master_secret=secret, protected_methods=SERVERAPPIO_SUPEREXEC_METHODS)
    with _channel(appio, None, RuntimeVersionClientInterceptor(component_name="SuperExec"), signed) as channel:
        stub = ServerAppIoStub(channel)
        wrap_stub(stub, _Patience())
        for _ in range(TRIES):
            tasks = [task for task in stub.PullPendingTasks(PullPendingTasksRequest()).tasks if task.run_id == run_id]
            if tasks and (token := stub.ClaimTask(ClaimTaskRequest(task_id=tasks[0].task_id)).token):
                return str(token)
            time.sleep(PAUSE)
    raise FederationError(f"the SuperLink at {appio} has no task for run {run_id}: does it run with --isolation process?")


@contextmanager
def executor(appio: str, secret: bytes) -> Iterator[ClientAppIoStub]:
    """The connection by which tasks of a SuperNode are claimed."""
    signed = SuperExecAuthClientInterceptor(master_secret=secret, protected_methods=CLIENTAPPIO_SUPEREXEC_METHODS)
    channel = grpc.insecure_channel(appio, [("grpc.max_reconnect_backoff_ms", RECONNECT)])
    version = RuntimeVersionClientInterceptor(component_name="SuperExec")
    with grpc.intercept_channel(channel, version, signed) as intercepted:
        yield ClientAppIoStub(intercepted)


class OtherApp(FederationError):
    """A message of another Flower app than ours."""

    code = "other_app"


class Stale(FederationError):
    """A message whose time is over: nobody waits for the answer."""

    code = "stale"


def serve_once(stub: ClientAppIoStub, appio: str, answer: Callable[[Message, Context], Message]) -> bool:
    """Answers one message of the SuperNode, if there is one. Whatever goes wrong leaves as a code.

    ``grpc.RpcError`` if the SuperNode is not there (at once), or does not answer (after ``CALL`` seconds; while an answer is
    given, ``AWAY``).
    """
    tasks = stub.PullPendingTasks(PullPendingTasksRequest(), timeout=CALL).tasks
    token = stub.ClaimTask(ClaimTaskRequest(task_id=tasks[0].task_id), timeout=CALL).token if tasks else ""
    if token:
        _answer(appio, token, answer)
    return bool(token)


def _answer(appio: str, token: str, answer: Callable[[Message, Context], Message]) -> None:
    version = RuntimeVersionClientInterceptor(component_name="flwr-clientapp")
    with _channel(appio, None, version, AppIoTokenClientInterceptor(token)) as channel:
        stub = ClientAppIoStub(channel)
        wrap_stub(stub, _Patience())  # a SuperNode that hangs would hold its company's executor for ever
        with _beating(ClientAppIoStub(channel)):
            message, context, run, _ = pull_task_input(stub)  # the code that came is not looked at
            push_message(stub, _reply(message, context, run.fab_id, answer), context)
            push_task_output(stub, context, SubStatus.COMPLETED, "")


def _reply(message: Message, context: Context, app: str, answer: Callable[[Message, Context], Message]) -> Message:
    try:
        if app != APP:
            raise OtherApp(f"a message of {app}; this node answers {APP} only")
        if time.time() > message.metadata.created_at + message.metadata.ttl:
            raise Stale(f"a message that was good for {message.metadata.ttl:.0f} s came too late")
        return answer(message, context)
    except Exception as error:
        return Message(Error(code=CLIENT_FAILED, reason=code_of(error)), reply_to=message)
