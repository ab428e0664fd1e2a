"""Anchors: a place that is written once, and a real time stamp authority, made with openssl for the test."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from made import ORIGIN, Made, made

from decai_forecast.errors import LedgerError
from decai_forecast.ledger.anchors import FileAnchor, NoAnchor, TimeStampAnchor, anchor_faults
from decai_forecast.ledger.audit import Colour
from decai_forecast.ledger.audit.anchored import FolderCheck
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.store import Store

CONFIG = """
[req]
distinguished_name = name
[name]
[extensions]
extendedKeyUsage = critical,timeStamping
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {folder}/tsa.pem
certs = {folder}/tsa.pem
signer_key = {folder}/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
"""


def openssl(*arguments: str) -> None:
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)


@pytest.fixture
def authority(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and certificate of a running authority."""
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")  # it is the authority; CI has it
    folder = tmp_path / "tsa"
    folder.mkdir()
    (folder / "serial").write_text("01\n")
    (folder / "config").write_text(CONFIG.format(folder=folder))
    names = ["-config", str(folder / "config"), "-extensions", "extensions", "-subj", "/CN=tsa"]
    key, certificate = str(folder / "tsa.key"), str(folder / "tsa.pem")
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-keyout", key, "-out", certificate, *names)

    class Authority(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            (folder / "query").write_bytes(self.rfile.read(int(self.headers["Content-Length"])))
            reply = ["-config", str(folder / "config"), "-queryfile", str(folder / "query"), "-out", str(folder / "reply")]
            openssl("ts", "-reply", *reply)
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write((folder / "reply").read_bytes())

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Authority)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", folder / "tsa.pem"
    server.shutdown()
    server.server_close()


@pytest.fixture
def note(tmp_path: Path) -> Note:
    """The checkpoint of a log."""
    return Note.parse(made(tmp_path / "log").files.read("checkpoint") or b"")


def test_a_time_stamp_holds_for_its_checkpoint_and_no_other(tmp_path: Path, note: Note, authority: tuple[str, Path]) -> None:
    """By openssl alone, with the authority's certificate; the same again asks nobody."""
    address, certificate = authority
    anchor = TimeStampAnchor(address, tmp_path / "anchors")
    answer = Path(anchor.publish(note))
    checkpoint = answer.with_suffix(".checkpoint")
    assert checkpoint.read_bytes() == note.to_bytes()
    assert anchor_faults(checkpoint, answer, certificate) == ""
    assert TimeStampAnchor("http://127.0.0.1:9", tmp_path / "anchors").publish(note) == str(answer)
    checkpoint.write_bytes(note.to_bytes().replace(b"\n14\n", b"\n15\n"))
    assert anchor_faults(checkpoint, answer, certificate)


def test_an_audit_compares_anchors_with_the_log(tmp_path: Path, authority: tuple[str, Path]) -> None:
    """Copies and time stamps that are those of the log are green; another root, a rewound log, a changed answer are red."""
    log, folder = made(tmp_path / "log"), tmp_path / "anchors"
    assert log.lines(anchors=(FolderCheck(tmp_path),))["anchors"].colour is Colour.NONE
    TimeStampAnchor(authority[0], folder).publish(Note.parse(log.files.read("checkpoint") or b""))
    check = FolderCheck(folder, authority[1])
    assert log.lines(anchors=(check,))["anchors"].colour is Colour.GREEN
    assert log.red(anchors=(FolderCheck(folder),)) == {"anchors": [("000000000014.tsr", "anchor_stamp")]}
    key = log.identities["coordinator"].key
    for size, code in ((20, "log_rewound"), (9, "anchor_contradicts")):
        other = Checkpoint(ORIGIN, size, b"r" * 32).note().signed(ORIGIN, key)
        (folder / "other.checkpoint").write_bytes(other.to_bytes())
        assert log.red(anchors=(check,)) == {"anchors": [("other.checkpoint", code)]}
    (folder / "other.checkpoint").write_bytes(b"none")
    assert log.red(anchors=(check,)) == {"anchors": [("other.checkpoint", "log_checkpoint")]}


def test_an_authority_that_does_not_answer_is_named(tmp_path: Path, note: Note) -> None:
    """And nothing is left behind that looks like a time stamp."""
    with pytest.raises(LedgerError, match="does not answer"):
        TimeStampAnchor("http://127.0.0.1:9", tmp_path / "anchors").publish(note)
    assert not list((tmp_path / "anchors").glob("*.tsr"))


def test_an_answer_that_grants_nothing_is_not_kept(tmp_path: Path, note: Note) -> None:
    """An authority that refuses answers in the same form (RFC 3161, 2.4.2): status 2, rejection."""

    class Refusing(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(bytes.fromhex("30053003020102"))

        def log_message(self, *words: object) -> None:
            """Says nothing."""

    server = HTTPServer(("127.0.0.1", 0), Refusing)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(LedgerError, match="grants no time stamp"):
        TimeStampAnchor(f"http://127.0.0.1:{server.server_port}", tmp_path / "anchors").publish(note)
    assert not list((tmp_path / "anchors").glob("*"))
    server.shutdown()
    server.server_close()


def test_a_copy_is_made_once_and_contradicts_another_past(tmp_path: Path, note: Note) -> None:
    """Of each size one; a log with another past cannot be anchored beside it."""
    anchor = FileAnchor(Store(tmp_path / "vault", "vault"))
    assert anchor.publish(note) == anchor.publish(note) == "000000000014.checkpoint"
    log = Made(tmp_path / "other")
    other = Checkpoint(ORIGIN, 14, b"r" * 32).note().signed(ORIGIN, log.identities["coordinator"].key)
    with pytest.raises(LedgerError, match="another root"):
        anchor.publish(other)
    assert NoAnchor().publish(note) == ""
