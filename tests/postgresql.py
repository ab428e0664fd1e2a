"""A real PostgreSQL of our own, for the duration of a block."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest


@contextmanager
def postgresql_server() -> Iterator[str]:
    """Host and port, user ``decai`` without a password; skips where PostgreSQL is not installed."""
    tools = [str(path.parent) for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    initdb = shutil.which("initdb", path=os.pathsep.join([*tools, os.environ.get("PATH", "")]))
    if initdb is None:
        pytest.skip("PostgreSQL is not installed; install Debian's package postgresql to run this")
    folder = Path(tempfile.mkdtemp(prefix="decai-pg-"))
    user = "nobody" if os.getuid() == 0 else None  # the server refuses to run as root
    if user:
        shutil.chown(folder, user)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    data, options = folder / "data", f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
    run: dict[str, Any] = {"user": user, "cwd": folder, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    subprocess.run([initdb, "-D", data, "-U", "decai", "-A", "trust", "-E", "UTF8"], check=True, **run)
    rules = data / "pg_hba.conf"
    rules.write_text("host all locked 127.0.0.1/32 scram-sha-256\n" + rules.read_text())  # one role needs its password
    server = subprocess.Popen([str(Path(initdb).parent / "postgres"), "-D", str(data), *options.split()], **run)
    for _ in range(100):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            break
        time.sleep(0.1)
    try:
        yield f"127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)
        shutil.rmtree(folder, ignore_errors=True)
