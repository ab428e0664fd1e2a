"""How a command ends as a process: its exit code, what stands on stdout, and what on stderr."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import typed

from decai_forecast.network import Network, Participant


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A network of two companies that has run no night."""
    Network(tmp_path, "duo", "D", 28, (Participant("acme"), Participant("bolt"))).save()
    return tmp_path


def test_a_command_that_is_done_ends_with_0(home: Path) -> None:
    """Its answer on stdout, nothing on stderr."""
    done = typed.decai("network", "show", "--home", home)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == ("duo: 2 companies, horizon 28 days, quorum 3, UTC\n  acme: no contract\n  bolt: no contract\n")


def test_a_round_that_failed_ends_with_1(home: Path) -> None:
    """The summary on stdout; on stderr the progress and why, and no trace."""
    done = typed.decai("round", "run", "--round", "2026-06-29", "--home", home, "--json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, "below_quorum")
    no_contract = "no contract for the data set 'demand'; `decai partner add --contract FILE` adds one"
    missing = "missing: acme (failed:config), bolt (failed:config)"
    note = (
        f"Round 2026-06-29 of duo: 0 of 2 partners delivered, 3 are needed; {missing}. The last shared forecaster stays in use."
    )
    assert done.stderr.splitlines() == [
        f"deliver acme: config: acme: {no_contract}",
        f"deliver bolt: config: bolt: {no_contract}",
        f"federate: {note}",
        f"round 2026-06-29 of duo is below quorum: {note}",
        f"report acme: {home}/stores/acme/outbox/2026-06-29/report.html",
        f"report bolt: {home}/stores/bolt/outbox/2026-06-29/report.html",
    ]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("round", "show"), "no round yet; there are none"),
        (("learn", "--partner", "acme"), "acme has not trained yet; run a round first (`decai round run`)"),
        (("report", "verify", "nowhere"), "nowhere/manifest.sig: not there; get the report again"),
    ],
)
def test_an_expected_error_ends_with_2(home: Path, arguments: tuple[str, ...], message: str) -> None:
    """One line on stderr, nothing on stdout."""
    done = typed.decai(*arguments, "--home", home)
    assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("round", "shwo"), "No such command 'shwo'"),
        (("simulate",), "Missing option '--partner'"),
        (("simulate", "--partner", "acme", "--length", "0"), "Invalid value for '--length': 0 is not in the range x>=1."),
        (("network", "check", "--horizon", "3"), "No such option '--horizon'"),
    ],
)
def test_wrong_use_ends_with_2(arguments: tuple[str, ...], said: str) -> None:
    """The usage and what is wrong with it on stderr, nothing on stdout."""
    done = typed.decai(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("Usage: decai ")
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_a_command_alone_shows_its_commands() -> None:
    """On stdout, with the exit code of wrong use."""
    done = typed.decai("round")
    assert done.returncode == 2
    assert [line.split()[0] for line in (done.stdout + done.stderr).splitlines()[-4:]] == ["run", "coordinate", "show", "list"]


def test_ctrl_c_ends_with_130(tmp_path: Path) -> None:
    """Without a trace, as a shell expects of a program that was interrupted."""
    pipe = tmp_path / "contract.odcs.yaml"
    os.mkfifo(pipe)  # whoever reads it waits for what is written
    decai = str(Path(sys.executable).with_name("decai"))
    # a shell in the background starts its children so that they ignore Ctrl-C
    command = ["env", "--default-signal=INT", decai, "contract", "check", str(pipe)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        writer = os.open(pipe, os.O_WRONLY)  # returns when the command has opened it to read
        process.send_signal(signal.SIGINT)
        output, errors = process.communicate(timeout=typed.LIMIT)
        os.close(writer)
    finally:
        process.kill()
    assert (process.returncode, output) == (130, "")
    assert "Traceback" not in errors
