"""Every record of a text file, with the line it begins in."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from decai_forecast.contracts.files import FileFault, header_of, read_lines

FILES = [  # (text, line and first value or raw text of every record)
    ("a,b\n1,2\n3,4\n", [(2, "1"), (3, "3")]),
    ("a,b\n1,2\n3,4", [(2, "1"), (3, "3")]),
    ("a,b\n1,2\n3\n4,5\n6,7,8\n9,0\n", [(2, "1"), (3, "3"), (4, "4"), (5, "6,7,8"), (6, "9")]),
    ("a,b\n\n1,2\n\n\n3\n4,5\n", [(3, "1"), (6, "3"), (7, "4")]),
    ('a,"b\nb"\n1,2\n"3\n3",4\n5\n6,7\n', [(3, "1"), (4, "3\n3"), (6, "5"), (7, "6")]),
    ("\n# made, by\nsep=;\na;b\n1;2\n3\n", [(5, "1"), (6, "3")]),
    ("a,b\r\n1,2\r\n\r\n3,4\r\n", [(2, "1"), (4, "3")]),
    ("a,b\r1,2\r3\r4,5\r", [(2, "1"), (3, "3"), (4, "4")]),
    ("a,b\n", []),
]


@pytest.mark.parametrize(("text", "expected"), FILES)
def test_every_record_knows_its_line(tmp_path: Path, text: str, expected: list[tuple[int, str]]) -> None:
    """Torn records, empty lines and line breaks inside quotes included."""
    path = tmp_path / "rows.csv"
    path.write_bytes(text.encode())
    with duckdb.connect() as con:
        query = read_lines(con, path, header_of(path), "rows", tmp_path)
        assert con.execute(f"SELECT line, coalesce(torn, c0) FROM ({query}) ORDER BY line").fetchall() == expected


def test_a_quote_that_is_never_closed(tmp_path: Path) -> None:
    """It would swallow the rest of the file: where it was opened is said."""
    path = tmp_path / "rows.csv"
    path.write_text('sep=,\na,b\n1,2\n3,"4\n5,6\n')
    said = f"{path}: a quote opened in line 4 is not closed; close it, or double a quote that is a text"
    with duckdb.connect() as con, pytest.raises(FileFault) as error:
        read_lines(con, path, header_of(path), "rows", tmp_path)
    assert str(error.value) == said
