"""Frames over a stream: whole, whatever pieces they come in."""

import socket
from collections.abc import Iterator
from threading import Thread

import pytest

from decai_forecast.federation.exact import frames
from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import Frame
from decai_forecast.federation.exact.socket_frames import FrameSocket

FRAMES = [Frame(frames.BROADCAST, 1, 7, b"short"), Frame(frames.TELL, 0, 0), Frame(frames.SEND, 2, 8, bytes(range(256)) * 4000)]


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, FrameSocket]]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        raw = socket.create_connection(server.getsockname())
        peer = FrameSocket(server.accept()[0])
    yield raw, peer
    raw.close()
    peer.close()


@pytest.mark.parametrize("piece", [1_000_000, 40_000, 37])
def test_frames_come_whole(ends: tuple[socket.socket, FrameSocket], piece: int) -> None:
    """All at once or in pieces; a long body among short ones."""
    raw, peer = ends
    sent = b"".join(frame.pack() for frame in FRAMES)
    writer = Thread(target=lambda: [raw.sendall(sent[at : at + piece]) for at in range(0, len(sent), piece)])
    writer.start()
    got = [peer.receive() for _ in FRAMES]
    writer.join()
    assert [(one.op, one.rank, one.step, bytes(one.body)) for one in got] == [
        (one.op, one.rank, one.step, one.body) for one in FRAMES
    ]


@pytest.mark.parametrize("begun", [b"", FRAMES[0].pack()[:9], FRAMES[2].pack()[:50_000]])
def test_an_end_within_a_frame_is_told(ends: tuple[socket.socket, FrameSocket], begun: bytes) -> None:
    raw, peer = ends
    raw.sendall(begun)
    raw.close()
    with pytest.raises(ConnectionError):
        peer.receive()


def test_what_is_no_frame_is_refused(ends: tuple[socket.socket, FrameSocket]) -> None:
    raw, peer = ends
    raw.sendall(b"GET / HTTP/1.1\r\nHost: relay\r\n\r\n")
    with pytest.raises(PeerLost, match="not a frame of this protocol"):
        peer.receive()


def test_whether_the_other_end_is_there(ends: tuple[socket.socket, FrameSocket]) -> None:
    """With nothing to read, and with something to read."""
    raw, peer = ends
    assert peer.alive()
    raw.sendall(b"x")
    assert peer.alive()


def test_who_went_is_not_there(ends: tuple[socket.socket, FrameSocket]) -> None:
    raw, peer = ends
    raw.shutdown(socket.SHUT_RDWR)
    assert not peer.alive()
