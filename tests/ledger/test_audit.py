"""Attacks on a log and on what was published: each makes the right line red, with entry or file and the reason."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from made import NAMES, ORIGIN, ROUND, Made, made

from decai_forecast.errors import LedgerError
from decai_forecast.identity import Identity
from decai_forecast.ledger.audit import Auditing, Colour, audit, exit_code, shown
from decai_forecast.ledger.files import PublicFiles, public_files
from decai_forecast.ledger.formats.checkpoint import Checkpoint
from decai_forecast.ledger.formats.note import Note
from decai_forecast.ledger.formats.tiles import bundle_of, entries_of
from decai_forecast.ledger.mirror import mirror_log
from decai_forecast.ledger.statements import Event, Membership, Published, public_subject
from decai_forecast.store import digest_bytes

SHARED = f"rounds/{ROUND}/shared.json"


@pytest.fixture
def log(tmp_path: Path) -> Made:
    """After one round, witnessed by all three."""
    return made(tmp_path)


def test_an_honest_log_is_green(log: Made) -> None:
    """All lines; a saved checkpoint of the round before is continued."""
    saved = Note.parse(log.files.read("checkpoint") or b"")
    assert log.red() == {}
    log.keep(log.round("2026-06-30"))
    lines = log.lines(since=saved)
    assert {line.colour for line in lines.values()} == {Colour.GREEN}
    assert exit_code(lines.values()) == 0
    assert shown(lines["checkpoint"]).startswith("green  checkpoint   25 entries, cosigned by 3 of 3 witnesses, 2 are needed")


def flip(path: Path, place: int = -1) -> None:
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(bytes(data))


PLACES = {
    "log/checkpoint": "checkpoint", "log/pending": "tree", "log/tile/0/000.p/14": "tree", "log/tile/entries/000.p/14": "tree",
    SHARED: "published", f"rounds/{ROUND}/closed.json": "published",
}  # fmt: skip


@pytest.mark.parametrize("name", PLACES)
def test_a_flipped_bit_in_any_file_makes_its_line_red(log: Made, name: str) -> None:
    """At the beginning, in the middle, at the end."""
    path = log.folder / "public" / name
    original = path.read_bytes()
    for place in (0, len(original) // 2, -1):
        flip(path, place)
        assert PLACES[name] in log.red(), (name, place)
        path.write_bytes(original)
    assert log.red() == {}


def test_every_file_of_the_log_counts(log: Made) -> None:
    """Whichever is gone or changed, also partial tiles of older checkpoints."""
    log.keep(log.round("2026-06-30"))
    for path in sorted((log.folder / "public").rglob("*")):
        if path.is_file():
            original = path.read_bytes()
            flip(path, len(original) // 2)
            assert log.red(), path
            path.write_bytes(original)


@pytest.mark.parametrize("name", ["log/tile/0/000.p/14", "log/tile/entries/000.p/14", SHARED])
def test_a_folder_with_one_file_missing_is_red_and_names_it(log: Made, name: str) -> None:
    """And a log without a checkpoint says so."""
    (log.folder / "public" / name).unlink()
    assert any(name.removeprefix("log/") in place for faults in log.red().values() for place, _ in faults)


def test_a_log_without_checkpoint_is_red(log: Made) -> None:
    """Nothing further can be said."""
    (log.folder / "public/log/checkpoint").unlink()
    assert log.red() == {"checkpoint": [("checkpoint", "log_file_missing")]}


def rewritten(log: Made, change: Callable[[list[bytes]], list[bytes]]) -> None:
    """The coordinator writes another history, and signs it; nobody witnesses it any more."""
    entries = change(entries_of((log.folder / "public/log/tile/entries/000.p/14").read_bytes()))
    other = Made(log.folder / "other", log.identities)
    other.keep([], witnesses=())
    keeper = other.log
    keeper._store.create_bytes("ledger/batches/000/000/000/000", bundle_of(entries))  # its own door would not take them
    other.log.publish()
    for path in (log.folder / "other/public").rglob("*"):
        if path.is_file():
            target = log.folder / "public" / path.relative_to(log.folder / "other/public")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(path.read_bytes())
    (log.folder / "public/log/checkpoint").write_bytes((log.folder / "public/log/pending").read_bytes())


HISTORIES: dict[str, Callable[[list[bytes]], list[bytes]]] = {
    "an entry removed": lambda entries: entries[:3] + entries[4:],
    "two entries in another order": lambda entries: [*entries[:3], entries[4], entries[3], *entries[5:]],
    "an entry repeated": lambda entries: [*entries, entries[3]],
    "the newest entries removed": lambda entries: entries[:-2],
}


@pytest.mark.parametrize("what", HISTORIES)
def test_another_history_has_no_quorum_and_does_not_continue_what_was_saved(log: Made, what: str) -> None:
    """Whoever saved a checkpoint sees it by itself; everybody sees that no witness signed."""
    saved = Note.parse(log.files.read("checkpoint") or b"")
    rewritten(log, HISTORIES[what])
    red = log.red(since=saved)
    assert ("checkpoint", "log_quorum") in red["checkpoint"]
    if what != "an entry repeated":
        assert red["consistency"][0][1] in ("log_split", "log_rewound")
    else:
        assert ("entry 14", "statement_repeated") in red["statements"]


def stated(log: Made, *entries: bytes) -> list[tuple[str, str]]:
    """The faults of the statements, after these were logged and witnessed like any other."""
    log.keep(entries)
    return log.red().get("statements", [])


def test_statements_that_do_not_hold_are_named_by_entry(log: Made) -> None:
    """Signed by another, malformed, of the future, of a stranger; the valid ones beside them are not lost."""
    stranger = Identity.create("stranger")
    log.identities["stranger"] = stranger
    head = log.head("acme")
    forged = log.entry(Published(*head), public_subject("x", "a" * 64), signer="bolt")
    future = log.step("acme", "train", minutes=60)
    claims = log.entry(Published(*log.head("acme")), public_subject("shared/x.json", "a" * 64))
    alien = log.step("stranger")
    del log.identities["stranger"]
    faults = stated(log, forged, b"not a statement", future, alien, claims, log.step("bolt", "train"))
    assert faults == [
        ("entry 14", "statement_signature"), ("entry 15", "statement_malformed"), ("entry 16", "statement_time"),
        ("entry 17", "statement_sender"), ("entry 18", "statement_sender"),
    ]  # fmt: skip


def test_two_statements_that_contradict_each_other_are_red(log: Made) -> None:
    """Other outputs of the same step from the same inputs; from other inputs they are two runs."""
    assert stated(log, log.step("acme", "train"), log.step("acme", "train", outputs="e", inputs="f")) == []
    assert stated(log, log.step("acme", "train", outputs="e")) == [("entry 16", "statement_contradicts")]


def test_two_closings_of_a_round_are_red(log: Made) -> None:
    """The coordinator cannot publish one thing and state another."""
    again = log.entry(Published(*log.head("coordinator")), public_subject(SHARED, digest_bytes(b"other")))
    assert stated(log, again) == [("entry 14", "statement_contradicts")]


@pytest.mark.parametrize("event", [Event.REVOKED, Event.LEFT])
def test_a_key_counts_until_the_log_says_otherwise(log: Made, event: Event) -> None:
    """What was signed before stays valid; once it joins again, its key counts again."""
    ended = log.membership("bolt", event)
    assert stated(log, ended, log.step("bolt", "train")) == [("entry 15", "statement_key")]
    key = digest_bytes(log.identities["bolt"].public)
    back = Membership(*log.head("coordinator", "2026-06-30"), "bolt", key, Event.JOINED)
    joined = log.entry(back, public_subject("joined/bolt", key))
    assert stated(log, joined, log.step("bolt", "watch")) == [("entry 15", "statement_key")]


def test_a_statement_of_a_round_cannot_be_used_in_another(log: Made) -> None:
    """The same bytes again are a repetition, and the round that is inside is signed."""
    old = log.submitted("acme")
    closed = log.publish("rounds/2026-06-30/closed.json", b"{}", "closing", "2026-06-30")
    log.keep([old, closed])
    assert ("round 2026-06-30", "member_silent") in log.red()["published"]


def test_views_that_differ_meet_in_the_log(log: Made) -> None:
    """A company that was shown another log says so in its submission, and everybody reads it."""
    fooled = log.submitted("bolt", "2026-06-30", 7, "9" * 64)
    log.keep([log.submitted("acme", "2026-06-30"), fooled])
    assert log.red() == {"views": [("entry 15", "log_split")]}


def test_too_few_witnesses_are_no_quorum(tmp_path: Path) -> None:
    """One of three signs: the checkpoint that everybody reads stays the one before."""
    log = made(tmp_path)
    log.keep(log.round("2026-06-30"), witnesses=("acme",))
    lines = log.lines()
    assert "11 of them no quorum has witnessed yet" in lines["tree"].text
    assert lines["checkpoint"].text.startswith("14 entries")


def test_a_lying_witness_counts_for_nothing(log: Made) -> None:
    """A signature over something else, or of nobody that is known, is left out of the checkpoint."""
    keeper = log.keeper
    note = Note("x\n1\nAAAA\n")
    lie = note.cosignature(f"{ORIGIN}/acme", log.identities["acme"].key, 5)
    grown = keeper.cosigned(14, [str(lie), "no line", ""])
    assert grown == keeper.log.checkpoint_of(14)
    with pytest.raises(LedgerError, match="signed no checkpoint over 9 entries"):
        keeper.cosigned(9, [])


def test_a_file_that_nobody_stated_is_red(log: Made) -> None:
    """What the coordinator published must be in the log; progress is no claim."""
    public = log.store("public")
    public.write_bytes(f"rounds/{ROUND}/progress.json", b"{}")
    assert log.red() == {}
    public.write_bytes("shared/2026-06-22/abcd.json", b"{}")
    assert log.red() == {"published": [("shared/2026-06-22/abcd.json", "file_unstated")]}


def test_only_the_named_round_is_looked_at(log: Made) -> None:
    """Files of another round may be gone; a round that is not in the log is named."""
    log.keep(log.round("2026-06-30"))
    (log.folder / "public/rounds/2026-06-30/shared.json").unlink()
    assert log.red(round=ROUND) == {}
    assert log.red(round="2026-06-30")["published"]
    assert ("round 2026-07-01", "round_unstated") in log.red(round="2026-07-01")["published"]


def test_a_model_without_its_signatures_is_red(log: Made) -> None:
    """Where the strategy has companies sign what they grow."""
    models = json.dumps({"cutoff": "2026-06-22", "models": {"0.5": "tree"}, "certificates": {}, "mean": ""}).encode()
    key = "shared/2026-06-22/ab.json"
    named = {"strategy": "exact", "minimum": 3, "models": {"2026-06-22": {"key": key}}}
    shared = json.dumps({"body": json.dumps(named)}).encode()
    entries = [log.publish(key, models), log.publish("rounds/2026-06-30/shared.json", shared, round_id="2026-06-30")]
    log.keep(entries)
    assert log.red() == {"models": [(f"{key} 2026-06-22/0.5", "model_unsigned")]}


def test_a_policy_of_another_network_believes_nothing(log: Made, tmp_path: Path) -> None:
    """Keys decide, and not names."""
    other = Made(tmp_path / "other")
    other.folder = log.folder
    red = other.red()
    assert red["checkpoint"] == [("checkpoint", "log_checkpoint")]
    assert len(red["statements"]) == 14


def test_a_clock_that_runs_ahead_by_minutes_is_no_lie(log: Made) -> None:
    """Up to five minutes."""
    log.now += timedelta(minutes=4)
    assert stated(log, log.step("acme", "train")) == []


def test_a_folder_that_is_not_there_is_said(tmp_path: Path) -> None:
    """Before any line."""
    with pytest.raises(LedgerError, match="no such folder"):
        public_files(tmp_path / "none")
    assert len(NAMES) == 3


def test_a_log_that_does_not_answer_is_said() -> None:
    """With its address."""
    with pytest.raises(LedgerError, match="does not answer"):
        public_files("http://127.0.0.1:9").read("log/checkpoint")


class Unlisted:
    """A web server: it gives files, and does not list them."""

    def __init__(self, log: Made) -> None:
        self._public = log.public

    def read(self, name: str) -> bytes | None:
        return self._public.read(name)

    def names(self, folder: str) -> list[str]:
        return list[str]() if folder else []


@pytest.mark.parametrize("name", ["log/tile/0/000.p/14", "log/tile/entries/000.p/14"])
def test_a_changed_tile_is_seen_where_files_cannot_be_listed(log: Made, name: str) -> None:
    """By what follows from the entries."""
    asked = Auditing(Unlisted(log), log.policy)
    assert exit_code(audit(asked)) == 0
    flip(log.folder / "public" / name)
    red = {line.check: line.faults[0].place for line in audit(asked) if line.colour is Colour.RED}
    assert red["tree"].startswith(("entry ", "tile/", "checkpoint"))


def test_a_copy_that_does_not_lead_to_its_checkpoint_is_refused(log: Made) -> None:
    """Nothing of it becomes a participant's own."""
    there = Checkpoint.parse(Note.parse(log.files.read("checkpoint") or b"").text)
    store = log.store("copy")
    with pytest.raises(LedgerError, match="do not lead to its checkpoint"):
        mirror_log(log.files, log.public.read, Checkpoint(there.origin, there.size, b"r" * 32), store)
    assert not store.exists("ledger/mirror/log/pending")
    mirror_log(log.files, log.public.read, there, store)
    assert store.exists("ledger/mirror/log/pending")


def test_a_checkpoint_that_names_endless_entries_ends_the_reading(log: Made) -> None:
    """The log alone signs it as pending; the audit stays short, and red."""
    key = log.identities["coordinator"].key
    endless = Checkpoint(ORIGIN, 2**60, b"r" * 32).note().signed(ORIGIN, key)
    log.files.write("pending", endless.to_bytes())
    line = log.lines()["tree"]
    assert line.colour is Colour.RED
    assert line.count < 1_100


def test_a_server_that_sends_for_ever_is_given_up() -> None:
    """At the largest file that is read."""

    class Endless(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    self.wfile.write(b"x" * 65_536)

        def log_message(self, *_: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Endless)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.raises(LedgerError, match="more than 100,000 bytes"):
        PublicFiles(f"http://127.0.0.1:{server.server_port}", largest=100_000).read("log/checkpoint")
    server.shutdown()
    server.server_close()
