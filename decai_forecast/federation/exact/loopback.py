"""The relay over plain TCP sockets, for participants on one host (threads or processes) and for tests.

Between companies the relay speaks TLS (grpc_relay.py); what is sealed end to end is the same.
"""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Sequence
from threading import Event, Lock, Thread

from decai_forecast.federation.exact import frames
from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import Frame, Meanwhile
from decai_forecast.federation.exact.progress import Progress, Watch
from decai_forecast.federation.exact.roster import MAX_PARTIES
from decai_forecast.federation.exact.socket_frames import FrameSocket

__all__ = ["PATIENCE", "WAIT", "WAITS", "LoopbackRelay", "LoopbackWire"]

PATIENCE = 60.0  # seconds without a frame after which a participant counts as silent
SESSION_BYTES = 32
WAITS = 1.5  # times the relay's patience
WAIT = WAITS * PATIENCE  # seconds that a participant waits for the relay, which must have time to name who is silent


class LoopbackRelay:
    """A star on 127.0.0.1: one thread per session carries frames between its participants."""

    def __init__(self, patience: float = PATIENCE, watch: Watch | None = None) -> None:
        self._watch = watch
        self._patience, self._closed, self._lock = patience, Event(), Lock()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._waiting: dict[bytes, dict[int, FrameSocket]] = {}
        self._open: set[FrameSocket] = set()
        self._expected: dict[bytes, int] = {}
        Thread(target=self._accept, daemon=True, name="relay").start()

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> LoopbackRelay:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def expect(self, session: bytes, names: Sequence[str]) -> None:
        """From now on only such sessions are served; on one host nobody shows whose a rank is."""
        self._expected[session] = len(names)

    def _expects(self, session: bytes, size: int) -> bool:
        return not self._expected or self._expected.get(session) == size

    def wire(self, session: bytes, rank: int, names: Sequence[str], patience: float = WAIT) -> LoopbackWire:
        """A participant's connection to this relay."""
        return LoopbackWire(self.port, session, rank, names, patience)

    def close(self) -> None:
        self._closed.set()
        with self._lock:
            there = list(self._open)
        with contextlib.suppress(OSError):
            self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for one in there:
            one.close()

    def _accept(self) -> None:
        while not self._closed.is_set():
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            connection.settimeout(self._patience)
            peer = FrameSocket(connection)
            with self._lock:
                self._open.add(peer)
            Thread(target=self._join, args=(peer,), daemon=True).start()

    def _join(self, peer: FrameSocket) -> None:
        try:
            frame = peer.receive()
        except (OSError, PeerLost):
            return self._drop([peer])
        session, size = bytes(frame.body), frame.step
        if len(session) != SESSION_BYTES or not 0 < size <= MAX_PARTIES or not self._expects(session, size):
            self._tell([peer], frames.abort(frame.rank, 5))
            return self._drop([peer])
        with self._lock:
            there = self._waiting.setdefault(session, {})
            for rank in [rank for rank, one in there.items() if not one.alive()]:  # it went: the session does not begin with it
                del there[rank]
            twice = frame.op != frames.JOIN or frame.rank >= size or frame.rank in there
            if not twice:
                there[frame.rank] = peer
            full = len(there) == size
            if full:
                del self._waiting[session]
        if twice:
            self._tell([peer], frames.abort(frame.rank, 5))
            return self._drop([peer])
        return self._serve([there[rank] for rank in range(size)]) if full else None

    def _serve(self, peers: Sequence[FrameSocket]) -> None:
        """Carries one session to its end; whoever ends it is named to the others."""
        end = None
        while end is None:
            given, end = _collect(peers, self._watch)
            try:
                answers = [] if end else self._answers(given)
            except PeerLost:
                end = frames.abort(0, 3)
            for peer, answer in zip(peers, [] if end else answers, strict=False):
                with contextlib.suppress(OSError):  # found when its next frame does not come
                    peer.send(answer)
        self._tell(peers, end)
        self._drop(peers)

    def _answers(self, given: Sequence[Frame]) -> list[Frame]:
        """What the relay makes of one step's frames; a test's relay does something else here."""
        return frames.deliver(given)

    def _tell(self, peers: Sequence[FrameSocket], frame: Frame) -> None:
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.send(frame)

    def _drop(self, peers: Sequence[FrameSocket]) -> None:
        with self._lock:
            self._open -= set(peers)
        for peer in peers:
            peer.close()


def _collect(peers: Sequence[FrameSocket], watch: Watch | None) -> tuple[list[Frame], Frame | None]:
    """One frame of everybody, or who is why there is none."""
    given: list[Frame] = []
    for rank, peer in enumerate(peers):
        try:
            frame = peer.receive()
            notes = 0
            while frame.op == frames.TELL:
                note, frame, notes = Progress.unpack(frame.body), peer.receive(), notes + 1
                if notes > frames.MOST_NOTES:
                    return given, frames.abort(rank, 6)
                if watch:
                    watch(note)
        except TimeoutError:
            return given, frames.abort(rank, 2)
        except (OSError, PeerLost):
            return given, frames.abort(rank, 1)
        if frame.op == frames.ABORT:
            return given, frames.abort(rank, 4)
        if given and (frame.op, frame.step) != (given[0].op, given[0].step):
            return given, frames.abort(rank, 3)
        given.append(frame)
    return given, None


class LoopbackWire:
    """A participant's connection to a :class:`LoopbackRelay`."""

    def __init__(self, port: int, session: bytes, rank: int, names: Sequence[str], patience: float = WAIT) -> None:
        self._names = names
        try:
            self._socket = FrameSocket(socket.create_connection(("127.0.0.1", port), timeout=patience))
        except OSError as error:
            raise PeerLost(f"no relay at 127.0.0.1:{port}: {error}") from None
        self._socket.send(Frame(frames.JOIN, rank, len(names), session))

    def exchange(self, frame: Frame, meanwhile: Meanwhile = frames.idle) -> Frame:
        try:
            self._socket.send(self._out(frame))
            meanwhile()
            answer = checked(frame, self._socket.receive(), self._names)
            return self._in(frame, answer)
        except TimeoutError:
            raise PeerLost("the relay did not answer in time") from None
        except OSError as error:
            raise PeerLost(f"the connection to the relay broke: {error}") from None

    def _out(self, frame: Frame) -> Frame:
        """What is sent for ``frame``; see host.py for a wire that sends something else."""
        return frame

    def _in(self, frame: Frame, answer: Frame) -> Frame:  # noqa: ARG002  a wire of another kind needs it
        """What the answer to ``frame`` stands for."""
        return answer

    def tell(self, body: bytes) -> None:
        with contextlib.suppress(OSError):  # found at the next step
            self._socket.send(Frame(frames.TELL, 0, 0, body))

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._socket.send(frames.abort(0, 4))

    def close(self) -> None:
        self._socket.close()


def checked(frame: Frame, answer: Frame, names: Sequence[str]) -> Frame:
    """The answer if it belongs to ``frame``; else :class:`PeerLost` says who ended the session, as the relay tells it."""
    if answer.op == frames.ABORT:
        who = names[answer.rank] if answer.rank < len(names) else "somebody"
        raise PeerLost(f"{who} {frames.REASONS.get(bytes(answer.body)[0] if answer.body else 0, 'ended the session')}")
    if (answer.op, answer.step) != (frame.op, frame.step):
        raise PeerLost(f"the relay answered step {answer.step} in place of {frame.step}")
    return answer
