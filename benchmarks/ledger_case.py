"""One case of `make bench-ledger`: python ledger_case.py FOLDER append|single|proofs|year|night."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

from harness import cpu_seconds, said

from decai_forecast.identity import Identity
from decai_forecast.ledger.admission import written
from decai_forecast.ledger.audit import Auditing, audit, exit_code
from decai_forecast.ledger.files import StoreFiles, public_files
from decai_forecast.ledger.formats.merkle import is_included, leaf_hash
from decai_forecast.ledger.formats.tiles import WIDTH
from decai_forecast.ledger.keeper import Keeper
from decai_forecast.ledger.log import Log
from decai_forecast.ledger.names import key_of_log, origin_of, policy_of, witness_name
from decai_forecast.ledger.statements import (
    Closed,
    Head,
    Statement,
    StepDone,
    Submitted,
    public_subject,
    read_statement,
    sealed_statement,
)
from decai_forecast.ledger.statements.statement import Subject
from decai_forecast.ledger.tile_hashes import TileHashes
from decai_forecast.ledger.watching import watch_log
from decai_forecast.ledger.witness import Witness
from decai_forecast.pins import Pin
from decai_forecast.store import Store, digest_bytes

NETWORK = "bench"
ORIGIN = origin_of(NETWORK)
STEPS = ("pull", "check", "train", "watch", "combine", "simulate", "report")
ROUNDS, COMPANIES = 365, 32


def digest(*parts: object) -> str:
    return sha256(repr(parts).encode()).hexdigest()


def of_company(identity: Identity, round_id: str, at: str) -> list[bytes]:
    """A night's statements of one company."""
    head = (NETWORK, round_id, identity.name, at)
    steps: list[tuple[Head, str]] = [
        (StepDone(*head, step, digest(head, step), digest(step), {"decai-forecast": "0.1.0"}), step) for step in STEPS
    ]
    whole = [*steps, (Submitted(*head, 0, sha256(b"").hexdigest()), "submission")]
    return [
        sealed_statement(Statement(form, (Subject(name, digest(head, name, 0), salted=True),)), identity)
        for form, name in whole
    ]


def new_log(folder: Path, key: Any) -> tuple[Log, StoreFiles]:
    files = StoreFiles(Store(folder / "public", "public"))
    return Log(ORIGIN, key, Store(folder / "own", "own"), files), files


