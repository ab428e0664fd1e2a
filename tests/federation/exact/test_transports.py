"""Loopback sockets, files of one host, and gRPC streams without and with TLS behave alike."""

import datetime
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from functools import cache, partial
from pathlib import Path
from threading import Semaphore, Timer
from time import sleep
from typing import Any

import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from training_parties import SESSION, Transport, companies, outcomes, plan, pooled, together

from decai_forecast.errors import FederationError
from decai_forecast.federation.exact import frames, grpc_relay
from decai_forecast.federation.exact.errors import PeerLost
from decai_forecast.federation.exact.frames import Frame
from decai_forecast.federation.exact.grpc_relay import GrpcRelay, GrpcWire, Tls
from decai_forecast.federation.exact.host import HostRelay
from decai_forecast.federation.exact.loopback import LoopbackRelay
from decai_forecast.federation.exact.progress import Progress, Watch


def _certificate(name: str, authority: tuple[Any, Any] | None) -> tuple[Any, Any]:
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer, issuer = (key, subject) if authority is None else (authority[0], authority[1].subject)
    made = x509.CertificateBuilder(
        issuer, subject, key.public_key(), x509.random_serial_number(), now, now + datetime.timedelta(1)
    )
    made = made.add_extension(x509.BasicConstraints(authority is None, None), True)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    return key, made.sign(signer, hashes.SHA256())


@cache
def tls(count: int = 2) -> list[Tls]:
    """Of a relay and of a participant, signed by one authority."""
    authority = _certificate("authority", None)
    pem = serialization.Encoding.PEM
    plain = (pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    sides = [_certificate(f"side {k}", authority) for k in range(count)]
    root = authority[1].public_bytes(pem)
    return [Tls(key.private_bytes(*plain), certificate.public_bytes(pem), root) for key, certificate in sides]


class Grpc(GrpcRelay):
    """Over gRPC, without TLS."""

    def __init__(self, patience: float, watch: Watch | None = None) -> None:
        super().__init__(patience=patience, watch=watch)

    def wire(self, session: bytes, rank: int, names: Sequence[str], patience: float) -> GrpcWire:
        return GrpcWire("127.0.0.1", self.port, session, rank, names, None, patience)


class GrpcTls(GrpcRelay):
    """Over gRPC with certificates on both sides."""

    def __init__(self, patience: float, watch: Watch | None = None) -> None:
        super().__init__("localhost:0", tls()[0], patience, watch)

    def wire(self, session: bytes, rank: int, names: Sequence[str], patience: float) -> GrpcWire:
        return GrpcWire("localhost", self.port, session, rank, names, tls()[1], patience)


Make = Callable[..., Transport]
"""From the relay's patience (seconds) and, maybe, whom it tells how far a training is."""


@pytest.fixture(params=[LoopbackRelay, HostRelay, Grpc, GrpcTls], ids=["loopback", "host", "grpc", "grpc with TLS"])
def transport(request: pytest.FixtureRequest) -> Make:
    make: Make = request.param
    return make


def test_a_training_over_it_is_exact(transport: Make, tmp_path: Path) -> None:
    """The model of the pooled rows, whatever carries the frames."""
    parts, which = companies(), plan(trees=3)
    assert {one.text for one in outcomes(parts, which, tmp_path, transport(20.0))} == {pooled(parts, which)}


def test_large_and_empty_messages_arrive(transport: Make) -> None:
    """5 MB to one, nothing to another."""
    big = np.random.default_rng(0).bytes(5_000_000)

    def part(session: Any) -> list[bytes]:
        return list(session.send("x", [big, b"", b"y"]))

    found = together([part] * 3, transport(20.0))
    assert [[len(blob) for blob in one] for one in found] == [[0, len(big), len(big)], [0, 0, 0], [1, 1, 0]]
    assert found[0][1] == big


def test_who_leaves_is_named(transport: Make) -> None:
    """As soon as its connection ends, not after a time."""

    def leave(session: Any) -> None:
        session._wire.close()

    found = together([lambda session: session.broadcast("x", b"")] * 2 + [leave], transport(20.0))
    assert [str(one) for one in found[:2]] == ["cyd left"] * 2


def test_who_stops_or_is_silent_is_named(transport: Make) -> None:
    """An error of its own, or nothing at all."""

    def stop(_: Any) -> None:
        raise ValueError("of its own")

    ended = Semaphore(0)

    def asks(session: Any) -> None:
        try:
            session.broadcast("x", b"")
        finally:
            ended.release()

    def silent(_: Any) -> None:
        assert all(ended.acquire(timeout=60) for _ in range(2))

    assert [str(one) for one in together([asks, asks, stop], transport(20.0))[:2]] == ["cyd stopped the training"] * 2
    ended = Semaphore(0)
    assert [str(one) for one in together([asks, asks, silent], transport(2.0), patience=60.0)[:2]] == [
        "cyd did not answer in time"
    ] * 2


def test_a_step_out_of_turn_ends_the_session(transport: Make) -> None:
    """Nobody gets an answer that belongs to another step."""

    def ahead(session: Any) -> None:
        session._step += 1
        session.broadcast("x", b"")

    found = together([lambda session: session.broadcast("x", b"")] * 2 + [ahead], transport(20.0))
    assert all(isinstance(one, PeerLost) for one in found)
    assert any("is at another step" in str(one) for one in found)


def test_a_second_one_of_a_rank_is_turned_away(transport: Make) -> None:
    """Whichever comes second hears that the place is taken; the other one goes on waiting."""
    with transport(60.0) as there, ThreadPoolExecutor(2) as pool:
        wires = [there.wire(SESSION, 0, ("ada", "bea", "cyd"), 60.0) for _ in range(2)]
        calls = [pool.submit(wire.exchange, Frame(frames.BROADCAST, 0, 0, b"")) for wire in wires]
        refused, waiting = wait(calls, timeout=60, return_when=FIRST_COMPLETED)
        assert (len(refused), len(waiting)) == (1, 1)
        with pytest.raises(PeerLost, match=r"joined twice|left|broke|ended"):
            refused.pop().result()
        for wire in wires:
            wire.close()


def test_who_went_before_the_others_came_can_come_again(transport: Make) -> None:
    """Its place is free again."""
    with transport(60.0) as there:
        there.wire(SESSION, 0, ("ada", "bea", "cyd"), 60.0).close()

        def come(rank: int) -> int:
            for _ in range(600):  # until the relay has seen that the first one went
                with suppress(PeerLost):
                    return (
                        there.wire(SESSION, rank, ("ada", "bea", "cyd"), 60.0).exchange(Frame(frames.BROADCAST, 0, 0, b"x")).op
                    )
                sleep(0.1)
            raise TimeoutError

        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(come, range(3)))
        assert found == [frames.BROADCAST] * 3


