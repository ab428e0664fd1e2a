"""`decai report ...`: whether a report is what its company signed, and what became of it on its way."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest
from answers import as_json, decai, refusal
from reports import examples
from support import own

from decai_forecast.identity import Keyring
from decai_forecast.network import Network, Participant
from decai_forecast.reports import build_report
from decai_forecast.reports.send import Book

FILES = ["days_of_supply.json", "orders.csv", "report.html", "report.json", "stock_targets.csv"]


def outbox(network: Network) -> Path:
    return network.home / "stores/shop_0/outbox/2026-06-29"


def key_of(network: Network, partner: str = "shop_0") -> str:
    return Keyring(own(network, partner)).identity().public.hex()


def test_a_report_is_as_it_was_signed(finished: Network) -> None:
    """By the key that the company has in the network at --home."""
    key, verify = key_of(finished), ("report", "verify", outbox(finished), "--home", finished.home)
    assert decai(*verify) == f"{outbox(finished)}: 5 files as signed by shop_0 with the key {key}\n"
    assert as_json(*verify) == {"participant": "shop_0", "public_key": key, "files": FILES}


def test_whoever_has_the_key_needs_no_network(finished: Network, tmp_path: Path) -> None:
    """And whoever has neither is told whom to ask."""
    verify = ("report", "verify", outbox(finished), "--home", tmp_path / "nowhere")
    key = key_of(finished)
    assert as_json(*verify, "--key", key)["files"] == FILES
    assert refusal(*verify) == (
        f"nobody here vouches for the key {key} of shop_0; ask shop_0 for its key and give it with --key"
    )


def test_a_report_of_another_key_is_refused(finished: Network) -> None:
    """Also one that is no key."""
    verify, other = ("report", "verify", outbox(finished), "--key"), key_of(finished, "shop_1")
    assert refusal(*verify, other) == (
        f"{outbox(finished)}/manifest.json: not signed with the key {other[:16]}...; do not use this report"
    )
    assert refusal(*verify, "zz") == "--key 'zz' is not hexadecimal; a public key has 64 hexadecimal digits"


def test_a_changed_file_is_found(after: Network) -> None:
    """The message names it."""
    file = outbox(after) / "stock_targets.csv"
    file.write_bytes(file.read_bytes() + b"\n")
    told = refusal("report", "verify", outbox(after), "--home", after.home)
    assert told.startswith(f"{file}: ")


def test_rules_are_exported_in_their_units(tmp_path: Path) -> None:
    """From report.json alone, the kilograms in kilograms."""
    report = build_report(examples.facts(("a", "b"), units={"a": "KGM"}))
    (tmp_path / "report.json").write_text(json.dumps(report))
    file = tmp_path / "import/stock.warehouse.orderpoint.csv"
    assert decai("report", "export", tmp_path, "--for", "odoo", "--out", file.parent) == f"{file}: 2 rows\n"
    levels = [float(row["product_max_qty"]) for row in csv.DictReader(file.read_text().splitlines())]
    assert [level % 1 > 0 for level in levels] == [True, False]


def test_a_report_that_cannot_be_exported_says_why(tmp_path: Path) -> None:
    """None is there, a night had no simulation, or an older version wrote it without units."""
    export = ("report", "export", tmp_path, "--for", "odoo")
    assert refusal(*export) == f"{tmp_path}: expected the report.json of a report, such as those in outbox/<round>"
    file = tmp_path / "report.json"
    file.write_text(json.dumps(build_report(examples.refused())))
    assert refusal(*export).endswith("has no simulation and so no stock targets")
    report = build_report(examples.facts(("a",)))
    del report["stock"]["rows"][0]["uom"]
    file.write_text(json.dumps(report))
    assert refusal(*export) == f"{file}: 'uom' is not there; an older version wrote it, so export a later night's report"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A network of one company whose reports of two rounds were to be sent."""
    network = Network(tmp_path, "n", "W", 13, (Participant("acme"),))
    network.save()
    book = Book(own(network, "acme"))
    tried(book, "2026-06-22", "erp")
    tried(book, "2026-06-29", "erp")
    for _ in range(2):
        tried(book, "2026-06-29", "mail", code="send_unreachable", text="no answer")
    return tmp_path


def tried(book: Book, round_id: str, target: str, **why: str) -> None:
    book.owe(round_id, target, "http", "ab")
    entry = book.begin(round_id, target, "http", "ab")
    assert entry is not None
    book.end(entry, **why)


def test_what_was_sent_is_told_by_target(home: Path) -> None:
    """Of the newest round unless one is named; exit code 1 where a target has not got it."""
    sent = ("report", "sent", "--partner", "acme", "--home", home)
    assert decai(*sent, code=1).splitlines() == [
        "2026-06-29  erp               sent   1 try",
        "2026-06-29  mail              owed   2 tries  send_unreachable: no answer",
    ]
    assert decai(*sent, "--round", "2026-06-22") == "2026-06-22  erp               sent   1 try\n"
    assert [entry["status"] for entry in as_json(*sent, code=1)] == ["sent", "owed"]


def test_a_report_that_was_to_go_nowhere_is_told(home: Path) -> None:
    """With the file that says where to."""
    told = "no report of round 2026-01-01 was to be sent; its report.yaml says where to"
    assert refusal("report", "sent", "--partner", "acme", "--home", home, "--round", "2026-01-01") == f"acme: {told}"
