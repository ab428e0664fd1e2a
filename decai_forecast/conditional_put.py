"""A put that fails where the key is taken: of eight writers at once exactly one wins, on a disk and on an object store.

fsspec's own ``pipe_file(mode="create")`` asks whether the key is there and writes if not, so two writers who ask at the
same time both win. Only the classes in ``CONDITIONAL`` hand the condition to the store; every other one is refused. A
class may send it and a server ignore it (an S3 clone, a zonal bucket of Google Cloud Storage): :func:`prove` puts one
key twice and refuses the store whose second put succeeds.

Sources: ``_pipe_file`` of s3fs, gcsfs and adlfs; Amazon S3 User Guide, "Add preconditions to S3 operations".
"""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock
from typing import Any

import fsspec
from fsspec.implementations.local import LocalFileSystem
from fsspec.implementations.memory import MemoryFileSystem
from tenacity import Retrying, retry_if_exception, stop_after_attempt, wait_random_exponential

from decai_forecast.errors import StoreError

__all__ = ["CONDITIONAL", "PART", "create", "open_filesystem", "prove", "whole_file"]

CONDITIONAL = {  # the fsspec class -> what makes mode="create" hold there
    "fsspec.implementations.local.LocalFileSystem": "a hard link, which fails where the name is taken",
    "fsspec.implementations.memory.MemoryFileSystem": "a lock of this process, which alone sees these files",
    "s3fs.core.S3FileSystem": "If-None-Match: *",
    "gcsfs.core.GCSFileSystem": "ifGenerationMatch=0",
    "gcsfs.extended_gcsfs.ExtendedGcsFileSystem": "ifGenerationMatch=0",
    "adlfs.spec.AzureBlobFileSystem": "If-None-Match: *",
}
ABLE = "a local folder, S3 (s3://), Google Cloud Storage (gs://) or Azure (az://)"
EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gcs", "gcs": "gcs", "az": "azure", "abfs": "azure", "abfss": "azure"}

PART = ".put-"  # begins the name of a file that is being written, and of the probe: no listing shows one
PROBE = f"{PART}probe"  # never removed: while one process removed it, another's second put would succeed
PROBE_TEXT = b"decai puts this key twice: a store that keeps conditional puts refuses the second put.\n"

ATTEMPTS = 6  # puts of one key; S3 answers 409 while another writer is at it, and asks to try again
TAKEN = ("PreconditionFailed", "412")  # codes of S3; s3fs knows only answers that name the condition, and not all do
CONFLICT = ("ConditionalRequestConflict", "409")
NOT_OFFERED = ("NotImplemented", "501")

_memory = Lock()  # MemoryFileSystem asks and then writes, like the base class
_proven: set[tuple[int, str]] = set()


def open_filesystem(url: str) -> tuple[Any, str]:
    """fsspec's file system for ``url`` and the path in it; :class:`StoreError` if there is none or a package is missing.

    Listings of object stores are not cached: what another process has just written must be seen.
    """
    scheme = fsspec.utils.get_protocol(url)
    try:
        fs, root = fsspec.core.url_to_fs(url, **({"use_listings_cache": False} if scheme in EXTRAS else {}))
    except ImportError as error:
        package = f"pip install 'decai-forecast[{EXTRAS[scheme]}]'" if scheme in EXTRAS else f"use {ABLE}"
        raise StoreError(f"a store at {scheme}:// needs a package that is not installed: {package} ({error})") from None
    except ValueError:
        raise StoreError(f"{scheme}:// is no kind of store that is known here; use {ABLE}") from None
    return fs, str(root).rstrip("/")


def create(fs: Any, path: str, data: bytes) -> bool:
    """Writes ``data`` at ``path`` if nothing is there; False, and nothing written, if something is.

    Raises :class:`StoreError` on a file system that cannot promise it. False may also stand for a put of one's own whose
    answer was lost and that the client repeated: the key is there, and who must know whose it is reads it.
    """
    kind = f"{type(fs).__module__}.{type(fs).__qualname__}"
    if kind not in CONDITIONAL:
        raise StoreError(f"{_named(fs, path)}: {kind} has no put that fails where the key is taken; use {ABLE}")
    if isinstance(fs, LocalFileSystem):
        return _create_file(Path(path), data)
    if isinstance(fs, MemoryFileSystem):
        return _create_in_memory(fs, path, data)
    return _create_object(fs, path, data)


def prove(fs: Any, root: str) -> None:
    """Puts one key below ``root`` twice, once per process and address; :class:`StoreError` if the second put succeeds."""
    if (hash(fs), root) in _proven:
        return
    probe = f"{root}/{PROBE}"
    if create(fs, probe, PROBE_TEXT) and create(fs, probe, PROBE_TEXT):
        raise StoreError(
            f"{_named(fs, root)} ignores the condition of a put: it took two first puts of one key, so two writers could both "
            f"win. Use a server that keeps conditional puts ({_condition(fs)}), or a local folder"
        )
    _proven.add((hash(fs), root))


@contextmanager
def whole_file(path: Path, data: bytes) -> Iterator[Path]:
    """A file beside ``path`` with all of ``data`` on the disk; gone afterwards, also when the disk was full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=PART)
    try:
        with os.fdopen(descriptor, "wb") as part:
            part.write(data)
            part.flush()
            os.fsync(part.fileno())
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _create_file(path: Path, data: bytes) -> bool:
    with whole_file(path, data) as part:
        try:
            os.link(part, path)
        except FileExistsError:
            return False
        except OSError as error:
            if error.errno in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
                raise StoreError(
                    f"{path.parent}: this disk has no hard links, so two writers could both win; use another"
                ) from None
            raise
    return True


def _create_in_memory(fs: Any, path: str, data: bytes) -> bool:
    with _memory:
        if fs.exists(path):
            return False
        fs.pipe_file(path, data)
    return True


def _create_object(fs: Any, path: str, data: bytes) -> bool:
    tries = Retrying(
        retry=retry_if_exception(lambda error: _code(error) in CONFLICT),
        stop=stop_after_attempt(ATTEMPTS), wait=wait_random_exponential(0.1, max=2), reraise=True,
    )  # fmt: skip
    try:
        tries(fs.pipe_file, path, data, mode="create")
    except FileExistsError:
        return False
    except OSError as error:
        if _code(error) in NOT_OFFERED:
            raise StoreError(
                f"{_named(fs, path)}: the server offers no conditional puts ({_condition(fs)}); use {ABLE}"
            ) from None
        if _code(error) not in TAKEN:
            raise
        return False
    return True


def _code(error: BaseException) -> str:
    """The code that an S3 server answered; s3fs keeps it in the cause of its error."""
    answer = getattr(error.__cause__, "response", None) or {}
    return str(answer.get("Error", {}).get("Code", ""))


def _condition(fs: Any) -> str:
    return CONDITIONAL[f"{type(fs).__module__}.{type(fs).__qualname__}"]


def _named(fs: Any, path: str) -> str:
    return str(fs.unstrip_protocol(path))
