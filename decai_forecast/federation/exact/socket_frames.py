"""One end of a connection between a participant and the loopback relay: frames out, frames in."""

from __future__ import annotations

import contextlib
import select
from socket import IPPROTO_TCP, MSG_PEEK, SHUT_RDWR, TCP_NODELAY, socket

from decai_forecast.federation.exact.frames import HEADER, Frame, read_header

__all__ = ["FrameSocket"]

READ_BYTES = 1 << 14  # bytes asked for at once: a small frame comes with one call, header and body


class FrameSocket:
    """Frames over a stream socket. Not for several threads, but for :meth:`close`."""

    def __init__(self, connection: socket) -> None:
        connection.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        self._socket, self._have = connection, b""

    def send(self, frame: Frame) -> None:
        self._socket.sendall(frame.pack())

    def receive(self) -> Frame:
        """The next frame; ``ConnectionError`` at the end, ``PeerLost`` if what comes is none, ``TimeoutError``."""
        while len(self._have) < HEADER.size:
            self._have += self._some()
        op, rank, step, size = read_header(self._have)
        end = HEADER.size + size
        body, self._have = self._have[HEADER.size : end], self._have[end:]
        return Frame(op, rank, step, body if len(body) == size else self._rest(body, size))

    def _some(self) -> bytes:
        got = self._socket.recv(READ_BYTES)
        if not got:
            raise ConnectionError("closed")
        return got

    def _rest(self, begun: bytes, size: int) -> memoryview:
        """A long body, read into its place."""
        body, at = memoryview(bytearray(size)), len(begun)
        body[:at] = begun
        while at < size:
            got = self._socket.recv_into(body[at:])
            if not got:
                raise ConnectionError("closed")
            at += got
        return body

    def alive(self) -> bool:
        """Whether the other end is still there: a connection that ended reads as empty."""
        readable, _, _ = select.select([self._socket], [], [], 0)
        try:
            return not readable or self._socket.recv(1, MSG_PEEK) != b""
        except OSError:
            return False

    def close(self) -> None:
        """Ends it for both; one that waits in another thread is woken."""
        with contextlib.suppress(OSError):  # already ended
            self._socket.shutdown(SHUT_RDWR)
        self._socket.close()
