"""`decai doctor`: each thing that keeps a night from running is one line, with what to do."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from decai_forecast.founding import from_table
from decai_forecast.network import Network
from decai_forecast.upkeep import diagnose

# a file of another user can be made by root only; CI is root
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become another user")


@pytest.fixture(scope="module")
def network(orders_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Network:
    return from_table(tmp_path_factory.mktemp("well") / "home", orders_file, name="five")


def faults(home: Path, **environment: str) -> dict[str, str]:
    return {one.name: one.fault for one in diagnose(home, environment) if one.fault}


def test_a_home_in_order_has_no_fault(network: Network) -> None:
    """And each line says what was looked at."""
    found = diagnose(network.home, {})
    assert [one.name for one in found] == ["libraries", "flower", "home", "network", "clock", "role"]
    assert all(one.detail and not one.fault for one in found)


def test_no_home(tmp_path: Path) -> None:
    """The command that makes one."""
    assert "`decai network init --home" in faults(tmp_path / "none")["home"]


def test_a_broken_network_is_shown_with_its_line(tmp_path: Path) -> None:
    """As everywhere."""
    (tmp_path / "network.yaml").write_text("name: x\nversion: [\n")
    assert faults(tmp_path)["network"].startswith(f"{tmp_path}/network.yaml:")


def test_the_missing_setting_is_named(network: Network) -> None:
    """A company's Airflow needs the company."""
    assert faults(network.home, DECAI_ROLE="partner")["role"].startswith("DECAI_PARTNER is missing")
    assert faults(network.home, DECAI_ROLE="partner", DECAI_PARTNER="shop_0") == {}


def test_where_flower_is_not(network: Network, tmp_path: Path) -> None:
    """The variable, and what it should name."""
    fault = faults(network.home, DECAI_NODE_PYTHON=str(tmp_path / "python"))["flower"]
    assert fault.startswith(f"DECAI_NODE_PYTHON is '{tmp_path}/python'; expected a Python")


def test_a_clock_that_is_behind_what_was_written(network: Network) -> None:
    """Nights would be named wrongly, and certificates not valid yet."""
    path, now = network.home / "network.yaml", time.time()
    os.utime(path, (now, now + 7200))
    try:
        assert "the clock of this host is wrong" in faults(network.home)["clock"]
    finally:
        os.utime(path, (now, now))


def test_a_database_that_does_not_answer(network: Network) -> None:
    """Named by its address; the password is in no line."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        url = f"postgresql+psycopg2://airflow:geheim@127.0.0.1:{port}/airflow"
        told = faults(network.home, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=url)["database"]
        assert (f"127.0.0.1:{port} does not answer" in told, "geheim" in told) == (True, False)
        unused.listen()
        assert faults(network.home, AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=url) == {}


@as_root
@pytest.mark.parametrize(
    ("mount", "told"),
    [
        ("mount --bind {0} {0} && mount -o remount,bind,ro {0}", "{0} lies on a read-only disk; mount it for writing"),
        (
            "cp -r {0} {1} && mount -t tmpfs -o size=20m tmpfs {0} && cp {1}/network.yaml {0}",
            "{0}: 21 MB are free and a night may",
        ),
    ],
)
def test_a_disk_that_takes_nothing(network: Network, tmp_path: Path, mount: str, told: str) -> None:
    """Read-only, and full: real mounts, which only this process sees; the exit code is for scripts."""
    command = f"exec {sys.executable} -m decai_forecast doctor --home {network.home}"
    line = f"{mount.format(network.home, tmp_path / 'copy')} && {command}"
    done = subprocess.run(["unshare", "--mount", "sh", "-ec", line], capture_output=True, text=True, check=False)
    wrong = [line for line in done.stdout.splitlines() if line.startswith("wrong ")]
    assert (done.returncode, len(wrong), told.format(network.home) in wrong[0]) == (1, 1, True), done


@as_root
def test_another_command_on_a_read_only_disk(network: Network) -> None:
    """One line, and no stack trace."""
    mount = f"mount --bind {network.home} {network.home} && mount -o remount,bind,ro {network.home}"
    command = f"exec {sys.executable} -m decai_forecast round run --home {network.home} --round 2026-06-29"
    done = subprocess.run(
        ["unshare", "--mount", "sh", "-ec", f"{mount} && {command}"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, "Traceback" in done.stderr) == (2, False), done
    assert "it lies on a read-only disk; mount it for writing" in done.stderr.splitlines()[-1]
