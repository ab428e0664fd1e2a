"""A report reaches its targets once; what fails is owed, tried again, visible, and never lost."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import examples
import pytest
import sending
from sending import ROUND, Known, Receiver

from decai_forecast.delivery import Connection
from decai_forecast.reports.send import Book, Entry, Target, book, bundle_of, deliver, send_report
from decai_forecast.store import Store

SECRET = "correct horse"
HOOK = Known({"alder_hook": Connection(password=SECRET)})


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deliver, "PAUSE", 0.0)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return sending.with_report(Store(tmp_path / "store", "alder_foods"))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with sending.http_receiver() as found:
        yield found


def hook(receiver: Receiver) -> Target:
    return Target("erp", "webhook", receiver.url, connection="alder_hook")


def send(
    store: Store, *targets: Target, known: Known = HOOK, round_id: str = ROUND, allowed: tuple[Path, ...] = ()
) -> list[Entry]:
    return send_report(store, "alder_foods", round_id, targets, known, allowed=allowed)


def told(entries: list[Entry]) -> list[tuple[str, str, int, str]]:
    return [(entry.target, entry.status, entry.attempts, entry.code) for entry in entries]


def test_a_webhook_gets_the_signed_report(store: Store, receiver: Receiver) -> None:
    """All files as text, under a key that names the report and a signature that only the owner of the password can make."""
    assert told(send(store, hook(receiver))) == [("erp", "sent", 1, "")]
    (headers, body), bundle = receiver.got[0], bundle_of(store, "alder_foods", ROUND)
    assert headers["Idempotency-Key"] == hashlib.sha256(bundle.files["manifest.json"]).hexdigest()
    assert {name: text.encode() for name, text in json.loads(body)["files"].items()} == dict(bundle.files)
    seconds, mark = (part.partition("=")[2] for part in headers["X-Decai-Signature"].split(","))
    assert hmac.new(SECRET.encode(), f"{seconds}.".encode() + body, "sha256").hexdigest() == mark
    assert abs(int(seconds) - datetime.now(UTC).timestamp()) < 60


def test_a_report_is_sent_once(store: Store, receiver: Receiver) -> None:
    """However often a night is repeated; a new report of the same round goes out again, under another key."""
    send(store, hook(receiver))
    send(store, hook(receiver))
    assert len(receiver.got) == 1
    sending.with_report(store, facts=examples.facts(seed=8))
    send(store, hook(receiver))
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.got}) == 2


def test_a_busy_receiver_is_tried_again_at_once(store: Store, receiver: Receiver) -> None:
    """With the same key, so that it can tell."""
    receiver.answers = [503, 429]
    assert told(send(store, hook(receiver))) == [("erp", "sent", 1, "")]
    assert len({headers["Idempotency-Key"] for headers, _ in receiver.got}) == 1
    assert len(receiver.got) == 3


def test_a_refusal_is_not_repeated_at_once(store: Store, receiver: Receiver) -> None:
    """It is written down with its code and its words, without the key, and tried the next night."""
    receiver.answers = [401]
    entry = send(store, hook(receiver))[0]
    assert (entry.status, entry.attempts, entry.code) == ("owed", 1, "send_rejected")
    assert entry.text == "erp: 127.0.0.1 answers 401; see the address and the key in its connection"
    assert told(send(store, hook(receiver))) == [("erp", "sent", 2, "")]


def test_what_is_owed_comes_first_and_nothing_is_lost(store: Store, receiver: Receiver) -> None:
    """A receiver that is down for two nights gets all three reports on the third, oldest first, each once."""
    for night in ("2026-11-24", "2026-11-25"):
        sending.with_report(store, night, examples.facts(round_id=night))
        receiver.answers = [500] * deliver.ATTEMPTS
        send(store, hook(receiver), round_id=night)
    receiver.got.clear()
    sending.with_report(store, "2026-11-26", examples.facts(round_id="2026-11-26"))
    send(store, hook(receiver), round_id="2026-11-26")
    assert [json.loads(body)["round"] for _, body in receiver.got] == ["2026-11-24", "2026-11-25", "2026-11-26"]
    assert Book(store).owed("erp") == []


def test_further_rounds_of_a_night_come_after_it(store: Store, receiver: Receiver) -> None:
    """In the order of time, not of letters."""
    nights = ["2026-11-24", "2026-11-24.2", "2026-11-24.10"]
    for night in nights:
        sending.with_report(store, night, examples.facts(round_id=night))
        receiver.answers = [500] * deliver.ATTEMPTS
        send(store, hook(receiver), round_id=night)
    receiver.got.clear()
    send(store, hook(receiver), round_id=nights[-1])
    assert [json.loads(body)["round"] for _, body in receiver.got] == nights


def test_a_dead_target_costs_one_attempt_a_night_and_stops_no_other(store: Store, receiver: Receiver, tmp_path: Path) -> None:
    """Its newer reports wait unattempted; the folder beside it has the report."""
    receiver.answers = [500] * 99
    folder = Target("archive", "folder", str(tmp_path / "archive"))
    send(store, hook(receiver), folder, allowed=(tmp_path,))
    sending.with_report(store, "2026-11-25", examples.facts(round_id="2026-11-25"))
    entries = send(store, hook(receiver), folder, round_id="2026-11-25", allowed=(tmp_path,))
    assert told(entries) == [("archive", "sent", 1, ""), ("erp", "owed", 0, "")]
    assert len(receiver.got) == 2 * deliver.ATTEMPTS


def test_two_tasks_at_once_send_one_report(store: Store, receiver: Receiver) -> None:
    """Whoever comes second leaves it to the first."""
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: send(store, hook(receiver)), range(4)))
    assert len(receiver.got) == 1


def test_a_task_that_died_half_way_loses_nothing(store: Store, receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its claim holds others off for a while, then one of them takes over."""
    Book(store).owe(ROUND, "erp", "webhook", bundle_of(store, "alder_foods", ROUND).digest)
    digest = bundle_of(store, "alder_foods", ROUND).digest
    assert Book(store).begin(ROUND, "erp", "webhook", digest) is not None  # and nothing more is heard of it
    assert told(send(store, hook(receiver))) == [("erp", "owed", 0, "")]
    later = datetime.now(UTC) + book.LEASE + timedelta(seconds=1)
    monkeypatch.setattr(book, "_now", lambda: later)
    assert told(send(store, hook(receiver))) == [("erp", "sent", 1, "")]


