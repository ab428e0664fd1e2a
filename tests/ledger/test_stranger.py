"""A verifier that was written from the reference page alone agrees with ours, on what holds and on what does not."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest
from made import Made, made

STRANGER = Path(__file__).with_name("stranger.py")


def verdict(log: Made) -> tuple[int, str]:
    """Exit code and output of the stranger, in a process without this project."""
    policy = log.folder / "policy"
    policy.write_bytes(log.policy.to_bytes())
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


@pytest.mark.parametrize("seed", range(6))
def test_it_finds_a_changed_log_red_where_we_do(tmp_path: Path, seed: int) -> None:
    """A changed byte of a file that the newest checkpoint needs."""
    log, chance = made(tmp_path), random.Random(seed)
    files = ["log/checkpoint", "log/tile/0/000.p/14", "log/tile/entries/000.p/14", "rounds/2026-06-29/shared.json"]
    path = tmp_path / "public" / files[seed % len(files)]
    data = bytearray(path.read_bytes())
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    path.write_bytes(bytes(data))
    code, output = verdict(log)
    assert (code, bool(log.red())) == (1, True), output
    assert "red: " in output
