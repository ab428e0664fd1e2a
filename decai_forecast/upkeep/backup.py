"""Backup and restore of a home: one file with all that a participant cannot make again, each part under its digest.

Left out: what is made anew at the next start (Airflow's logs, its SQLite database with the history of runs, sockets), and what
other processes are just writing.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from decai_forecast.conditional_put import PART
from decai_forecast.errors import ConfigError
from decai_forecast.network import FILE, Network
from decai_forecast.upkeep.lock import FILE as LOCK

__all__ = ["back_up", "restore"]

CONTENTS = "contents.json"
LEFT_OUT = ("airflow/logs", "airflow/airflow.db", "airflow/stack.log", "airflow/Procfile", LOCK)


def back_up(home: Path, archive: Path) -> int:
    """Writes the home into ``archive`` (``.tar.gz``), in one piece or not at all; the number of files. It has secrets in it
    (keys, passwords), so only its owner may read it."""
    Network.load(home)
    if archive.exists():
        raise ConfigError(f"{archive}: there already; choose another name")
    handle, part = tempfile.mkstemp(dir=archive.parent, prefix=PART)
    try:
        with os.fdopen(handle, "wb") as file, tarfile.open(fileobj=file, mode="w:gz", compresslevel=3) as tar:
            digests = {str(path.relative_to(home)): _added(tar, path, home) for path in _files(home)}
            _add_text(tar, CONTENTS, json.dumps({"format": 1, "files": digests}))
            file.flush()
        os.link(part, archive)
    finally:
        Path(part).unlink()
    return len(digests)


def restore(archive: Path, home: Path) -> int:
    """Lays what :func:`back_up` wrote into ``home``, which must be empty or not there; every file is checked against its digest
    first. :class:`ConfigError` says what is wrong, and nothing is left at ``home``."""
    if home.exists() and any(home.iterdir()):
        raise ConfigError(f"{home}: not empty; restore into a new folder")
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=PART) as folder:
        there = Path(folder) / "home"
        try:
            with tarfile.open(archive, "r:gz") as tar:
                tar.extractall(there, filter="data")
            count = _checked(there)
        except (tarfile.TarError, EOFError, OSError, ValueError, KeyError) as error:
            raise ConfigError(f"{archive}: not a whole backup ({error}); use another one") from None
        (there / CONTENTS).unlink()
        if home.exists():
            home.rmdir()
        shutil.move(there, home)
    return count


def _files(home: Path) -> Iterator[Path]:
    for path in sorted(home.rglob("*")):
        name = path.relative_to(home).as_posix()
        left_out = any(name == one or name.startswith((f"{one}/", f"{one}-")) for one in LEFT_OUT)
        if path.is_file() and not path.is_symlink() and not left_out and not path.name.startswith(PART):
            yield path


def _added(tar: tarfile.TarFile, path: Path, home: Path) -> str:
    """One file as it is at this instant: read once, so that its digest is that of what lies in the archive."""
    data, info = path.read_bytes(), tar.gettarinfo(path, path.relative_to(home).as_posix())
    info.size = len(data)
    tar.addfile(info, io.BytesIO(data))
    return hashlib.sha256(data).hexdigest()


def _add_text(tar: tarfile.TarFile, name: str, text: str) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(text.encode())
    tar.addfile(info, io.BytesIO(text.encode()))


def _checked(there: Path) -> int:
    """The number of files; ValueError for one that is not what was written."""
    files = json.loads((there / CONTENTS).read_text())["files"]
    for name, digest in files.items():
        if hashlib.sha256((there / PurePosixPath(name)).read_bytes()).hexdigest() != digest:
            raise ValueError(f"{name} is not what was written")
    if FILE not in files:
        raise ValueError(f"there is no {FILE} in it")
    return len(files)
