"""Sums under masks: exact for whom they are meant, noise for everybody else."""

from functools import partial

import numpy as np
import pytest
from relays import Listening
from training_parties import together

from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import Frame, Meanwhile
from decai_forecast.federation.exact.masks import Stream
from decai_forecast.federation.exact.session import SecureSession


def looks_random(data: bytes) -> bool:
    """Byte frequencies of uniformly random data: chi-squared of 255 degrees of freedom within 6 standard deviations."""
    counts = np.bincount(np.frombuffer(data, np.uint8), minlength=256)
    expected = len(data) / 256
    return bool(abs(((counts - expected) ** 2 / expected).sum() - 255) < 6 * np.sqrt(2 * 255))


def test_the_total_is_exact_at_everybody() -> None:
    """Negative numbers and several widths."""
    numbers = np.array([[5, -7, 2**20], [1, 1, 1], [-6, 6, -(2**21)]])
    for width in (3, 4, 7, 8):
        found = together([lambda session, k=k, w=width: session.secure_sum("x", numbers[k], w) for k in range(3)])
        assert [one.tolist() for one in found] == [numbers.sum(axis=0).tolist()] * 3


def test_each_part_of_a_sum_reaches_its_owner_only() -> None:
    """Two columns of different widths, cut into unequal blocks, one of them empty."""
    rng = np.random.default_rng(1)
    numbers = rng.integers(-(2**20), 2**20, (3, 2, 10))
    bounds = [(0, 7), (7, 7), (7, 10)]

    def part(k: int, session: SecureSession) -> list[list[int]]:
        return [one.tolist() for one in session.secure_reduce_scatter("x", [(numbers[k][0], 4), (numbers[k][1], 7)], bounds)]

    total = numbers.sum(axis=0)
    assert together([partial(part, k) for k in range(3)]) == [total[:, low:high].tolist() for low, high in bounds]


def test_the_relay_sees_noise_only() -> None:
    """Everybody sums zeros; no byte of a body, nor any sum of bodies, shows it."""
    relay = Listening()
    zeros = np.zeros(20_000, np.int64)
    together([lambda session: session.secure_sum("x", zeros, 8)] * 3, relay)
    heard = [[bytes(frame.body) for frame in frames] for frames in relay.heard if len(frames[0].body) > 100_000]
    assert len(heard) == 1
    assert all(looks_random(body) for body in heard[0])
    words = [np.frombuffer(body[:160_000], np.uint64) for body in heard[0]]
    assert looks_random((words[0] + words[1] + words[2]).tobytes())


def test_the_receiver_of_a_sum_sees_noise_except_in_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    """What one participant opens of the others' numbers is random by itself and even together with its own key streams."""
    opened: list[list[bytes]] = []
    real = SecureSession._summed
    monkeypatch.setattr(
        SecureSession, "_summed", lambda self, phase, parts, *a: opened.append(list(parts)) or real(self, phase, parts, *a)
    )
    zeros = np.zeros(20_000, np.int64)
    together([lambda session: session.secure_sum("x", zeros, 8)] * 3)
    for part in opened[0]:
        assert looks_random(part)


def test_key_streams_are_read_once_and_cancel() -> None:
    """However the words are asked for; nothing of a stream comes twice."""
    one, other = Stream([(1, b"k" * 32)], np.uint64), Stream([(-1, b"k" * 32)], np.uint64)
    a = np.concatenate([one.take(n) for n in (1, 70_000, 3, 100)])
    b = np.concatenate([other.take(n) for n in (50_000, 20_000, 104)])
    assert not (a + b).any()
    assert len(np.unique(a)) == len(a)


def test_words_made_ahead_are_the_same_words() -> None:
    """Those who had to wait made some ahead, the last one did not."""
    waited, last = (Stream([(1, b"k" * 32)], np.uint32) for _ in range(2))
    for count in (3, 20_000, 1, 50_000):
        waited.prepare()
        waited.prepare()
        assert (waited.take(count) == last.take(count)).all()


def test_a_new_session_has_new_keys() -> None:
    """The same companies, the same session, the same numbers: other bytes."""
    relays = [Listening(), Listening()]
    for relay in relays:
        together([lambda session: session.secure_sum("x", np.arange(50), 8)] * 3, relay)
    first, second = ({bytes(frame.body) for frames in relay.heard for frame in frames} for relay in relays)
    assert not first & second


def test_a_nonce_is_used_up_by_a_message_that_did_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A relay that breaks off and is spoken to again gets no second message under the same nonce, which would show the
    difference of both."""
    heard: dict[int, list[bytes]] = {}

    def lost(frame: Frame, _: Meanwhile) -> Frame:
        heard.setdefault(frame.rank, []).append(bytes(frame.body))
        raise PeerLost("broken")

    def part(session: SecureSession) -> None:
        monkeypatch.setattr(session._wire, "exchange", lost)
        for said in (b"a" * 20, b"b" * 20):
            with pytest.raises(PeerLost):
                session.broadcast("x", said)

    assert together([part] * 3) == [None] * 3
    for first, second in heard.values():
        assert bytes(a ^ b for a, b in zip(first[:20], second[:20], strict=True)) != bytes([ord("a") ^ ord("b")] * 20)
