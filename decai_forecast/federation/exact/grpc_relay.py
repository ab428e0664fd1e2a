"""The relay between companies: one gRPC stream per participant, TLS, certificates on both sides.

The service has one method, ``/decai.exact.Relay/Session``, a stream in both directions whose messages are frames (see
frames.py). A participant has one frame under way at a time, so a slow one slows its session and fills no memory; a silent
one ends it. What the relay may see is in docs/explanation/federation.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import socket
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from threading import Thread
from typing import Any

import grpc

from decai_forecast.errors import FederationError
from decai_forecast.federation.exact import frames
from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import REVOKED, Frame, Meanwhile
from decai_forecast.federation.exact.loopback import PATIENCE, WAIT, checked
from decai_forecast.federation.exact.progress import Progress, Watch
from decai_forecast.federation.exact.roster import MAX_PARTIES
from decai_forecast.federation.superlink.keys import serial_of

__all__ = ["GrpcRelay", "GrpcWire", "Metrics", "Tls"]

SERVICE, METHOD = "decai.exact.Relay", "Session"
MAX_SESSIONS = 64  # open or waiting at a time; more are turned away
MAX_OF_ONE = 4  # streams at a time of one certificate: a model, and one that is begun before the last has ended
SESSION_BYTES = 32
GRACE = 1.0  # seconds that streams get to end when the relay closes
LOOK = 5.0  # seconds between two looks whether the certificate of an open stream was taken back
TRIES, PAUSE = 20, 0.25  # to bind the port, and seconds between two: the relay of the model before may still be closing
OPTIONS = [
    ("grpc.max_receive_message_length", frames.MAX_BODY + frames.HEADER.size),
    ("grpc.max_send_message_length", frames.MAX_BODY + frames.HEADER.size),
    ("grpc.keepalive_time_ms", 20_000),
    ("grpc.http2.max_pings_without_data", 0),
]
ALONE = (
    "grpc.so_reuseport",
    0,
)  # else a second relay at a taken port gets a part of the participants, and both wait for the rest


@dataclass(frozen=True)
class Tls:
    """PEM bytes of one side: its private key, its certificate chain, and the authority that signs the other side's."""

    key: bytes = field(repr=False)
    certificate: bytes
    authority: bytes


@dataclass
class Metrics:
    """What a relay has done since it began."""

    sessions: int = 0
    open_sessions: int = 0
    steps: int = 0
    received: int = 0  # bytes
    sent: int = 0  # bytes
    refused: int = 0  # participants that could not join
    ended: dict[str, int] = field(default_factory=dict)  # why sessions ended -> how many


class _Session:
    """The participants of one session and the step they are at."""

    def __init__(self, size: int, metrics: Metrics) -> None:
        self.size, self.joined, self._metrics = size, set[int](), metrics
        self._given: dict[int, tuple[Frame, asyncio.Future[Frame]]] = {}
        self._end: Frame | None = None

    async def exchange(self, rank: int, frame: Frame) -> Frame:
        """The answer to ``frame`` once everybody has given one of the same step, or who ended the session."""
        if frame.op == frames.ABORT:
            self.end(rank, 4)
        if self._end is not None:
            return self._end
        others = next(iter(self._given.values()), None)
        if others and (others[0].op, others[0].step) != (frame.op, frame.step):
            return self.end(rank, 3)
        answer: asyncio.Future[Frame] = asyncio.get_running_loop().create_future()
        self._given[rank] = (frame, answer)
        if len(self._given) == self.size:
            self._deliver()
        return await answer

    def _deliver(self) -> None:
        given, self._given = self._given, {}
        try:
            answers = frames.deliver([given[rank][0] for rank in range(self.size)])
        except PeerLost:
            self._given = given
            self.end(0, 3)
            return
        self._metrics.steps += 1
        for rank, answer in enumerate(answers):
            given[rank][1].set_result(answer)

    def end(self, rank: int, reason: int) -> Frame:
        """Tells all who wait, and all who come, that ``rank`` is why."""
        if self._end is None:
            self._end = frames.abort(rank, reason)
            self._metrics.ended[frames.REASONS[reason]] = self._metrics.ended.get(frames.REASONS[reason], 0) + 1
        for _, answer in self._given.values():
            if not answer.done():
                answer.set_result(self._end)
        return self._end


class _Held:
    """A company's certificate, which may be taken back while its stream is open; without TLS there is none."""

    def __init__(self, is_taken: Callable[[str, str], bool], company: str, serial: str) -> None:
        self._is_taken, self._company, self._serial, self._looked = is_taken, company, serial, 0.0

    def now(self) -> bool:
        self._looked = time.monotonic()
        return not self._company or self._is_taken(self._company, self._serial)

    def lately(self) -> bool:
        """Looks again where the last look is a while ago: there are thousands of frames, and the look reads a file."""
        return time.monotonic() - self._looked < LOOK or self.now()


