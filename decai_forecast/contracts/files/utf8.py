"""Text files as UTF-8: decompressed within limits, strictly decoded."""

from __future__ import annotations

import codecs
import gzip
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from decai_forecast.contracts.files.faults import FileFault, FileUnsafe

__all__ = ["RATIO", "SUSPICIOUS", "as_utf8", "ending_of"]

CHUNK = 4 * 1024 * 1024  # bytes per read
RATIO = 200  # decompressed over compressed: more is no table
SUSPICIOUS = 1_000_000_000  # bytes below which a high ratio is harmless
ARCHIVES = (".gz", ".zip")
ENCRYPTED = 0x1  # flag of a zip member


def ending_of(path: Path) -> str:
    """``csv`` for ``SALES.CSV.GZ``: the ending that tells the format, in small letters; empty where there is none."""
    name = path.name.lower()
    for archive in ARCHIVES:
        name = name.removesuffix(archive)
    return name.rsplit(".", 1)[1] if "." in name else ""


def as_utf8(path: Path, scratch: Path, *, encoding: str, say: str, max_bytes: int) -> Path:
    """``path`` itself, if it is UTF-8 text; else a decompressed, recoded copy in the folder ``scratch``.

    ``encoding`` is the name of the file's encoding, ``say`` where another one can be named. :class:`FileFault` tells a byte
    that is not in that encoding, or a damaged archive; :class:`FileUnsafe` one that expands to more than ``max_bytes``.
    """
    text = _Text(path, _known(encoding), say, max_bytes)
    if path.suffix.lower() not in ARCHIVES and text.encoding == "utf-8-sig":
        text.decode(None)
        return path
    target = scratch / f"{path.name}.utf8"
    with target.open("wb") as out:
        text.decode(out)
    return target


def _known(encoding: str) -> str:
    try:
        found = codecs.lookup(encoding).name
    except LookupError:
        raise FileFault(f"encoding {encoding!r} is not known; use UTF-8, cp1252, latin-1, ...") from None
    return "utf-8-sig" if found == "utf-8" else found


@dataclass(frozen=True)
class _Text:
    path: Path
    encoding: str
    say: str
    max_bytes: int

    def decode(self, out: IO[bytes] | None) -> None:
        """Decodes every byte; where it cannot, says which."""
        decoder, done, lines = codecs.getincrementaldecoder(self.encoding)(), 0, 1
        for block in self._blocks():
            pending = len(decoder.getstate()[0])
            try:
                text = decoder.decode(block)
            except UnicodeDecodeError as error:
                raise self._undecodable(error, done - pending, lines) from None
            done, lines = done + len(block), lines + text.count("\n")
            if out is not None:
                out.write(text.encode())
        try:
            decoder.decode(b"", final=True)
        except UnicodeDecodeError as error:
            raise self._undecodable(error, done - len(error.object), lines) from None

    def _undecodable(self, error: UnicodeDecodeError, before: int, lines: int) -> FileFault:
        line = lines + error.object[: error.start].count(b"\n")
        around = error.object[error.start : error.start + 4].hex(" ")
        place = f"byte {before + error.start:,} (line {line:,}, bytes {around}) is not {error.encoding.upper()}"
        return FileFault(f"{self.path}: {place}; {_likely(error)}, say so {self.say}")

    def _blocks(self) -> Iterator[bytes]:
        """The decompressed bytes, never more than the limits allow."""
        total, packed = 0, max(self.path.stat().st_size, 1)
        try:
            with self._opened() as source:
                while block := source.read(CHUNK):
                    total += len(block)
                    if total > self.max_bytes or (total > SUSPICIOUS and total / packed > RATIO):
                        limit = min(self.max_bytes, max(SUSPICIOUS, RATIO * packed))
                        raise FileUnsafe(f"{self.path} expands to more than {limit:,} bytes; refused")
                    yield block
        except (EOFError, zlib.error, gzip.BadGzipFile, zipfile.BadZipFile) as error:
            raise FileFault(f"{self.path} is damaged or cut off ({type(error).__name__}); deliver it again") from None
        except NotImplementedError:
            raise FileFault(f"{self.path} is compressed in a way that is not known; use deflate, or gzip") from None

    def _opened(self) -> Any:
        if self.path.suffix.lower() == ".gz":
            return gzip.open(self.path, "rb")
        if self.path.suffix.lower() != ".zip":
            return self.path.open("rb")
        archive = zipfile.ZipFile(self.path)
        members = [member for member in archive.infolist() if not member.is_dir()]
        if len(members) != 1:
            raise FileFault(f"{self.path} holds {len(members)} files; a delivery is one file")
        if members[0].flag_bits & ENCRYPTED:
            raise FileFault(f"{self.path} is encrypted; deliver it without a password, over a connection that is protected")
        return archive.open(members[0])


def _likely(error: UnicodeDecodeError) -> str:
    if error.object[:2] in (b"\xff\xfe", b"\xfe\xff") or error.object[1:40:2].count(0) > 10:
        return "it looks like UTF-16"
    return "it looks like cp1252 (Western European)"
