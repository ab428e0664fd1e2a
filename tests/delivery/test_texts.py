"""Text files: encodings, separators, archives, torn lines, and values that are not what the contract says."""

from __future__ import annotations

import gzip
import zipfile
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from deliveries import AS_OF, contract, demand

from decai_forecast.contracts import Contract, Source, check_delivery
from decai_forecast.contracts.reserved import LINE, TORN, UNREADABLE
from decai_forecast.delivery import Pulled, pull
from decai_forecast.delivery.errors import SourceUnreadable, SourceUnsafe

TEXT = demand().to_csv(index=False)


def agreed(folder: Path, name: str, *changes: tuple[str, str], **server: object) -> Contract:
    return replace(contract(folder, *changes), source=Source("local", name, "csv", server, dict(server.pop("own", {}))))


def pulled(
    folder: Path, data: bytes, name: str = "rows.csv", *changes: tuple[str, str], **server: object
) -> tuple[pd.DataFrame, Pulled]:
    (folder / name).write_bytes(data)
    found = pull(agreed(folder, name, *changes, **server), folder, AS_OF, folder / "out.parquet")
    return pd.read_parquet(folder / "out.parquet"), found


@pytest.mark.parametrize(("encoding", "mark"), [("utf-8", ""), ("utf-8", "\ufeff"), ("cp1252", ""), ("utf-16", "")])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_encodings_and_separators(tmp_path: Path, encoding: str, mark: str, delimiter: str) -> None:
    """As the contract names them; the separator is found in the header."""
    frame = demand().assign(item_id=lambda f: f["item_id"].map({"a": "Käse", "b": "Brot"}))
    data = (mark + frame.to_csv(index=False, sep=delimiter)).encode(encoding)
    got, _ = pulled(tmp_path, data, encoding=encoding)
    assert set(got["item_id"]) == {"Käse", "Brot"}
    assert len(got) == 200


def test_wrong_encoding_is_named_by_its_byte(tmp_path: Path) -> None:
    """Byte offset, line, bytes, and what it looks like."""
    data = TEXT.replace("\n2026-03-24,a,", "\n2026-03-24,Käse,").encode("cp1252")
    at = data.index(b"\xe4")
    line = data[:at].count(b"\n") + 1
    said = f"byte {at:,} (line {line}, bytes e4 73 65 2c) is not UTF-8; it looks like cp1252"
    with pytest.raises(SourceUnreadable) as error:
        pulled(tmp_path, data)
    assert said in str(error.value)


def test_utf_16_is_recognised(tmp_path: Path) -> None:
    """What spreadsheets call Unicode text."""
    with pytest.raises(SourceUnreadable, match="it looks like UTF-16, say so in servers"):
        pulled(tmp_path, TEXT.encode("utf-16"))


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.csv.zip"])
def test_archives_of_one_file(tmp_path: Path, name: str) -> None:
    """gzip, and zip with exactly one member."""
    pack(tmp_path / "made", name, TEXT.encode())
    assert pulled(tmp_path, (tmp_path / "made").read_bytes(), name)[1].rows == 200


def pack(path: Path, name: str, data: bytes, members: int = 1) -> None:
    if name.endswith(".gz"):
        path.write_bytes(gzip.compress(data))
        return
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for k in range(members):
            archive.writestr(f"rows-{k}.csv", data)


def test_an_archive_of_several_files_is_refused(tmp_path: Path) -> None:
    """A delivery is one file."""
    pack(tmp_path / "made", "x.zip", TEXT.encode(), members=2)
    with pytest.raises(SourceUnreadable, match="holds 2 files; a delivery is one file"):
        pulled(tmp_path, (tmp_path / "made").read_bytes(), "rows.csv.zip")


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.csv.zip"])
def test_a_bomb_is_refused_while_it_expands(tmp_path: Path, name: str) -> None:
    """A small archive of endless zeros; the disk stays as it is."""
    pack(tmp_path / "made", name, b"0" * 30_000_000)
    with pytest.raises(SourceUnsafe, match="expands to more than 10,000,000 bytes; refused"):
        pulled(tmp_path, (tmp_path / "made").read_bytes(), name, own={"maxBytes": 10_000_000})


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.csv.zip"])
def test_a_cut_archive_is_damaged(tmp_path: Path, name: str) -> None:
    """Half of a file is no delivery."""
    pack(tmp_path / "made", name, TEXT.encode())
    with pytest.raises(SourceUnreadable, match=r"is damaged or cut off \(\w+\); deliver it again"):
        pulled(tmp_path, (tmp_path / "made").read_bytes()[:-40], name)


