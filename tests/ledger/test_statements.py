"""Statements: one text each, their schemas, what hides and opens a digest, and the door of the log."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st
from made import NAMES, NETWORK, ROUND, Made

from decai_forecast.errors import LedgerError
from decai_forecast.identity import Identity
from decai_forecast.ledger.admission import Door, moment, written
from decai_forecast.ledger.formats.envelope import SignedEnvelope
from decai_forecast.ledger.notebook import Notebook
from decai_forecast.ledger.statements import ReportSent, Salts, Statement, StepDone, read_statement, sealed_statement
from decai_forecast.ledger.statements.forms import FORMS
from decai_forecast.ledger.statements.schema import SCHEMAS, schema_files, schema_of
from decai_forecast.ledger.statements.statement import Subject
from decai_forecast.store import Store, digest_json

ACME = Identity.create("acme")
STEP = StepDone(NETWORK, ROUND, "acme", "2026-06-29T02:10:00Z", "check", "a" * 64, "b" * 64, {"decai-forecast": "0.1.0"})
STATEMENT = Statement(STEP, (Subject("step/check", "c" * 64, salted=True),))
ENTRY = sealed_statement(STATEMENT, ACME)


def test_a_statement_comes_back_as_it_was() -> None:
    """From the entry of the log, with the key of its participant."""
    assert read_statement(ENTRY, ACME.public) == STATEMENT
    assert len(ENTRY) < 1_500


def test_what_is_signed_is_the_text_of_dsse() -> None:
    """Its own example's form: lengths and type before the payload."""
    envelope = json.loads(ENTRY)
    payload = json.dumps(json.loads(STATEMENT.to_bytes()), sort_keys=True, separators=(",", ":")).encode()
    assert STATEMENT.to_bytes() == payload
    assert envelope["payloadType"] == "application/vnd.in-toto+json"
    digits = sha256(ACME.public).hexdigest()[:8]
    assert envelope["signatures"][0]["keyid"] == f"acme+ed25519+{digits}"


def test_another_key_or_name_has_not_signed() -> None:
    """Neither the key of another company, nor the own one under another's name."""
    bolt = Identity.create("bolt")
    with pytest.raises(LedgerError, match="not signed by acme"):
        read_statement(ENTRY, bolt.public)
    with pytest.raises(LedgerError, match="not signed by acme"):
        read_statement(sealed_statement(STATEMENT, Identity("bolt", ACME.key)), ACME.public)


CHANGES = [
    {"_type": "https://in-toto.io/Statement/v0.1"}, {"predicateType": "urn:decai-forecast:ledger:step:v2"}, {"subject": []},
    {"subject": [{"name": "x", "digest": {"md5": "0"}}]}, {"subject": [{"name": "x", "digest": {"sha256": "A" * 64}}]},
    {"subject": [{"name": "x", "digest": {"sha256": "a" * 64, "saltedSha256": "a" * 64}}]}, {"subject": {}}, {"predicate": 5},
    {"subject": [{"name": "x" * 101, "digest": {"sha256": "a" * 64}}]}, {"more": 1},
]  # fmt: skip
FIELDS = [
    {"network": ""}, {"round": "2026-6-29"}, {"participant": "Acme"}, {"at": "2026-06-29T02:10:00+00:00"}, {"step": "a/b"},
    {"inputs": "a" * 63}, {"versions": {"x": 1}}, {"rows": 5}, {"facts": None},
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES + [{"predicate": field} for field in FIELDS])
def test_what_is_no_statement_is_refused(change: dict[str, object]) -> None:
    """By the reader and by the shipped schema alike."""
    whole = json.loads(STATEMENT.to_bytes())
    given_predicate = change.get("predicate")
    merged = {"predicate": whole["predicate"] | given_predicate} if isinstance(given_predicate, dict) else {}
    whole |= change | merged
    with pytest.raises(LedgerError) as refused:
        Statement.parse(json.dumps(whole, sort_keys=True, separators=(",", ":")).encode())
    assert refused.value.code == "statement_malformed"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(whole, schema_of("urn:decai-forecast:ledger:step:v1"))


