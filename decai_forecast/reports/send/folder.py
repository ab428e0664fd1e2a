"""A folder in any store that fsspec knows: S3, GCS, Azure, SFTP, SMB, or a disk that the network allows."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import fsspec

from decai_forecast.delivery import Connection
from decai_forecast.delivery.sources.object_store import HERE, PACKAGES, WEB
from decai_forecast.reports.send.bundle import Bundle
from decai_forecast.reports.send.errors import Misdescribed, Rejected, Unreachable
from decai_forecast.reports.send.settings import Target

__all__ = ["put_into_folder"]

DISK = ("file", "local")


def put_into_folder(target: Target, connection: Connection, bundle: Bundle, allowed: Sequence[Path]) -> None:
    """Writes ``<url>/<participant>/<round>/<file>``, the manifest last. Writing twice changes nothing.

    ``allowed``: the folders of this machine that a participant may have files put into.
    """
    fs, root = _opened(target, connection, allowed)
    folder = f"{root.rstrip('/')}/{bundle.participant}/{bundle.round}"
    try:
        fs.makedirs(folder, exist_ok=True)
        for name, data in bundle.files.items():
            fs.pipe_file(f"{folder}/{name}", data)
    except PermissionError:
        raise Rejected(f"{target.name}: no right to write below {_public(target.url)}") from None
    except OSError as error:  # its own text may hold an address with a key
        raise Unreachable(f"{target.name}: writing below {_public(target.url)} failed ({type(error).__name__})") from None


def _opened(target: Target, connection: Connection, allowed: Sequence[Path]) -> tuple[Any, str]:
    scheme, mark, _ = target.url.partition("://")
    scheme = scheme if mark else "file"
    if scheme in DISK:
        _check_disk(target, allowed)
    elif "::" in target.url or scheme in HERE or scheme in WEB:
        raise Misdescribed(f"{target.name}: a report cannot be put into {scheme}://; use a store such as s3:// or sftp://")
    try:
        found: tuple[Any, str] = fsspec.core.url_to_fs(target.url, **_options(scheme, connection))
    except ImportError:
        package = PACKAGES.get(scheme, f"the fsspec package for {scheme}")
        raise Misdescribed(f"{target.name}: {scheme}:// needs one more package; pip install {package}") from None
    except (ValueError, TypeError) as error:
        raise Misdescribed(f"{target.name}: {_public(target.url)} cannot be opened ({type(error).__name__})") from None
    except OSError as error:
        raise Unreachable(f"{target.name}: {_public(target.url)} cannot be opened ({type(error).__name__})") from None
    return found


def _check_disk(target: Target, allowed: Sequence[Path]) -> None:
    """Several companies may share a machine: what one of them names must not be another's, or the machine's own."""
    path = Path(target.url.removeprefix("file://").removeprefix("local://"))
    if not path.is_absolute() or not any(path.resolve().is_relative_to(folder.resolve()) for folder in allowed):
        raise Misdescribed(
            f"{target.name}: {path} is in none of the source_folders of network.yaml; name an absolute folder below one of them"
        )


def _options(scheme: str, connection: Connection) -> dict[str, Any]:
    """fsspec's storage options: the connection's extra as it is, login and password as the store names them."""
    options = dict(connection.extra)
    if connection.login and scheme in ("s3", "s3a"):
        options |= {"key": connection.login, "secret": connection.password}
    elif connection.login:
        options |= {"username": connection.login, "password": connection.password}
    return options


def _public(url: str) -> str:
    """Without the query, where a signature may stand, and without a login."""
    head, mark, rest = url.partition("?")[0].partition("://")
    return f"{head}{mark}{rest.rpartition('@')[2]}"
