"""`docs/how-to/federation.md` as strangers follow it: a coordinator and four companies, each with a home and a user of its own,
type its lines in their order, from nothing to four reports. Only the host's name and the ports are others than on the page."""

from __future__ import annotations

import os
import re
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from superlinks import free_ports, wait_for
from support import ROOT

pytestmark = pytest.mark.long
PAGE = ROOT / "docs/how-to/federation.md"
COMPANIES = ("acme", "bolt", "corex", "dune")
ENDLESS = ("decai federation up", "decai coordinator serve")
FOUNDING = re.compile("decai (network|federation) ")
TOGETHER = ("decai round coordinate", "decai round run")  # typed at five machines at the same time
PLANTED = 7919.25  # units, in one week of each company
FIRST_USER = 61_001  # numbers of users that no machine gives by itself
WEEKS = 60
OF_COMPANY = re.compile(r"(?<![\w-])[0-9a-f]{4}(-[0-9a-f]{4}){4}(?![\w-])")
OF_MEMBERS = re.compile(r"(?<![\w-])[0-9a-f]{4}(-[0-9a-f]{4}){5}(?![\w-])")


def lines() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Who types what, in the page's order: to the first night, and after it. Keys are exchanged and taken back in
    tests/founding/test_keys.py: here nobody leaves."""
    night, rest = PAGE.read_text(encoding="utf-8").split("## Another agreement")
    return _lines(night), _lines(rest.split("**All keys anew**")[0])


def _lines(text: str) -> list[tuple[str, str]]:
    return re.findall(r"^ {4}(coordinator|acme)\$ (.+)$", text, re.MULTILINE)


class Machine:
    """A home that only its user reads, and a shell in it that remembers what was exported."""

    def __init__(self, folder: Path, name: str, user: int | None) -> None:
        self.name, self.user, self.home = name, user, folder / name
        self.exports, self.running = list[str](), dict[str, subprocess.Popen[bytes]]()
        self.took = list[tuple[str, float, float]]()  # line, seconds by the clock, seconds of CPU
        self.home.mkdir(mode=0o700)
        self._own(self.home)

    def _own(self, path: Path) -> None:
        if self.user is not None:
            os.chown(path, self.user, self.user)

    def receive(self, path: Path) -> None:
        """A file that somebody handed over."""
        shutil.copyfile(path, self.home / path.name)
        self._own(self.home / path.name)

    def has(self, name: str, text: str) -> None:
        """A file of its own."""
        (self.home / name).write_text(text)
        self._own(self.home / name)

    def cannot_read(self, homes: Sequence[Path]) -> bool:
        """Whether its user can list none of these; where there is one user only, that cannot be asked."""
        if self.user is None:
            return True
        seen = [
            subprocess.run(["/bin/ls", home], user=self.user, group=self.user, extra_groups=[], check=False) for home in homes
        ]
        return all(one.returncode for one in seen)

    def start(self, line: str) -> subprocess.Popen[bytes]:
        """The line, in the background; what it prints is in a file of its own."""
        told = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "PYTHONPATH": str(ROOT), "HOME": str(self.home)}
        with self.log(line).open("wb") as log:
            return subprocess.Popen(
                ["/bin/bash", "-c", "; ".join([*self.exports, f"exec {line}"])], cwd=self.home, env=told, stdout=log,
                stderr=log, user=self.user, group=self.user, extra_groups=None if self.user is None else [],
            )  # fmt: skip

    def run(self, line: str, *codes: int) -> str:
        """What the line prints; it ends with one of ``codes``, by default with 0."""
        begun, spent = time.monotonic(), cpu()
        process = self.start(line)
        assert process.wait(900) in (codes or (0,)), f"{self.name}$ {line}\n{self.printed(line)}"
        self.took.append((line, time.monotonic() - begun, cpu() - spent))
        return self.printed(line)

    def has_typed(self, line: str) -> bool:
        return any(one == line for one, _, _ in self.took)

    def log(self, line: str) -> Path:
        return self.home.parent / f"{self.name}-{re.sub(r'[^a-z]+', '-', line)[:60]}.log"

    def printed(self, line: str) -> str:
        return self.log(line).read_text()


class Guide:
    """The five machines, and how long it took them."""

    def __init__(self, folder: Path, users: Sequence[int | None]) -> None:
        names = ("coordinator", *COMPANIES)
        self.machines = {name: Machine(folder, name, user) for name, user in zip(names, users, strict=True)}
        self.coordinator, self.companies = self.machines["coordinator"], [self.machines[name] for name in COMPANIES]
        self.ports = free_ports(5)
        self.fingerprints, self.memberships = dict[str, str](), set[str]()
        self.night = list[tuple[Machine, str, subprocess.Popen[bytes]]]()

    def type(self, who: str, line: str) -> None:
        """One line of the page; a company's line at each company's machine."""
        if who == "coordinator" and "--fingerprint" not in line:
            self._at(self.coordinator, self._here(line))
            return
        for company in self.companies:
            machine = company if who == "acme" else self.coordinator
            self._at(machine, self._heard(line.replace("acme", company.name), company.name))

    def _here(self, line: str) -> str:
        names = ("fleet", "relay", "link", "control", "appio")
        ports = " ".join(f"--{name}-port {port}" for name, port in zip(names, self.ports, strict=True))
        return line.replace("link.example.org", f"localhost {ports}").replace("0.0.0.0", "127.0.0.1")

    def _heard(self, line: str, name: str) -> str:
        """With the fingerprints that were read aloud in place of the page's."""
        line = OF_MEMBERS.sub(lambda _: next(iter(self.memberships)), line)
        return OF_COMPANY.sub(lambda _: self.fingerprints[name], line)

    def _at(self, machine: Machine, line: str) -> None:
        if line.startswith("export "):
            machine.exports.append(line)
        elif line.startswith(ENDLESS):
            machine.running[line] = machine.start(line)
        elif line.startswith(TOGETHER):
            self.night.append((machine, line, machine.start(line)))
        else:
            asks = "enter --wait" in line or (line.endswith(" renew") and not machine.has_typed(line))
            self._read(machine, line, machine.run(line, *([1] if asks else [])))

    def _read(self, machine: Machine, line: str, printed: str) -> None:
        """What people read aloud, and what they hand over."""
        if " invite " in line:
            for company in self.companies:
                company.receive(machine.home / f"invitations/{company.name}.invitation.json")
        if own := re.search(rf"^Fingerprint of {machine.name}, .*: (\S+)$", printed, re.MULTILINE):
            self.fingerprints[machine.name] = own[1]
        if "enter --wait" in line:
            self.memberships |= {one[0] for one in OF_MEMBERS.finditer(printed)}

    def until_up(self) -> None:
        """Until the two services take connections."""
        for port in (self.ports[2], self.ports[3]):
            wait_for(port)

    def told(self) -> str:
        """How long it took."""
        took = [one for machine in self.machines.values() for one in machine.took if FOUNDING.match(one[0])]
        clock, used = (sum(one[place] for one in took) for place in (1, 2))
        users = "five users" if self.coordinator.user else "one user, since others cannot run this Python"
        return f"{users}; founded by {len(took)} commands in {clock:.0f} s ({used:.0f} s of CPU)"

    def until_reported(self) -> None:
        for machine, line, process in self.night:
            assert process.wait(1500) == 0, f"{machine.name}$ {line}\n{machine.printed(line)}"