class GrpcRelay:
    """Serves until closed; a context manager. Runs an event loop in a thread of its own.

    ``tls``: None only on the loopback interface, for tests. ``is_taken``: whether a company's certificate, by its serial number
    (hexadecimal), has not been taken back.
    """

    def __init__(
        self,
        address: str = "127.0.0.1:0",
        tls: Tls | None = None,
        patience: float = PATIENCE,
        watch: Watch | None = None,
        is_taken: Callable[[str, str], bool] = lambda _name, _serial: True,
    ) -> None:
        if tls is None and not address.startswith("127.0.0.1:"):
            raise ValueError(f"{address}: a relay that others can reach needs TLS")
        self._address, self._tls, self._patience, self._watch = address, tls, patience, watch
        self._is_taken = is_taken
        self.metrics, self._sessions, self._closed = Metrics(), dict[bytes, _Session](), False
        self._streams, self._expected = Counter[str](), None  # type: Counter[str], dict[bytes, tuple[str, ...]] | None
        self._loop = asyncio.new_event_loop()
        Thread(target=self._loop.run_forever, daemon=True, name="relay").start()
        try:
            self.port, self._server = asyncio.run_coroutine_threadsafe(self._start(), self._loop).result()
        except FederationError:
            self._loop.call_soon_threadsafe(self._loop.stop)
            raise

    def __enter__(self) -> GrpcRelay:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Ends all sessions; a second time nothing happens."""
        if self._closed:
            return
        self._closed = True
        asyncio.run_coroutine_threadsafe(self._server.stop(GRACE), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)

    async def _start(self) -> tuple[int, Any]:
        tries = TRIES
        while (found := self._listening()) is None:
            tries -= 1
            if not tries:
                raise FederationError(_not_bound(self._address))
            await asyncio.sleep(PAUSE)
        await found[1].start()
        return found

    def _listening(self) -> tuple[int, Any] | None:
        """Port and server; None if the port cannot be had, for which gRPC gives no reason."""
        server = grpc.aio.server(options=[*OPTIONS, ALONE])
        handler = grpc.stream_stream_rpc_method_handler(self._serve)
        server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler(SERVICE, {METHOD: handler}),))
        with contextlib.suppress(RuntimeError):
            return self._bound(server), server
        return None

    def _bound(self, server: Any) -> int:
        if self._tls is None:
            return int(server.add_insecure_port(self._address))
        pair, authority = [(self._tls.key, self._tls.certificate)], self._tls.authority
        return int(
            server.add_secure_port(self._address, grpc.ssl_server_credentials(pair, authority, require_client_auth=True))
        )

    async def _serve(self, _: Any, context: Any) -> None:
        """One participant's stream."""
        join, company = await self._read(context), _company(context)
        held = _Held(self._is_taken, company, _serial(context) if company else "")
        session = self._joined(join, company) if held.now() and isinstance(join, Frame) else None
        if session is None or not isinstance(join, Frame):
            self.metrics.refused += 1
            return await self._write(context, frames.abort(0, 5))
        rank, answer = join.rank, None
        self._streams[company] += 1
        try:
            while answer is None or answer.op != frames.ABORT:
                given = await self._read(context)
                given = given if held.lately() else REVOKED
                answer = await session.exchange(rank, given) if isinstance(given, Frame) else session.end(rank, given)
                await self._write(context, answer)
        finally:
            session.end(rank, 1)
            self._streams[company] -= 1
            self._left(bytes(join.body), session, rank)
        return None

    async def _read(self, context: Any) -> Frame | int:
        """The next frame, or the reason why there is none."""
        try:
            for _ in range(frames.MOST_NOTES + 1):
                data = await asyncio.wait_for(context.read(), self._patience)
                if data is grpc.aio.EOF:
                    return 1
                self.metrics.received += len(data)
                frame = Frame.unpack(data)
                if frame.op != frames.TELL:
                    return frame
                self._told(frame)
            return 6
        except TimeoutError:
            return 2
        except (PeerLost, grpc.RpcError):
            return 1

    def _told(self, frame: Frame) -> None:
        note = Progress.unpack(frame.body)
        if self._watch:
            self._watch(note)

    async def _write(self, context: Any, frame: Frame) -> None:
        data = frame.pack()
        self.metrics.sent += len(data)
        with contextlib.suppress(grpc.RpcError, asyncio.InvalidStateError):  # it left: its next frame will not come
            await context.write(data)

    def expect(self, session: bytes, names: Sequence[str]) -> None:
        """From now on only such sessions are served, and in each of them only these companies, by the name in the certificate:
        each at its own rank."""
        self._expected = {**(self._expected or {}), session: tuple(names)}

    def _fits(self, join: Frame, company: str) -> bool:
        """Whether the one with this certificate may have this place of this session."""
        if len(join.body) != SESSION_BYTES or not 0 < join.step <= MAX_PARTIES or join.rank >= join.step:
            return False
        if company and self._streams[company] >= MAX_OF_ONE:
            return False
        if self._expected is None:
            return True
        names = self._expected.get(bytes(join.body), ())
        return len(names) == join.step and (not company or names[join.rank] == company)

    def _joined(self, join: Frame, company: str) -> _Session | None:
        if not self._fits(join, company):
            return None
        name, size = bytes(join.body), join.step
        session = self._sessions.get(name)
        if session is None and join.op == frames.JOIN and len(self._sessions) < MAX_SESSIONS:
            session = self._sessions[name] = _Session(size, self.metrics)
            self.metrics.sessions += 1
            self.metrics.open_sessions += 1
        if session is None or session.size != size or join.rank in session.joined:
            return None
        session.joined.add(join.rank)
        return session

    def _left(self, name: bytes, session: _Session, rank: int) -> None:
        session.joined.discard(rank)
        if self._sessions.get(name) is session and not session.joined:
            del self._sessions[name]
            self.metrics.open_sessions -= 1


