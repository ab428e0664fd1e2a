"""One Airflow a home: two would start every night twice.

The lock is the kernel's (``flock`` on ``<home>/in_use.json``): it ends with the process that holds it, however that ended.
Schedulers of one Airflow share it; the file says for people who holds it.
"""

from __future__ import annotations

import fcntl
import json
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from decai_forecast.errors import DecaiError

__all__ = ["FILE", "HomeInUse", "User", "hold", "last_user", "user_of"]

FILE = "in_use.json"
TRIES, PAUSE = 20, 0.1  # seconds; somebody who takes the lock has it alone for an instant


@dataclass(frozen=True)
class User:
    """``airflow``: equal for all schedulers of one Airflow. ``pid``, ``host``: of the first. ``where``: for people."""

    airflow: str
    where: str
    pid: int = 0
    host: str = ""

    @property
    def is_here(self) -> bool:
        return self.host == socket.gethostname()


class HomeInUse(DecaiError):
    """Another Airflow works in this home."""

    code = "home_in_use"

    def __init__(self, home: Path, user: User) -> None:
        self.user = user
        super().__init__(
            f"{home}: {user.where or 'another Airflow'} (process {user.pid} on {user.host}) works in this home; "
            "stop it first, or use another home"
        )


def user_of(home: Path) -> User | None:
    """Who holds the home's lock now; None if nobody does."""
    try:
        with (home / FILE).open() as file:
            return None if _taken(file.fileno(), fcntl.LOCK_EX) else last_user(home)
    except FileNotFoundError:
        return None


@contextmanager
def hold(home: Path, airflow: str, where: str) -> Iterator[None]:
    """The home's lock for the duration of the block; :class:`HomeInUse` if another Airflow than ``airflow`` has it."""
    file = os.open(home / FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        _take(home, file, User(airflow, where, os.getpid(), socket.gethostname()))
        yield
    finally:
        os.close(file)


def _take(home: Path, file: int, user: User) -> None:
    for _ in range(TRIES):
        if _taken(file, fcntl.LOCK_EX):
            os.ftruncate(file, 0)
            os.pwrite(file, json.dumps(asdict(user)).encode(), 0)
            fcntl.flock(file, fcntl.LOCK_SH)
        if _taken(file, fcntl.LOCK_SH):
            if (holder := last_user(home)).airflow == user.airflow:
                return
            fcntl.flock(file, fcntl.LOCK_UN)
            raise HomeInUse(home, holder)
        time.sleep(PAUSE)
    raise HomeInUse(home, last_user(home))


def _taken(file: int, kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def last_user(home: Path) -> User:
    """Who took the lock last, whether or not it is still held."""
    try:
        return User(**json.loads((home / FILE).read_text()))
    except (OSError, ValueError, TypeError):
        return User("", "")