def test_of_a_statement_one_text_exists() -> None:
    """Spaces, another order, a key twice: refused, since two readers could read two things."""
    text = STATEMENT.to_bytes()
    twice = text.replace(b'{"_type"', b'{"_type":"x","_type"')
    for other in (
        text + b" ",
        text.replace(b":", b": ", 1),
        twice,
        json.dumps(json.loads(text), indent=1).encode(),
        b"[" * 10_000,
    ):
        with pytest.raises(LedgerError, match="no statement"):
            Statement.parse(other)
    for entry in (
        ENTRY + b"\n",
        ENTRY.replace(b'"sig":"', b'"sig":"!'),
        b"{}",
        b"x" * 65_536,
        ENTRY.replace(b"payloadType", b"type"),
    ):
        with pytest.raises(LedgerError, match="no statement"):
            read_statement(entry, ACME.public)


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_readers_raise_nothing_else(data: bytes) -> None:
    """Whatever comes."""
    with pytest.raises(LedgerError):
        Statement.parse(data)
    with pytest.raises(ValueError, match=r"\S"):
        SignedEnvelope.parse(data)


@given(st.integers(0, len(ENTRY) - 1), st.integers(1, 255))
def test_a_changed_byte_of_an_entry_is_seen(place: int, change: int) -> None:
    """Anywhere in it."""
    data = bytearray(ENTRY)
    data[place] ^= change
    with pytest.raises(LedgerError):
        read_statement(bytes(data), ACME.public)


def test_shipped_schemas_are_those_of_the_forms() -> None:
    """`make docs` writes them; no other lies there."""
    files = dict(schema_files())
    assert {path: path.read_text(encoding="utf-8") for path in SCHEMAS.glob("*.json")} == files
    assert len(files) == len(FORMS)


def test_a_salt_opens_its_digest_and_no_other() -> None:
    """An auditor with the salt finds the digest; without it not even a guess of the content helps."""
    salts = Salts.of(ACME)
    digest = digest_json({"rows": 680})
    shown = salts.hide(digest, ROUND, "facts/check")
    assert shown == sha256(salts.salt(ROUND, "facts/check") + digest.encode()).hexdigest()
    others = [
        Salts.of(Identity.create("acme")).hide(digest, ROUND, "facts/check"),
        salts.hide(digest, "2026-06-30", "facts/check"),
    ]
    assert shown not in [*others, sha256(digest.encode()).hexdigest(), digest]


def test_what_is_stated_is_signed_once(tmp_path: Path) -> None:
    """The same again, hours later, is the same entry; something else is another one."""
    clock = [datetime(2026, 6, 29, 2, tzinfo=UTC)]
    notebook = Notebook(Store(tmp_path, "acme"), ACME, NETWORK, ROUND, lambda: clock[0])
    notebook.state(ReportSent, (notebook.hide("report", [1]),), sent=1)
    first = notebook.entries()
    clock[0] += timedelta(hours=5)
    notebook.state(ReportSent, (notebook.hide("report", [1]),), sent=1)
    assert notebook.entries() == first
    notebook.state(ReportSent, (notebook.hide("report", [2]),), sent=0)
    assert len(notebook.entries()) == 2
    assert set(first) < set(notebook.entries())


def test_moments_are_utc_to_the_second() -> None:
    """And a day that there is not is none."""
    assert written(moment("2026-06-29T02:10:00Z")) == "2026-06-29T02:10:00Z"
    with pytest.raises(LedgerError, match="is no moment"):
        moment("2026-02-30T02:10:00Z")


def test_the_door_takes_what_holds_and_names_the_rest(tmp_path: Path) -> None:
    """Of others, of another round or network, of the future, malformed: each with its place and code; nothing valid is lost."""
    log = Made(tmp_path)
    acme = log.identities["acme"]
    good = [log.step("acme"), log.submitted("acme")]
    other_network = sealed_statement(replace(STATEMENT, said=replace(STEP, network="m")), acme)
    foreign = StepDone(*log.head("bolt"), "pull", "a" * 64, "b" * 64, {})
    entries = [
        good[0], log.step("bolt"), log.step("acme", round_id="2026-06-30"), other_network, log.step("acme", minutes=6),
        b"hello", log.entry(foreign, Subject("x", "c" * 64), signer="acme"), good[1],
    ]  # fmt: skip
    door = Door(NETWORK, ROUND, "acme", (acme.public,), log.now)
    admitted = door.admit(entry.decode() for entry in entries)
    assert admitted.entries == tuple(good)
    codes = {place: error.code for place, error in admitted.refused.items()}
    assert codes == {
        1: "statement_signature", 2: "statement_round", 3: "statement_round", 4: "statement_time", 5: "statement_malformed",
        6: "statement_signature",
    }  # fmt: skip
    assert Door(NETWORK, ROUND, "acme", (acme.public,), log.now).admit([]).entries == ()
    assert set(NAMES) < set(log.identities)
