"""Text files made plain: decompressed within limits, strictly decoded, as UTF-8."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from decai_forecast.delivery.errors import SourceUnreadable, SourceUnsafe
from decai_forecast.delivery.request import Request

__all__ = ["plain_text"]

CHUNK = 4 * 1024 * 1024  # bytes per read
RATIO = 200  # decompressed over compressed: more is no table
SUSPICIOUS = 1_000_000_000  # bytes below which a high ratio is harmless


def plain_text(request: Request, path: Path) -> Path:
    """``path`` itself, if it is UTF-8 text; else a decompressed, recoded copy in the scratch folder."""
    encoding = _encoding(request)
    if path.suffix not in (".gz", ".zip") and encoding in ("utf-8", "utf-8-sig"):
        _decoded(request, path, encoding, None)
        return path
    target = request.scratch / f"{path.name}.plain"
    with target.open("wb") as out:
        _decoded(request, path, encoding, out)
    return target


def _encoding(request: Request) -> str:
    name = str(request.contract.source.server.get("encoding") or "utf-8-sig")
    try:
        found = codecs.lookup(name).name
    except LookupError:
        raise SourceUnreadable(f"{request.name}: encoding {name!r} is not known; use UTF-8, cp1252, latin-1, ...") from None
    return "utf-8-sig" if found == "utf-8" else found


def _decoded(request: Request, path: Path, encoding: str, out: IO[bytes] | None) -> None:
    """Decodes every byte; where it cannot, says which."""
    decoder, done, lines = codecs.getincrementaldecoder(encoding)(), 0, 1
    for block in _blocks(request, path):
        pending = len(decoder.getstate()[0])
        try:
            text = decoder.decode(block)
        except UnicodeDecodeError as error:
            raise _undecodable(request, path, error, done - pending, lines) from None
        done, lines = done + len(block), lines + text.count("\n")
        if out is not None:
            out.write(text.encode())
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError as error:
        raise _undecodable(request, path, error, done - len(error.object), lines) from None


def _undecodable(request: Request, path: Path, error: UnicodeDecodeError, before: int, lines: int) -> SourceUnreadable:
    line = lines + error.object[: error.start].count(b"\n")
    around = error.object[error.start : error.start + 4].hex(" ")
    said = f"byte {before + error.start:,} (line {line:,}, bytes {around}) is not {error.encoding.upper()}"
    return SourceUnreadable(f"{request.name}: {path}: {said}; {_likely(error)}, say so in servers[0].encoding")


def _likely(error: UnicodeDecodeError) -> str:
    if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") or error.object[1:40:2].count(0) > 10:
        return "it looks like UTF-16"
    return "it looks like cp1252 (Western European)"


def _blocks(request: Request, path: Path) -> Iterator[bytes]:
    """The decompressed bytes, never more than the limits allow."""
    total, packed = 0, max(path.stat().st_size, 1)
    try:
        with _opened(request, path) as source:
            while block := source.read(CHUNK):
                total += len(block)
                if total > request.max_bytes or (total > SUSPICIOUS and total / packed > RATIO):
                    limit = min(request.max_bytes, max(SUSPICIOUS, RATIO * packed))
                    raise SourceUnsafe(f"{request.name}: {path} expands to more than {limit:,} bytes; refused")
                yield block
    except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
        raise SourceUnreadable(
            f"{request.name}: {path} is damaged or cut off ({type(error).__name__}); deliver it again"
        ) from None


def _opened(request: Request, path: Path) -> Any:
    if path.suffix == ".gz":
        return gzip.open(path, "rb")
    if path.suffix == ".zip":
        archive = zipfile.ZipFile(path)
        names = [name for name in archive.namelist() if not name.endswith("/")]
        if len(names) != 1:
            raise SourceUnreadable(f"{request.name}: {path} holds {len(names)} files; a delivery is one file")
        return archive.open(names[0])
    return path.open("rb")
