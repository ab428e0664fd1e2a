"""A verifier that was written from the reference page alone agrees with ours, on what holds and on what does not."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from made import NAMES, NETWORK, ROUND, Made, made

from decai_forecast.ledger.formats.policy import Policy
from decai_forecast.ledger.names import fingerprint, policy_of
from decai_forecast.ledger.statements import Event, Membership, Published, StepDone, public_subject
from decai_forecast.ledger.statements.statement import Subject
from decai_forecast.pins import Pin

SUBJECT = Subject("x", "a" * 64, salted=True)
STRANGER = Path(__file__).with_name("stranger.py")


def verdict(log: Made, believed: Policy | None = None) -> tuple[int, str]:
    """Exit code and output of the stranger, in a process without this project."""
    policy = log.folder / "policy"
    policy.write_bytes((believed or log.policy).to_bytes())
    command = [sys.executable, "-I", str(STRANGER), str(log.folder / "public"), str(policy)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=log.folder)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


def test_it_is_short_and_knows_nothing_of_ours() -> None:
    """Less than 200 lines, and no import of this project."""
    text = STRANGER.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 200
    assert "import decai" not in text
    assert "from decai" not in text


def test_it_finds_an_honest_log_green(tmp_path: Path) -> None:
    """Over more than one tile."""
    log = made(tmp_path)
    log.keep(
        [
            log.step("acme", "train", inputs="f", outputs="e", round_id=f"20{at // 28:02}-02-{at % 28 + 1:02}")
            for at in range(300)
        ]
    )
    code, output = verdict(log)
    assert code == 0, output
    assert output.splitlines()[0] == "green checkpoint: 314 entries, witnessed by acme, bolt, cargo"


def changed(path: Path, chance: random.Random) -> bytes:
    """Another bit somewhere in the file; what was there before."""
    before = path.read_bytes()
    data = bytearray(before)
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))
    return before


def test_it_finds_a_changed_log_red_where_we_do(tmp_path: Path) -> None:
    """A bit of each file that the newest checkpoint needs, and each of them gone."""
    log, chance = made(tmp_path), random.Random(4)
    for name in ("checkpoint", "tile/0/000.p/14", "tile/entries/000.p/14"):
        path = tmp_path / "public/log" / name
        before = changed(path, chance)
        assert (verdict(log)[0], bool(log.red())) == (1, True), name
        path.unlink()
        assert (verdict(log)[0], bool(log.red())) == (1, True), name
        path.write_bytes(before)
    for path in (tmp_path / "public/rounds").rglob("*.json"):
        before = changed(path, chance)
        assert verdict(log)[1].splitlines()[-1].endswith(f"{path.relative_to(tmp_path / 'public')} was changed")
        path.write_bytes(before)
    assert verdict(log)[0] == 0


def attacks(log: Made) -> dict[str, tuple[bytes, str]]:
    """By what is wrong, an entry and what the stranger says of it."""
    bolt, round_id = log.identities["bolt"], "2026-06-30"
    claim = Published(*log.head("bolt"))
    return {
        "signer": (log.entry(StepDone(*log.head("acme"), "x", "b" * 64, "c" * 64, {}), SUBJECT, signer="bolt"), "acme"),
        "speaker": (log.entry(claim, public_subject("x", "a" * 64)), "cannot state a publication"),
        "time": (log.step("acme", "train", minutes=30), "was in the log before"),
        "contradiction": (log.step("acme", outputs="e"), "contradicts"),
        "key": (log.step("bolt", "watch"), "counted no more"),
        "view": (log.submitted("cargo", ROUND, 3, "9" * 64), "cargo did not see this log"),
        "stranger": (log.entry(claim, SUBJECT, signer="acme"), bolt.name),
        "round": (log.publish(f"rounds/{round_id}/closed.json", b"{}", "closing", round_id), "did not see this log"),
    }


@pytest.mark.parametrize("what", ["signer", "speaker", "time", "contradiction", "key", "view", "stranger", "round"])
def test_it_finds_a_statement_red_where_we_do(tmp_path: Path, what: str) -> None:
    """The same entry, and why."""
    log = made(tmp_path)
    entry, why = attacks(log)[what]
    log.keep([log.membership("bolt", Event.REVOKED), entry] if what == "key" else [entry])
    code, output = verdict(log)
    assert code == 1, output
    assert why in output.splitlines()[-1]
    assert log.red()


def test_it_knows_keys_that_were_exchanged(tmp_path: Path) -> None:
    """What an older key signed holds, with the policy of whoever knows of the exchange."""
    log = made(tmp_path)
    old = log.identities["acme"]
    new = log.identities["acme"] = old.successor()
    event = Membership(*log.head("coordinator"), "acme", fingerprint(old.public), Event.EXCHANGED)
    log.keep([log.entry(event, SUBJECT)], witnesses=("bolt", "cargo"))
    assert verdict(log)[0] == 1
    pins = {name: Pin(one.public) for name, one in log.identities.items()}
    pins["acme"] = Pin(old.public).succeeded(new.public, log.now)
    assert verdict(log, policy_of(NETWORK, pins, NAMES))[0] == 0