def _company(context: Any) -> str:
    """The name in the verified certificate of who connects; empty without TLS."""
    names = context.auth_context().get("x509_common_name", [])
    return bytes(names[0]).decode(errors="replace") if names else ""


def _serial(context: Any) -> str:
    """Of the verified certificate of who connects, in hexadecimal digits."""
    [certificate] = context.auth_context()["x509_pem_cert"]
    return serial_of(bytes(certificate))


def _not_bound(address: str) -> str:
    """Why nobody can listen at ``address``, and what to do."""
    host, _, port = address.rpartition(":")
    try:
        with socket.create_server((host.strip("[]"), int(port))):
            why = "gRPC could not listen there"
    except OSError as error:
        why = os.strerror(error.errno).lower() if error.errno else str(error)
    return (
        f"no relay at {address}: {why}. If another program or training has port {port}, wait for it or end it "
        f"(`ss -ltnp sport = :{port}` names it), then run `federate` again"
    )


class GrpcWire:
    """A participant's stream to a :class:`GrpcRelay`. ``host``: the name in the relay's certificate and its address."""

    def __init__(
        self,
        host: str,
        port: int,
        session: bytes,
        rank: int,
        names: Sequence[str],
        tls: Tls | None = None,
        patience: float = WAIT,
    ) -> None:
        self._names, self._patience = names, patience
        address = f"{host}:{port}"
        if tls is None:
            self._channel = grpc.insecure_channel(address, OPTIONS)
        else:
            credentials = grpc.ssl_channel_credentials(tls.authority, tls.key, tls.certificate)
            self._channel = grpc.secure_channel(address, credentials, OPTIONS)
        self._out: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        self._in: queue.SimpleQueue[bytes | Exception] = queue.SimpleQueue()
        self._call = self._channel.stream_stream(f"/{SERVICE}/{METHOD}")(iter(self._out.get, None))
        Thread(target=self._receive, daemon=True, name="wire").start()
        self._out.put(Frame(frames.JOIN, rank, len(names), session).pack())

    def _receive(self) -> None:
        try:
            for data in self._call:
                self._in.put(data)
            self._in.put(PeerLost("the relay ended the session"))
        except grpc.RpcError as error:
            self._in.put(PeerLost(f"the connection to the relay broke: {error.code().name}"))

    def exchange(self, frame: Frame, meanwhile: Meanwhile = frames.idle) -> Frame:
        self._out.put(frame.pack())
        meanwhile()
        try:
            answer = self._in.get(timeout=self._patience)
        except queue.Empty:
            raise PeerLost("the relay did not answer in time") from None
        if isinstance(answer, Exception):
            raise answer
        return checked(frame, Frame.unpack(answer), self._names)

    def tell(self, body: bytes) -> None:
        self._out.put(Frame(frames.TELL, 0, 0, body).pack())

    def abort(self) -> None:
        """Waits until the relay has it: closing at once would cancel the stream before."""
        self._out.put(frames.abort(0, 4).pack())
        with contextlib.suppress(queue.Empty):
            self._in.get(timeout=GRACE)

    def close(self) -> None:
        self._out.put(None)
        self._call.cancel()
        self._channel.close()
