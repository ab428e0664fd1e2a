"""Files that cannot be read at all: the whole message, through a pull."""

from __future__ import annotations

import gzip
import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, demand

from decai_forecast.delivery import pull
from decai_forecast.errors import DeliveryError

TEXT = demand().to_csv(index=False)


def said(folder: Path, name: str, data: bytes, own: str = "", encoding: str = "") -> str:
    """What the pull says; ``<file>`` stands for the file."""
    (folder / name).write_bytes(data)
    form = "parquet" if name.endswith("parquet") else "csv"
    more = f"format: {form}" + (f"\n    encoding: {encoding}" if encoding else "")
    more += f"\n    customProperties: [{{property: maxBytes, value: {own}, vendor: decai}}]" if own else ""
    promised = contract(folder, ("sources/demand.parquet", name), ("format: parquet", more))
    with pytest.raises(DeliveryError) as error:
        pull(promised, folder, AS_OF, folder / "out.parquet")
    assert not (folder / "out.parquet").exists()
    return f"{error.value.code}: {error.value}".replace(str(folder / name), "<file>")


def parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def zipped(data: bytes, method: int = zipfile.ZIP_DEFLATED, member: str = "rows.csv") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        archive.writestr(member, data)
    return buffer.getvalue()


def flagged(data: bytes, *, flag: int = 0, method: int | None = None) -> bytes:
    """A zip archive whose member says that it is encrypted, or compressed in another way, in both of its headers."""
    changed = bytearray(data)
    for mark, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.index(mark)
        changed[start + at] |= flag
        if method is not None:
            changed[start + at + 2] = method
    return bytes(changed)


UMLAUT = TEXT.replace("\n2026-03-24,a,", "\n2026-03-24,Käse,")
FILES = [
    ("rows.csv", UMLAUT.encode("cp1252"),
     "source_unreadable: acme: demand: <file>: byte 103 (line 5, bytes e4 73 65 2c) is not UTF-8; "
     "it looks like cp1252 (Western European), say so in servers[0].encoding"),
    ("rows.csv", UMLAUT.encode("utf-16-le"),
     "source_unreadable: acme: demand: <file>: byte 206 (line 5, bytes e4 00 73 00) is not UTF-8; "
     "it looks like UTF-16, say so in servers[0].encoding"),
    ("rows.csv", b"", "source_unreadable: acme: demand: <file> is empty (0 bytes); was the export finished?"),
    ("rows.parquet", parquet(demand())[:-100],
     "source_unreadable: acme: demand: <file> cannot be read as parquet: "
     "Invalid Input Error: No magic bytes found at end of file '<file>'"),
    ("rows.csv.gz", gzip.compress(TEXT.encode())[:-40],
     "source_unreadable: acme: demand: <file> is damaged or cut off (EOFError); deliver it again"),
    ("rows.csv.zip", zipped(TEXT.encode())[:-40],
     "source_unreadable: acme: demand: <file> is damaged or cut off (BadZipFile); deliver it again"),
    ("rows.csv.zip", flagged(zipped(TEXT.encode()), flag=1),
     "source_unreadable: acme: demand: <file> is encrypted; deliver it without a password, "
     "over a connection that is protected"),
    ("rows.csv.zip", flagged(zipped(TEXT.encode()), method=97),
     "source_unreadable: acme: demand: <file> is compressed in a way that is not known; use deflate, or gzip"),
    ("rows.csv", TEXT.replace("2026-03-24,a", '2026-03-24,"a').encode(),
     "source_unreadable: acme: demand: <file>: a quote opened in line 5 is not closed; "
     "close it, or double a quote that is a text"),
    ("rows.csv", b"date,item_id,quantity,price,price\n",
     "source_unreadable: acme: demand: <file>: column 'price' stands twice in the header"),
    ("rows.csv", b"a,b,,d\n1,2,3,4\n",
     "source_unreadable: acme: demand: none of the contracted columns is there; found a, b, (column 3, without a name), d"),
]  # fmt: skip


@pytest.mark.parametrize(("name", "data", "message"), FILES)
def test_a_file_that_cannot_be_read(tmp_path: Path, name: str, data: bytes, message: str) -> None:
    """What is wrong, where, and what to do; nothing has landed."""
    assert said(tmp_path, name, data) == message


@pytest.mark.parametrize("pack", [gzip.compress, zipped], ids=["gzip", "zip"])
def test_an_archive_that_explodes(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    """While it expands; the disk stays as it is."""
    name = "rows.csv.gz" if pack is gzip.compress else "rows.csv.zip"
    message = "source_unsafe: acme: demand: <file> expands to more than 10,000,000 bytes; refused"
    assert said(tmp_path, name, pack(b"0" * 30_000_000), own="10000000") == message


def test_a_parquet_file_that_explodes(tmp_path: Path) -> None:
    """By its footer, before a row is read."""
    rows = pd.DataFrame({"date": [AS_OF] * 2_000_000, "item_id": "a", "quantity": 1.0})
    data = parquet(rows)
    assert len(data) < 100_000
    message = "source_unsafe: acme: demand: <file> expands to 2,000,000 rows, more than 10,000,000 bytes; refused"
    assert said(tmp_path, "rows.parquet", data, own="10000000") == message


def test_pages_that_are_damaged(tmp_path: Path) -> None:
    """A file whose footer is whole: it is read when the rows are asked for."""
    data = bytearray(parquet(demand()))
    data[4:600] = b"\x00" * 596
    found = said(tmp_path, "rows.parquet", bytes(data))
    assert found.startswith("source_unreadable: acme: demand: <file> cannot be read as parquet: ")


@pytest.mark.parametrize("member", ["../../evil.csv", "/etc/evil.csv", "deep/er/rows.csv"])
def test_the_name_of_an_archives_member_leads_nowhere(tmp_path: Path, member: str) -> None:
    """Its content is read, its name is not."""
    folder = tmp_path / "a" / "b"
    folder.mkdir(parents=True)
    (folder / "rows.csv.zip").write_bytes(zipped(TEXT.encode(), member=member))
    promised = contract(folder, ("sources/demand.parquet", "rows.csv.zip"), ("format: parquet", "format: csv"))
    assert pull(promised, folder, AS_OF, folder / "out.parquet").rows == 200
    assert not list(tmp_path.rglob("evil.csv"))