def test_torn_lines_are_kept_whole(tmp_path: Path) -> None:
    """Too few or too many fields: the raw line, its number, and no value in the wrong column."""
    lines = TEXT.splitlines()
    lines[4], lines[9] = "2026-03-24,a,3.0", "2026-03-29,a,8.0,1.5,more"
    frame, found = pulled(tmp_path, "\n".join(lines).encode())
    assert (found.rows, found.unreadable) == (200, 2)
    torn = frame[frame["item_id"].isna()].sort_values(LINE)
    assert torn[LINE].tolist() == [5, 10]
    assert [dict(pairs) for pairs in torn[UNREADABLE]] == [{TORN: lines[4]}, {TORN: lines[9]}]
    assert frame[LINE].is_unique


READABLE = [  # (logical type, texts that are values, texts that are none)
    (
        "number",
        ["1", "-1.5", "+.5", "2.", "1e3", " 7 "],
        ["1,5", "1.000,5", "1e400", "inf", "nan", "0x10", "12 €", "--1", "1 2"],
    ),
    ("integer", ["1", "-7", "12.0"], ["1.5", "1e3", "99999999999999999999", "1,000", "x"]),
    ("boolean", ["true", "False", "1", "no"], ["maybe", "2"]),
]


@pytest.mark.parametrize(("kind", "good", "bad"), READABLE)
def test_only_values_are_values(tmp_path: Path, kind: str, good: list[str], bad: list[str]) -> None:
    """Nothing is rounded, guessed or cut short."""
    days = [str(day) for day in demand()["date"][: len(good) + len(bad)]]
    lines = [f'{day},a,1,"{value}"' for day, value in zip(days, [*good, *bad], strict=True)]
    data = "\n".join(["date,item_id,quantity,price", *lines]).encode()
    changes = [
        (
            'name: "price"\n        logicalType: number\n        logicalTypeOptions: {minimum: 0}\n',
            f'name: "price"\n        logicalType: {kind}\n',
        )
    ]
    frame, found = pulled(tmp_path, data, "rows.csv", *changes)
    assert found.unreadable == len(bad)
    assert [dict(pairs)["price"] for pairs in frame.sort_values("date")[UNREADABLE] if len(pairs)] == bad


@pytest.mark.parametrize("value", ["31.12.2026", "12/31/2026", "2026-13-01", "2026-02-30", "20260301", "2026-03-01T12:00:00"])
def test_only_dates_are_dates(tmp_path: Path, value: str) -> None:
    """ISO 8601; a time of day other than midnight is no date."""
    frame, found = pulled(tmp_path, TEXT.replace("\n2026-03-24,a,", f"\n{value},a,").encode())
    assert found.unreadable == 1
    assert [dict(pairs) for pairs in frame[UNREADABLE] if len(pairs)] == [{"date": value}]


HINTS = [
    ("1,5", "price='1,5' (looks like a decimal comma; deliver a decimal point)"),
    ("1.234,50", "price='1.234,50' (looks like a decimal comma; deliver a decimal point)"),
    ("1.5 €", "price='1.5 €' (looks like a number with its unit; deliver the number alone)"),
    ("n/a", "price='n/a' (looks like a mark for a missing value; deliver nothing instead)"),
    ("abc", "price='abc'"),
]


@pytest.mark.parametrize(("value", "said"), HINTS)
def test_the_report_says_what_it_looks_like(tmp_path: Path, value: str, said: str) -> None:
    """Line, raw value, a guess; the rule is told once."""
    data = TEXT.replace("2026-03-24,a,3.0,1.5", f'2026-03-24,a,3.0,"{value}"').encode()
    pulled(tmp_path, data)
    found = check_delivery(agreed(tmp_path, "rows.csv"), tmp_path / "out.parquet", AS_OF, tmp_path)
    assert (found.verdict, [r.rule for r in found.broken], found.quarantined) == ("accepted_in_part", ["readable"], 1)
    assert found.broken[0].samples == (f"line 5: {said}",)


def test_nothing_is_lost_on_the_way_to_quarantine(tmp_path: Path) -> None:
    """Torn lines, bad values and good rows add up to the lines of the file."""
    lines = TEXT.splitlines()
    lines[3], lines[7], lines[8] = "x", lines[7].replace("1.5", "one"), lines[8].replace("1.5", "-4")
    (tmp_path / "rows.csv").write_text("\n".join(lines))
    promised = agreed(tmp_path, "rows.csv", ("value: 1\n", "value: 5\n"))
    pull(promised, tmp_path, AS_OF, tmp_path / "out.parquet")
    found = check_delivery(promised, tmp_path / "out.parquet", AS_OF, tmp_path)
    clean, bad = (pd.read_parquet(tmp_path / f"{name}.parquet") for name in ("clean", "quarantine"))
    assert (len(clean), len(bad), found.rows) == (197, 3, 200)
    assert set(clean) == {"date", "item_id", "quantity", "price"}
    assert sorted(bad[LINE]) == [4, 8, 9]


def test_a_column_twice_in_the_header(tmp_path: Path) -> None:
    """Which one would be meant?"""
    with pytest.raises(SourceUnreadable, match="column 'price' stands twice in the header"):
        pulled(tmp_path, b"date,item_id,quantity,price,price\n")