def test_a_death_before_the_entry_is_written_loses_nothing(store: Store, receiver: Receiver) -> None:
    """The mark of what is owed stands for the entry, even the night after."""
    Book(store).owe(ROUND, "erp", "webhook", bundle_of(store, "alder_foods", ROUND).digest)
    store.remove(f"sent/{ROUND}/erp")
    sending.with_report(store, "2026-11-25", examples.facts(round_id="2026-11-25"))
    send(store, hook(receiver), round_id="2026-11-25")
    assert [json.loads(body)["round"] for _, body in receiver.got] == [ROUND, "2026-11-25"]


def test_a_folder_gets_all_files_and_only_where_it_may(store: Store, tmp_path: Path) -> None:
    """Below the participant's and the round's name; a folder that the network does not allow is refused."""
    folder = Target("archive", "folder", f"file://{tmp_path}/archive")
    assert told(send(store, folder, allowed=(tmp_path,))) == [("archive", "sent", 1, "")]
    found = {path.name: path.read_bytes() for path in (tmp_path / "archive/alder_foods" / ROUND).iterdir()}
    assert found == dict(bundle_of(store, "alder_foods", ROUND).files)
    entry = send(store, replace(folder, name="other", url="/etc"), allowed=(tmp_path,))[1]
    assert entry.text == (
        "other: /etc is in none of the source_folders of network.yaml; name an absolute folder below one of them"
    )


def test_a_store_gets_the_report(store: Store) -> None:
    """Any that fsspec knows."""
    assert told(send(store, Target("cloud", "folder", "memory://reports"))) == [("cloud", "sent", 1, "")]
    there = Store("memory://reports", "alder_foods")
    assert there.read_bytes(f"alder_foods/{ROUND}/manifest.sig") == bundle_of(store, "alder_foods", ROUND).files["manifest.sig"]


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (
            Target("a", "folder", "zip://x::file:///etc/passwd"),
            "a: a report cannot be put into zip://; use a store such as s3:// or sftp://",
        ),
        (
            Target("a", "webhook", "http://erp.example/x", connection="alder_hook"),
            "a: a report is sent to https:// addresses only",
        ),
        (Target("a", "webhook", "https://erp.example/x", connection="none"), "connection 'none' is not known"),
    ],
)  # fmt: skip
def test_what_cannot_be_followed_is_said(store: Store, target: Target, text: str) -> None:
    """In a sentence that says what to change; the report stays owed."""
    entry = send(store, target)[0]
    assert (entry.status, entry.text) == ("owed", text)
