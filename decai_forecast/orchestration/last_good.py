"""The network of a running Airflow: as ``network.yaml`` says; where that was changed to something broken, as it was before."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from decai_forecast.conditional_put import PART
from decai_forecast.errors import ConfigError
from decai_forecast.network import FILE, Network, default_home

__all__ = ["LAST_GOOD", "fault_of_network", "network_now"]

LAST_GOOD = "network.last-good.yaml"


def network_now(home: Path | None = None) -> Network:
    """By ``network.yaml``, or its last version that could be read; :class:`ConfigError` if there never was one."""
    home = (home or default_home()).absolute()
    before = _bytes(home / FILE)
    try:
        network = Network.load(home)
    except ConfigError:
        if not before or not (home / LAST_GOOD).exists():  # a home whose file is gone is another one
            raise
        return Network.load(home, LAST_GOOD)
    if before == _bytes(home / FILE) and before != _bytes(home / LAST_GOOD):
        _keep(home, before)
    return network


def fault_of_network(home: Path) -> str:
    """What the page says while the last good version is in use; empty if all is well."""
    try:
        Network.load(home)
    except ConfigError as error:
        return f"{FILE} cannot be used; nights go on as it was before. {str(error).splitlines()[0]}"
    return ""


def _keep(home: Path, data: bytes) -> None:
    """In one piece; a disk that takes nothing is no reason to stop, there is no older version to lose."""
    with suppress(OSError):
        handle, part = tempfile.mkstemp(dir=home, prefix=PART)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        os.replace(part, home / LAST_GOOD)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
