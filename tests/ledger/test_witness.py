"""The witness: what it cosigns and with which status it refuses (C2SP tlog-witness), over HTTP, and two requests at once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from made import ORIGIN, Made, made

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.formats.base64_text import encoded
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.merkle import EMPTY_ROOT, hashes_of, leaf_hash, prove_consistency, root_of
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.names import key_of_log
from decai_forecast.ledger.tile_hashes import PENDING
from decai_forecast.ledger.watching import watch_log
from decai_forecast.ledger.witness import Refusal, Request, Witness, origin_hash
from decai_forecast.ledger.witness_service import witness_server
from decai_forecast.store import Store

LOG_KEY = Ed25519PrivateKey.from_private_bytes(b"l" * 32)
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"x" * 32)
LEAVES = [leaf_hash(b"%d" % number) for number in range(20)]


def note_of(size: int, key: Ed25519PrivateKey = LOG_KEY, origin: str = "o/log", root: bytes = b"") -> Note:
    return Checkpoint(origin, size, root or root_of(LEAVES[:size])).note().signed(origin, key)


def request(old: int, size: int) -> Request:
    return Request(old, tuple(prove_consistency(old, size, hashes_of(LEAVES))), note_of(size))


@pytest.fixture
def witness(tmp_path: Path) -> Witness:
    """Of a participant that knows one log; it has cosigned 7 entries."""
    key = key_of_log("o/log", LOG_KEY.public_key().public_bytes_raw())
    own = Witness("o/log/acme", Ed25519PrivateKey.from_private_bytes(b"w" * 32), {"o/log": (key,)}, Store(tmp_path, "acme"))
    own.add_checkpoint(request(0, 7))
    return own


@pytest.fixture
def address(witness: Witness) -> Iterator[str]:
    """Of a running server of the witness."""
    with socket.create_server(("127.0.0.1", 0)) as bound:
        server = witness_server(witness, "127.0.0.1", 0)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        thread.join()


def test_it_cosigns_what_continues(witness: Witness) -> None:
    """From 7 to 12, the same again, then on; each signature holds and the last is what it tells monitors."""
    for old, size in ((7, 12), (12, 12), (12, 20)):
        line = witness.add_checkpoint(request(old, size))
        assert note_of(size).with_lines([line]).verified([witness.verifier])
        assert witness.size("o/log") == size
    latest = witness.latest("o/log")
    assert latest is not None
    assert [one.name for one in latest.lines] == ["o/log", "o/log/acme"]


BAD_PROOF = Request(7, (b"h" * 32,), note_of(12))
REFUSED = {
    "an origin that is not known": (Request(7, (), note_of(7, origin="o/other")), 404),
    "no signature of the log": (Request(7, (), Note(note_of(7).text, note_of(7, OTHER_KEY).lines)), 403),
    "a wrong signature of the log": (Request(7, (), Note(note_of(7).text, note_of(8).lines)), 403),
    "an old size above the new": (Request(8, (), note_of(7)), 400),
    "another old size": (request(3, 12), 409),
    "an old size of zero": (request(0, 12), 409),
    "a proof that does not hold": (BAD_PROOF, 422),
    "another root of the same size": (Request(7, (), note_of(7, root=b"r" * 32)), 422),
    "a proof where none is needed": (Request(7, (b"h" * 32,), note_of(7)), 422),
}


@pytest.mark.parametrize("why", REFUSED)
def test_it_refuses_with_the_status_of_the_protocol(witness: Witness, why: str) -> None:
    """And goes on from where it was."""
    asked, status = REFUSED[why]
    with pytest.raises(Refusal) as refusal:
        witness.add_checkpoint(asked)
    assert int(refusal.value.status) == status
    assert refusal.value.body == ("7\n" if status == 409 else "")
    assert witness.size("o/log") == 7


def test_a_tree_of_no_entries_has_one_root(witness: Witness, tmp_path: Path) -> None:
    """Another one is 422; the right one is cosigned, and no proof may come from size zero."""
    new = Witness(witness.name, witness.key, witness.logs, Store(tmp_path / "new", "acme"))
    empty = Checkpoint("o/log", 0, EMPTY_ROOT).note().signed("o/log", LOG_KEY)
    for asked in (Request(0, (), note_of(0, root=b"r" * 32)), Request(0, (b"h" * 32,), note_of(5))):
        with pytest.raises(Refusal) as refusal:
            new.add_checkpoint(asked)
        assert refusal.value.status is HTTPStatus.UNPROCESSABLE_ENTITY
    assert new.add_checkpoint(Request(0, (), empty))


GOOD = request(7, 12).to_bytes()
BODIES = {
    "no old size": (GOOD.replace(b"old 7", b"size 7"), 400), "a leading zero": (GOOD.replace(b"old 7", b"old 07"), 400),
    "64 hashes": (b"old 7\n" + (encoded(b"h" * 32) + "\n").encode() * 64 + b"\n" + note_of(12).to_bytes(), 400),
    "malformed base64": (GOOD.replace(b"\n", b"\n!!\n", 1), 400), "nothing": (b"", 400), "too much": (b"x" * 200_000, 400),
    "a half note": (GOOD[:-1], 400),
    "a hash of 31 bytes": (f"old 7\n{encoded(b'h' * 31)}\n\n".encode() + note_of(12).to_bytes(), 400),
}  # fmt: skip


@pytest.mark.parametrize("why", BODIES)
def test_what_is_no_request_is_answered_400(address: str, why: str) -> None:
    """Over HTTP."""
    body, status = BODIES[why]
    assert httpx.post(f"{address}/add-checkpoint", content=body).status_code == status


def test_it_answers_over_http_as_the_protocol_says(address: str, witness: Witness) -> None:
    """200 with a signature line, 409 with the size as its own type, 404, 403, 422; monitors get the newest checkpoint."""
    log = f"{address}/{origin_hash('o/log')}/checkpoint"
    conflict = httpx.post(f"{address}/add-checkpoint", content=request(3, 12).to_bytes())
    assert (conflict.status_code, conflict.text) == (409, "7\n")
    assert conflict.headers["content-type"].split(";")[0] == "text/x.tlog.size"
    for why, (asked, status) in REFUSED.items():
        assert httpx.post(f"{address}/add-checkpoint", content=asked.to_bytes()).status_code == status, why
    answer = httpx.post(f"{address}/add-checkpoint", content=GOOD)
    assert answer.status_code == 200
    assert Note.parse(note_of(12).to_bytes() + answer.content).verified([witness.verifier])
    latest = Note.parse(httpx.get(log).content)
    assert Checkpoint.parse(latest.text).size == 12
    assert len(latest.verified([witness.verifier, *witness.logs["o/log"]])) == 2
    assert httpx.get(log.replace(origin_hash("o/log"), "0" * 64)).status_code == 404
    assert httpx.get(f"{address}/add-checkpoint").status_code in (404, 405)


def test_of_two_requests_at_once_one_is_the_first(witness: Witness) -> None:
    """Two continuations of the same past that exclude each other are never both cosigned."""
    fork = [*LEAVES[:7], leaf_hash(b"fork"), *LEAVES[8:]]
    other = Checkpoint("o/log", 12, root_of(fork[:12])).note().signed("o/log", LOG_KEY)
    asked = [request(7, 12), Request(7, tuple(prove_consistency(7, 12, hashes_of(fork[:12]))), other)] * 4
    done, barrier = list[int](), threading.Barrier(len(asked))

    def ask(one: Request) -> None:
        barrier.wait()
        try:
            witness.add_checkpoint(one)
            done.append(200)
        except Refusal as refusal:
            done.append(int(refusal.status))

    threads = [threading.Thread(target=ask, args=(one,)) for one in asked]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done.count(200) == 1
    assert set(done) <= {200, 409, 422}


def forked(log: Made, folder: Path) -> Made:
    """The same log at another place, which tells another story from here on."""
    other = Made(folder, log.identities)
    other.keep(log.round()[:-1], witnesses=())
    return other


def test_a_split_view_is_caught_by_the_participant_that_sees_it(tmp_path: Path) -> None:
    """What it saw before is not what it is shown now: no cosignature, and the reason."""
    log, other = made(tmp_path / "one"), Made(tmp_path / "two")
    other.identities = log.identities
    other.keep([other.step("acme", outputs="e"), *other.round()], witnesses=())
    with pytest.raises(LedgerError, match="does not continue"):
        watch_log(log.witness("acme"), ORIGIN, other.files)
    assert watch_log(log.witness("acme"), ORIGIN, log.files)


def test_an_older_checkpoint_is_no_alarm_and_a_rewound_log_is_one(tmp_path: Path) -> None:
    """A reader may be behind; a log may not go back to another past."""
    log = made(tmp_path)
    first = log.files.read(PENDING)
    assert first is not None
    log.keep(log.round("2026-06-30"))
    log.files.write(PENDING, first)
    assert watch_log(log.witness("acme"), ORIGIN, log.files) is None
    note = Checkpoint(ORIGIN, 3, b"r" * 32).note().signed(ORIGIN, log.identities["coordinator"].key)
    log.files.write(PENDING, note.to_bytes())
    with pytest.raises(LedgerError, match="is no part of that"):
        watch_log(log.witness("acme"), ORIGIN, log.files)


@pytest.mark.parametrize("data", [b"", b"nothing", note_of(3).to_bytes()])
def test_what_is_no_checkpoint_of_the_log_is_not_cosigned(tmp_path: Path, data: bytes) -> None:
    """Also one of another log."""
    log = made(tmp_path)
    log.files.write(PENDING, data)
    with pytest.raises(LedgerError, match=PENDING):
        watch_log(log.witness("acme"), ORIGIN, log.files)