@pytest.mark.parametrize("note", [(1, 2, float("nan")), (1, 2, float("inf")), (3, 2, 0.1), (0, 2, 0.1)], ids=str)
def test_progress_that_cannot_be_ends_the_session(transport: Make, note: tuple[int, int, float]) -> None:
    """It would be published as JSON, which has no NaN; who sent it is named, and nobody is told of it."""
    told: list[Progress] = []

    def part(session: Any) -> list[bytes]:
        session.tell(*note)
        return list(session.broadcast("x", b""))

    found = together([part] * 3, transport(20.0, told.append))
    assert [str(one) for one in found[1:]] == ["ada left"] * 2
    assert not told


@pytest.mark.parametrize("holder", ["a program", "another relay"])
def test_a_taken_port_is_named(monkeypatch: pytest.MonkeyPatch, holder: str) -> None:
    """With what to do; gRPC alone would let two relays share a port, and each would get a part of the companies."""
    monkeypatch.setattr(grpc_relay, "TRIES", 2)
    with socket.create_server(("127.0.0.1", 0)) if holder == "a program" else Grpc(5.0) as there:
        port = there.getsockname()[1] if isinstance(there, socket.socket) else there.port
        with pytest.raises(FederationError) as raised:
            GrpcRelay(f"127.0.0.1:{port}")
    assert str(raised.value) == (
        f"no relay at 127.0.0.1:{port}: address already in use. If another program or training has port {port}, wait for it or "
        f"end it (`ss -ltnp sport = :{port}` names it), then run `federate` again"
    )


def test_a_port_that_is_free_again_soon_is_waited_for() -> None:
    """The relay of the model before may still be closing."""
    with socket.create_server(("127.0.0.1", 0)) as held:
        port = held.getsockname()[1]
        Timer(0.4, held.close).start()
        with GrpcRelay(f"127.0.0.1:{port}") as relay:
            assert relay.port == port


def test_without_a_certificate_nobody_reaches_the_relay() -> None:
    """TLS asks both sides."""
    with GrpcTls(5.0) as relay:
        wire = GrpcWire("localhost", relay.port, SESSION, 0, ("ada",), None, 5.0)
        with pytest.raises(PeerLost):
            wire.exchange(Frame(frames.BROADCAST, 0, 0, b""))
        wire.close()
    with pytest.raises(ValueError, match="needs TLS"):
        GrpcRelay("0.0.0.0:0")


