"""The relay for participants on one host: bodies go through files in memory, sockets only say where they lie.

Each rank has a file that it alone writes, with a place for each of ``PLACES`` steps in turn. Nobody writes over a body before
all have read it: who is two steps ahead has everybody's frame of the step between. (More than two places also keep one who is
at a wrong step from spoiling what others still read: it is told of its step.) Messages are sealed, and losses told, as with
every other relay.

Files are read and written, not mapped: a full memory file system is then an error and not the end of the process.
"""

from __future__ import annotations

import os
import shutil
import stat
import struct
import tempfile
from collections.abc import Sequence
from pathlib import Path

from decai_forecast.federation.exact import frames
from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import Frame
from decai_forecast.federation.exact.loopback import WAIT, LoopbackRelay, LoopbackWire, checked
from decai_forecast.federation.exact.socket_frames import FrameSocket

__all__ = ["HostRelay", "HostWire"]

MEMORY = Path("/dev/shm")  # a file system in memory; the folder in it is its maker's only
PREFIX = "decai-relay-"
PLACES = 4


class HostRelay(LoopbackRelay):
    """As :class:`LoopbackRelay`, but it never sees a body: only how long its blobs are."""

    def wire(self, session: bytes, rank: int, names: Sequence[str], patience: float = WAIT) -> HostWire:
        return HostWire(self.port, session, rank, names, patience)

    def _serve(self, peers: Sequence[FrameSocket]) -> None:
        folder = tempfile.mkdtemp(prefix=PREFIX, dir=_place_of_folders())
        try:
            for rank in range(len(peers)):
                Path(folder, str(rank)).touch(0o600)
            self._tell(peers, Frame(frames.JOIN, 0, 0, folder.encode()))
            super()._serve(peers)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _answers(self, given: Sequence[Frame]) -> list[Frame]:
        """Everybody's lengths of blobs, to everybody."""
        if len({len(frame.body) for frame in given}) != 1:
            raise PeerLost("participants say different numbers of lengths")
        lengths = b"".join([frame.body for frame in given])
        return [Frame(frame.op, frame.rank, frame.step, lengths) for frame in given]


class HostWire(LoopbackWire):
    """A participant's connection to a :class:`HostRelay` and its files."""

    def __init__(self, port: int, session: bytes, rank: int, names: Sequence[str], patience: float = WAIT) -> None:
        super().__init__(port, session, rank, names, patience)
        self._rank, self._files, self._folder = rank, list[int](), ""

    def close(self) -> None:
        super().close()
        while self._files:
            os.close(self._files.pop())

    def _out(self, frame: Frame) -> Frame:
        """Writes the body; what is sent in its place is the length of each of its blobs."""
        if not self._files:
            self._open(frame)
        at, size = _place(frame), len(frame.body)
        if os.pwrite(self._files[self._rank], frame.body, at) != size:
            raise PeerLost(f"no room for a message of {size:,} bytes in {MEMORY}")
        lengths = frame.body[: 4 * len(self._names)] if frame.op == frames.SEND else struct.pack("<I", size)
        return Frame(frame.op, frame.rank, frame.step, lengths)

    def _in(self, frame: Frame, answer: Frame) -> Frame:
        """Reads what the others wrote for this rank."""
        if self._folder:  # all have opened their files: the names can go
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = ""
        blobs = tuple([self._read(rank, *place) for rank, place in enumerate(self._places(frame, answer.body))])
        return Frame(answer.op, answer.rank, answer.step, blobs=blobs)

    def _places(self, frame: Frame, body: frames.Blob) -> list[tuple[int, int]]:
        """Where each rank's blob begins in its file, and its bytes."""
        width = len(self._names) if frame.op == frames.SEND else 1
        if len(body) != 4 * len(self._names) * width:
            raise PeerLost(f"the relay told {len(body)} bytes of lengths; expected {4 * len(self._names) * width}")
        lengths = struct.unpack(f"<{len(self._names) * width}I", body)
        begin, mine, places = _place(frame), self._rank if frame.op == frames.SEND else 0, []
        for rank in range(len(self._names)):
            row = lengths[rank * width : (rank + 1) * width]
            before = 4 * width + sum(row[:mine]) if frame.op == frames.SEND else 0
            places.append((begin + before, 0 if rank == self._rank else row[mine]))
        return places

    def _read(self, rank: int, begin: int, size: int) -> bytes:
        blob = os.pread(self._files[rank], min(size, frames.MAX_BODY), begin) if size else b""
        if len(blob) != size:
            raise PeerLost(f"{self._names[rank]} did not write the {size:,} bytes that it says it did")
        return blob

    def _open(self, frame: Frame) -> None:
        welcome = self._socket.receive()
        if welcome.op != frames.JOIN:
            checked(frame, welcome, self._names)
        self._folder = _private(bytes(welcome.body).decode(errors="replace"))
        for rank in range(len(self._names)):
            mode = os.O_RDWR if rank == self._rank else os.O_RDONLY
            self._files.append(os.open(Path(self._folder, str(rank)), mode | os.O_CLOEXEC | os.O_NOFOLLOW))


def _place_of_folders() -> Path:
    return MEMORY if MEMORY.is_dir() else Path(tempfile.gettempdir())


def _private(told: str) -> str:
    """The folder that a relay tells, if it is one that a relay of this user made: it is written to, and removed."""
    folder = Path(told)
    if folder.parent == _place_of_folders() and folder.name.startswith(PREFIX):
        found = folder.lstat()
        if stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not stat.S_IMODE(found.st_mode) & 0o077:
            return told
    raise PeerLost("the relay tells a folder that is not its own: does something else listen at its port?")


def _place(frame: Frame) -> int:
    """Where bodies of this step begin; files are sparse, only what is written takes room."""
    return frames.MAX_BODY * (frame.step % PLACES)