def users_can_run() -> bool:
    """Whether there can be five users: only root makes them, and they must be able to run this Python."""
    if os.getuid() != 0:
        return False
    try:
        told = {"PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-c", "import decai_forecast.cli"], user=FIRST_USER, group=FIRST_USER, env=told, check=False
        )
    except PermissionError:
        return False
    return done.returncode == 0


@contextmanager
def guide() -> Iterator[Guide]:
    with tempfile.TemporaryDirectory(prefix="decai-guide-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o711)
        found = Guide(folder, [FIRST_USER + k if users_can_run() else None for k in range(1 + len(COMPANIES))])
        try:
            yield found
        finally:
            for process in [one for machine in found.machines.values() for one in machine.running.values()]:
                process.terminate()
                process.wait(60)
            for _, _, process in found.night:
                process.kill()


def sales(number: int, seed: int = 5) -> pd.DataFrame:
    """A company's weekly sales of three items until last week, with the planted quantity."""
    rng, today = np.random.default_rng([seed, number]), datetime.now(UTC).date()
    last = today - timedelta(days=today.weekday() + 7)
    weeks = [last - timedelta(weeks=WEEKS - 1 - k) for k in range(WEEKS)]
    frames = [_item(f"item-{k}", weeks, 6000.0 + 1000 * k, rng) for k in range(3)]
    table = pd.concat(frames, ignore_index=True)
    table.loc[40, "quantity"] = PLANTED
    return table


def _item(name: str, weeks: Sequence[date], level: float, rng: np.random.Generator) -> pd.DataFrame:
    season = 1 + 0.2 * np.sin(np.arange(len(weeks)) / 52 * 2 * np.pi)
    return pd.DataFrame({"date": weeks, "item_id": name, "quantity": np.round(level * season * rng.uniform(0.8, 1.2), 2)})


def holding(folder: Path, quantity: float) -> list[str]:
    """Files that have the quantity: as text, or as a number of 32 or 64 bits."""
    forms = [repr(quantity).encode(), *(np.array(quantity, kind).tobytes() for kind in ("<f4", "<f8", ">f4", ">f8"))]
    return [str(path) for path in folder.rglob("*") if path.is_file() and any(form in path.read_bytes() for form in forms)]


def cpu() -> float:
    """Seconds of all processes that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def test_a_stranger_founds_a_federation_and_runs_a_night(capsys: pytest.CaptureFixture[str]) -> None:
    """Each line of the page is typed, to the certificates that follow the first ones. At the end there are four reports in four
    homes, all members are pinned by what they read aloud, and no quantity of a company is at the coordinator."""
    begun = time.monotonic()
    with guide() as found:
        for number, company in enumerate(found.companies):
            company.has("sales.csv", sales(number).to_csv(index=False))
        first, later = lines()
        for who, line in first:
            found.type(who, line)
            if line.startswith(ENDLESS[-1]):
                found.until_up()
        found.until_reported()
        for who, line in later:
            found.type(who, line)
        assert len(found.memberships) == 1
        for company in found.companies:
            assert list(company.home.glob("decai/stores/*/outbox/*/report.html")), company.name
            assert holding(company.home, PLANTED)
            assert company.cannot_read([other.home for other in found.machines.values() if other is not company])
        assert holding(found.coordinator.home, PLANTED) == []
        with capsys.disabled():
            print(f"\n{found.told()}; to the first joint night {time.monotonic() - begun:.0f} s")
