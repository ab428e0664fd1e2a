"""The relay of one host: bodies lie in private files in memory, the relay hears how long they are and nothing else."""

import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from training_parties import together

from decai_forecast.federation.exact import host
from decai_forecast.federation.exact.errors import PeerLost, Tampered
from decai_forecast.federation.exact.frames import Frame
from decai_forecast.federation.exact.host import HostRelay, HostWire
from decai_forecast.federation.exact.session import SecureSession


def sums(session: SecureSession) -> list[list[int]]:
    numbers = np.arange(8)
    parts = session.secure_reduce_scatter("part", [(numbers, 4)], [(0, 3), (3, 6), (6, 8)])
    return [parts[0].tolist(), session.secure_sum("whole", numbers, 4).tolist()]


def test_the_files_are_private_and_have_no_name_once_all_have_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that is killed leaves nothing in memory, and nobody else's can look in."""
    modes, left = list[str](), list[int]()
    real = HostWire._open

    def opened(wire: HostWire, frame: Frame) -> None:
        real(wire, frame)
        places = [Path(wire._folder), *Path(wire._folder).iterdir()]
        modes.extend(oct(place.stat().st_mode)[-3:] for place in places)

    monkeypatch.setattr(host, "MEMORY", tmp_path)
    monkeypatch.setattr(HostWire, "_open", opened)

    def part(session: SecureSession) -> None:
        sums(session)
        left.append(len(list(tmp_path.iterdir())))

    together([part] * 3, HostRelay(20.0))
    assert sorted(modes) == 9 * ["600"] + 3 * ["700"]
    assert left == [0, 0, 0]


def test_the_relay_hears_lengths_only() -> None:
    """One of a broadcast, one for each rank of what is sent."""

    heard = set[int]()

    class Listening(HostRelay):
        def _answers(self, given: Sequence[Frame]) -> list[Frame]:
            heard.update(len(frame.body) for frame in given)
            return super()._answers(given)

    assert all(found[1] == [3 * k for k in range(8)] for found in together([sums] * 3, Listening(20.0)))
    assert heard == {4, 12}


@pytest.mark.parametrize("wrong", [0, 7, 10_000])
def test_a_relay_that_says_other_lengths_is_found(wrong: int) -> None:
    """What is read in their place does not open, or is not there."""

    class Lying(HostRelay):
        def _answers(self, given: Sequence[Frame]) -> list[Frame]:
            answers = super()._answers(given)
            if given[0].step != 3:
                return answers
            lengths = bytearray(answers[0].body)
            struct.pack_into("<I", lengths, 4, wrong)
            return [Frame(one.op, one.rank, one.step, bytes(lengths)) for one in answers]

    found = together([sums] * 3, Lying(20.0))
    assert all(isinstance(one, Tampered | PeerLost) for one in (found[0], found[2]))
    assert any("bea" in str(one) for one in found)


@pytest.mark.parametrize("what", ["elsewhere", "a link", "open to others"])
def test_a_folder_that_no_relay_of_this_user_made_is_not_touched(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever listens at the port of a relay that ended could name any: participants write into it and remove it."""
    memory, mine = tmp_path / "memory", tmp_path / "decai-relay-mine"
    mine.mkdir(mode=0o700)
    memory.mkdir()
    for rank in range(3):
        (mine / str(rank)).write_text("mine")
    told = {"elsewhere": mine, "a link": memory / "decai-relay-1", "open to others": memory / "decai-relay-2"}[what]
    if what == "a link":
        told.symlink_to(mine)
    elif what == "open to others":
        mine = mine.rename(told)
        mine.chmod(0o755)
    monkeypatch.setattr(host, "MEMORY", memory)
    monkeypatch.setattr(HostRelay, "_serve", lambda relay, there: relay._tell(there, Frame(1, 0, 0, str(told).encode())))
    found = together([sums] * 3, HostRelay(3.0))
    assert all("the relay tells a folder that is not its own" in str(one) for one in found)
    assert [(mine / str(rank)).read_text() for rank in range(3)] == ["mine"] * 3


def test_memory_that_is_full_ends_the_session_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    """And not the process, as writing to mapped memory would."""

    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    found = together([sums] * 3, HostRelay(20.0))
    assert all(isinstance(one, PeerLost) for one in found)
    assert any("No space left" in str(one) for one in found)