def append(folder: Path) -> None:
    """50,000 signed statements, in batches of 1,000, published at the end; signing and checking apart."""
    identity = Identity.create("acme")
    began = cpu_seconds()
    entries = [entry for night in range(50_000 // 8) for entry in of_company(identity, "2026-01-01", f"{night}")]
    signed = cpu_seconds() - began
    valid = of_company(identity, "2026-01-01", written(datetime.now(UTC)))
    began = cpu_seconds()
    for _ in range(500):
        for entry in valid:
            read_statement(entry, identity.public)
    checked = cpu_seconds() - began
    log, _files = new_log(folder, identity.key)
    began = cpu_seconds()
    for at in range(0, len(entries), 1_000):
        log.append(entries[at : at + 1_000])
    log.publish()
    used = cpu_seconds() - began
    said(cpu=used, entries=len(entries), sign=len(entries) / signed, check=500 * len(valid) / checked)


def single(folder: Path) -> None:
    """One durable commit each, by the wall clock, beside plain fsyncs of this disk."""
    identity, began = Identity.create("acme"), time.monotonic()
    for number in range(300):
        with (folder / f"plain-{number}").open("wb") as file:
            file.write(b"x" * 900)
            file.flush()
            os.fsync(file.fileno())
    plain = time.monotonic() - began
    log, _files = new_log(folder / "single", identity.key)
    entries, used, began = [os.urandom(900) for _ in range(600)], cpu_seconds(), time.monotonic()
    for entry in entries:
        log.append([entry])
    said(cpu=cpu_seconds() - used, rate=len(entries) / (time.monotonic() - began), fsync=300 / plain)


def proofs(folder: Path) -> None:
    """1,000,000 entries; 500 proofs from tiles on the disk, made and checked."""
    log, files = new_log(folder / "million", Identity.create("acme").key)
    began = cpu_seconds()
    for at in range(0, 1_000_000, 20_000):
        log.append([b"%d" % number for number in range(at, at + 20_000)])
    log.publish()
    used, hashes = cpu_seconds() - began, TileHashes(files, 1_000_000)
    root, chosen = hashes.root(), range(0, 1_000_000, 2_000)
    began = cpu_seconds()
    made = [hashes.inclusion(index) for index in chosen]
    made_in, began = cpu_seconds() - began, cpu_seconds()
    for index, proof in zip(chosen, made, strict=True):
        assert is_included(leaf_hash(b"%d" % index), index, 1_000_000, proof, root)
    checked_in = cpu_seconds() - began
    said(cpu=used, make=made_in / len(chosen), check=checked_in / len(chosen), width=WIDTH)


def year(folder: Path) -> None:
    """The audit of 365 rounds of 32 companies; memory is that of this process, so another one makes the log."""
    if not (folder / "year").exists():
        if os.fork() == 0:
            make_year(folder / "year")
            os._exit(0)
        os.wait()
    from decai_forecast.ledger.formats.policy import Policy

    policy = Policy.parse((folder / "year/policy").read_bytes())
    began = cpu_seconds()
    lines = list(audit(Auditing(public_files(folder / "year/public"), policy)))
    said(cpu=cpu_seconds() - began, entries=ROUNDS * (COMPANIES * 8 + 1), green=exit_code(lines) == 0)


def make_year(folder: Path) -> None:
    names = [f"c{number}" for number in range(COMPANIES)]
    identities = {name: Identity.create(name) for name in (*names, "coordinator")}
    coordinator = identities["coordinator"]
    policy = policy_of(NETWORK, {name: Pin(one.public) for name, one in identities.items()}, tuple(names))
    log, files = new_log(folder, coordinator.key)
    at = written(datetime.now(UTC) - timedelta(minutes=1))
    for number in range(ROUNDS):
        round_id = (date(2026, 1, 1) + timedelta(days=number)).isoformat()
        entries = [entry for name in names for entry in of_company(identities[name], round_id, at)]
        key, data = f"rounds/{round_id}/closed.json", round_id.encode()
        Store(folder / "public", "public").write_bytes(key, data)
        closed = Statement(
            Closed(NETWORK, round_id, "coordinator", at, tuple(names)), (public_subject(key, digest_bytes(data)),)
        )
        log.append([*entries, sealed_statement(closed, coordinator)])
        log.publish()
    keeper = Keeper(log, files, policy)
    for name in names:
        logs = {ORIGIN: (key_of_log(ORIGIN, coordinator.public),)}
        witness = Witness(witness_name(ORIGIN, name), identities[name].key, logs, Store(folder / name, name))
        if (cosigned := watch_log(witness, ORIGIN, files)) is not None:
            keeper.cosigned(cosigned.checkpoint.size, [str(cosigned.line)])
    (folder / "policy").write_bytes(policy.to_bytes())


def night(folder: Path) -> None:
    """A night of four companies (strategy exact) in this process, and what stating, sequencing and watching took of it."""
    from ledger_night import measured_small

    cpu, share = measured_small(folder)
    said(cpu=cpu, share=share)


def built_in(folder: Path) -> None:
    """The same of the six built-in companies."""
    from ledger_night import measured_built_in

    cpu, share = measured_built_in(folder)
    said(cpu=cpu, share=share)


if __name__ == "__main__":
    chosen_folder = Path(sys.argv[1])
    {"append": append, "single": single, "proofs": proofs, "year": year, "night": night, "built_in": built_in}[sys.argv[2]](
        chosen_folder
    )