def test_the_relay_counts_what_it_does() -> None:
    """Sessions, steps, bytes, and why sessions ended."""
    relay = Grpc(20.0)
    together([partial(lambda session: session.secure_sum("x", np.arange(1000), 8))] * 3, relay)
    seen = relay.metrics
    assert (seen.sessions, seen.open_sessions, seen.steps, seen.refused) == (1, 0, 3, 0)
    assert seen.received > 3 * 8000
    assert seen.sent > 2 * seen.received - 3000
    assert seen.ended == {"left": 1}


def joined(relay: GrpcRelay, session: bytes, rank: int, names: Sequence[str], side: int) -> Any:
    """What a participant with the certificate of ``side`` hears in place of the first answer, or None while it waits."""
    wire = GrpcWire("localhost", relay.port, session, rank, names, tls(4)[side], 2.0)
    try:
        return wire.exchange(Frame(frames.BROADCAST, rank, 0, b"x")).op
    except PeerLost as error:
        return str(error)
    finally:
        wire.close()


def test_a_certificate_takes_no_rank_but_its_own() -> None:
    """Of three companies the second comes as the first: turned away, and the first still finds its place."""
    names = ("side 1", "side 2", "side 3")
    with GrpcRelay("localhost:0", tls(4)[0], 20.0) as relay:
        relay.expect(SESSION, names)
        assert "joined twice" in joined(relay, SESSION, 0, names, 2)
        assert relay.metrics.refused == 1
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda k: joined(relay, SESSION, k, names, k + 1), range(3)))
    assert found == [frames.BROADCAST] * 3


@pytest.mark.parametrize("session", [b"x" * 1_000_000, b"", b"another session".ljust(32, b".")], ids=["long", "empty", "other"])
def test_a_session_that_was_not_announced_is_not_opened(session: bytes) -> None:
    """Neither under a name of a megabyte nor under one of another training; nothing of it is kept."""
    with GrpcRelay("localhost:0", tls(4)[0], 20.0) as relay:
        relay.expect(SESSION, ("side 1", "side 2", "side 3"))
        assert joined(relay, session, 0, ("side 1", "side 2", "side 3"), 1) != frames.BROADCAST
        assert not relay._sessions


def test_a_certificate_that_is_taken_back_ends_the_session_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not only at the next connection: its company is named to all, and nothing more of its is passed on."""
    monkeypatch.setattr(grpc_relay, "LOOK", 0.0)
    names, gone = ("side 1", "side 2", "side 3"), set[str]()

    def given(wire: GrpcWire, rank: int, step: int) -> str:
        try:
            return str(wire.exchange(Frame(frames.BROADCAST, rank, step, b"x")).op)
        except PeerLost as error:
            return str(error)

    with (
        GrpcRelay("localhost:0", tls(4)[0], 20.0, None, lambda name, _: name not in gone) as relay,
        ThreadPoolExecutor(3) as pool,
    ):
        wires = [GrpcWire("localhost", relay.port, SESSION, k, names, tls(4)[k + 1], 20.0) for k in range(3)]
        assert list(pool.map(given, wires, range(3), [0] * 3)) == [str(frames.BROADCAST)] * 3
        gone.add("side 2")
        assert list(pool.map(given, wires, range(3), [1] * 3)) == ["side 2 has a key that was taken back"] * 3
        for wire in wires:
            wire.close()


def test_one_certificate_does_not_hold_all_sessions() -> None:
    """It may have a few streams at a time; another company's session still opens."""
    sessions = [bytes([k]) * 32 for k in range(8)]
    with GrpcRelay("localhost:0", tls(4)[0], 20.0) as relay:
        wires = [GrpcWire("localhost", relay.port, one, 0, ("a", "b"), tls(4)[1], 5.0) for one in sessions]
        end = 600
        while relay.metrics.refused < 4 and end:
            end -= 1
            sleep(0.05)
        assert len(relay._sessions) == grpc_relay.MAX_OF_ONE
        for wire in wires:
            wire.close()


def test_notes_without_end_end_the_session(transport: Make) -> None:
    """Each would be published; between two steps one is enough."""

    def part(session: Any) -> list[bytes]:
        for _ in range(frames.MOST_NOTES + 1):
            session.tell(1, 2, 0.1)
        return list(session.broadcast("x", b""))

    found = together([part] * 3, transport(20.0, lambda _: None))
    assert [str(one) for one in found[1:]] == ["ada sent notes without end"] * 2
