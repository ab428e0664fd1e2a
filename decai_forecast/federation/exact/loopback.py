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
from decai_forecast.federation.exact.line import Line
from decai_forecast.federation.exact.progress import Progress, Watch

__all__ = ["PATIENCE", "WAIT", "WAITS", "LoopbackRelay", "LoopbackWire"]

PATIENCE = 60.0  # seconds without a frame after which a participant counts as silent
WAITS = 1.5  # times the relay's patience
WAIT = WAITS * PATIENCE  # seconds that a participant waits for the relay, which must have time to name who is silent


class LoopbackRelay:
    """A star on 127.0.0.1: one thread per session carries frames between its participants."""

    def __init__(self, patience: float = PATIENCE, watch: Watch | None = None) -> None:
        self._watch = watch
        self._patience, self._closed, self._lock = patience, Event(), Lock()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._waiting: dict[bytes, dict[int, Line]] = {}
        self._open: set[Line] = set()
        Thread(target=self._accept, daemon=True, name="relay").start()

    @property
    def port(self) -> int:
        return int(self._server.getsockname()[1])

    def __enter__(self) -> LoopbackRelay:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

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
            line = Line(connection)
            with self._lock:
                self._open.add(line)
            Thread(target=self._join, args=(line,), daemon=True).start()

    def _join(self, line: Line) -> None:
        try:
            frame = line.receive()
        except (OSError, PeerLost):
            return self._drop([line])
        session, size = bytes(frame.body), frame.step
        with self._lock:
            there = self._waiting.setdefault(session, {})
            for rank in [rank for rank, one in there.items() if not one.alive()]:  # it went: the session does not begin with it
                del there[rank]
            twice = frame.op != frames.JOIN or frame.rank >= size or frame.rank in there
            if not twice:
                there[frame.rank] = line
            full = len(there) == size
            if full:
                del self._waiting[session]
        if twice:
            self._tell([line], frames.abort(frame.rank, 5))
            return self._drop([line])
        return self._serve([there[rank] for rank in range(size)]) if full else None

    def _serve(self, lines: Sequence[Line]) -> None:
        """Carries one session to its end; whoever ends it is named to the others."""
        end = None
        while end is None:
            given, end = _collect(lines, self._watch)
            try:
                answers = [] if end else self._answers(given)
            except PeerLost:
                end = frames.abort(0, 3)
            for line, answer in zip(lines, [] if end else answers, strict=False):
                with contextlib.suppress(OSError):  # found when its next frame does not come
                    line.send(answer)
        self._tell(lines, end)
        self._drop(lines)

    def _answers(self, given: Sequence[Frame]) -> list[Frame]:
        """What the relay makes of one step's frames; a test's relay does something else here."""
        return frames.deliver(given)

    def _tell(self, lines: Sequence[Line], frame: Frame) -> None:
        for line in lines:
            with contextlib.suppress(OSError):
                line.send(frame)

    def _drop(self, lines: Sequence[Line]) -> None:
        with self._lock:
            self._open -= set(lines)
        for line in lines:
            line.close()


def _collect(lines: Sequence[Line], watch: Watch | None) -> tuple[list[Frame], Frame | None]:
    """One frame of everybody, or who is why there is none."""
    given: list[Frame] = []
    for rank, line in enumerate(lines):
        try:
            frame = line.receive()
            while frame.op == frames.TELL:
                note, frame = Progress.unpack(frame.body), line.receive()
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
            self._line = Line(socket.create_connection(("127.0.0.1", port), timeout=patience))
        except OSError as error:
            raise PeerLost(f"no relay at 127.0.0.1:{port}: {error}") from None
        self._line.send(Frame(frames.JOIN, rank, len(names), session))

    def exchange(self, frame: Frame, meanwhile: Meanwhile = frames.idle) -> Frame:
        try:
            self._line.send(self._out(frame))
            meanwhile()
            answer = checked(frame, self._line.receive(), self._names)
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
            self._line.send(Frame(frames.TELL, 0, 0, body))

    def abort(self) -> None:
        with contextlib.suppress(OSError):
            self._line.send(frames.abort(0, 4))

    def close(self) -> None:
        self._line.close()


def checked(frame: Frame, answer: Frame, names: Sequence[str]) -> Frame:
    """The answer if it belongs to ``frame``; else :class:`PeerLost` says who ended the session, as the relay tells it."""
    if answer.op == frames.ABORT:
        who = names[answer.rank] if answer.rank < len(names) else "somebody"
        raise PeerLost(f"{who} {frames.REASONS.get(bytes(answer.body)[0] if answer.body else 0, 'ended the session')}")
    if (answer.op, answer.step) != (frame.op, frame.step):
        raise PeerLost(f"the relay answered step {answer.step} in place of {frame.step}")
    return answer
