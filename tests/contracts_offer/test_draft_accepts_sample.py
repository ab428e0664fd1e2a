"""A drafted contract keeps its word: whatever the sample, the sample itself is accepted."""

from __future__ import annotations

import csv
import gzip
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from decai_forecast.contracts import check_delivery, load_contract
from decai_forecast.contracts.draft import draft_from_sample
from decai_forecast.contracts.report import to_text
from decai_forecast.delivery import pull
from decai_forecast.errors import ConfigError

FIRST = date(2025, 1, 6)
CSV_SAFE = st.text(st.characters(categories=["L", "N", "P", "Zs"]), min_size=1, max_size=12).filter(lambda t: t == t.strip())
VALUES = {
    "float": st.floats(-1e9, 1e9).map(lambda v: round(v, 3)),
    "positive": st.floats(0, 1e6).map(lambda v: round(v, 2)),
    "integer": st.integers(-(2**40), 2**40),
    "flag": st.sampled_from([0, 1]),
    "boolean": st.booleans(),
    "text": CSV_SAFE,
    "few": st.sampled_from(["Nord", "Süd", "no", "1e3", "it's", 'a "b"', "null"]),
    "digits": st.text("0123456789", min_size=5, max_size=5),
    "gtin": st.sampled_from(["4006381333931", "6291041500213", "96385074"]),
    "currency": st.sampled_from(["EUR", "CHF"]),
    "day": st.dates(date(1900, 1, 1), date(2024, 12, 31)),
    "instant": st.datetimes(datetime(2000, 1, 1), datetime(2024, 12, 31)).map(lambda t: t.replace(microsecond=0, tzinfo=UTC)),
}
NAMES = st.sampled_from(
    [
        "price",
        "UVP",
        "promo",
        "EAN",
        "PLZ",
        "Währung",
        "ME",
        "note",
        "x y",
        "1st",
        "class",
        "Region",
        "stock",
        "updated at",
        "ß",
    ]
)


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    """Some items on some days, each at most once, with columns of any kind beside the quantity; some values are missing."""
    items = draw(st.lists(st.sampled_from(["001", "A-1", "7", "x'y", "4006381333931"]), min_size=1, max_size=3, unique=True))
    days, step = draw(st.sampled_from([1, 2, 30, 400])), draw(st.sampled_from([1, 7, 3]))
    keys = [(FIRST + timedelta(days=step * k), item) for k in range(days) for item in items]
    frame = pd.DataFrame(
        keys, columns=[draw(st.sampled_from(["date", "Datum"])), draw(st.sampled_from(["item_id", "Artikel-Nr."]))]
    )
    frame[draw(st.sampled_from(["quantity", "Menge (Stk)", "unitsSold"]))] = values(
        draw, ["float", "positive", "integer"], frame
    )
    for name in draw(st.lists(NAMES, max_size=4, unique_by=str.lower)):
        frame[name] = values(draw, sorted(VALUES), frame)
    return frame


def values(draw: st.DrawFn, kinds: list[str], frame: pd.DataFrame) -> pd.Series:
    """A handful of values of one kind, repeated over the rows; perhaps with holes."""
    pool = draw(st.lists(VALUES[draw(st.sampled_from(kinds))], min_size=1, max_size=40))
    pool = [*pool, *([None] if draw(st.booleans()) and len(pool) > 1 else [])]
    return pd.Series([pool[k % len(pool)] for k in range(len(frame))])


TEXTS = st.fixed_dictionaries(
    {
        "sep": st.sampled_from([",", ";", "\t", "|"]),
        "encoding": st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
        "quoting": st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL, csv.QUOTE_NONNUMERIC]),
        "lineterminator": st.sampled_from(["\n", "\r\n"]),
        "index": st.booleans(),
    }
)
ABOVE = st.sampled_from(["", "\n", "# made by a tool\n", "sep={}\n"])


def write(frame: pd.DataFrame, path: Path, options: dict[str, Any], above: str) -> str:
    """As tools export it; returns the encoding that has to be named."""
    if path.name.endswith(".parquet"):
        frame.to_parquet(path, index=False)
        return ""
    text = above.format(options["sep"]) + frame.to_csv(**{k: v for k, v in options.items() if k != "encoding"})
    data = text.encode(options["encoding"])
    path.write_bytes(gzip.compress(data) if path.name.lower().endswith(".gz") else data)
    return "utf-16" if options["encoding"] == "utf-16" else ""


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(frame=frames(), ending=st.sampled_from([".parquet", ".csv", ".csv.gz", ".CSV", ".tsv"]), options=TEXTS, above=ABOVE)
def test_the_sample_is_accepted(frame: pd.DataFrame, ending: str, options: dict[str, Any], above: str) -> None:
    """Through the whole way of a delivery: pulled, loaded strictly, checked; not one row or rule complains."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        sample = folder / f"sample{ending}"
        encoding = write(frame, sample, options, above)
        draft = draft_from_sample(sample, partner="acme", data_set="demand", encoding=encoding)
        (folder / "demand.odcs.yaml").write_text(draft.text, encoding="utf-8")
        contract = load_contract(folder / "demand.odcs.yaml")
        assert draft.as_of == FIRST + timedelta(days=(frame.iloc[:, 0].max() - FIRST).days + 1)
        pull(contract, folder, draft.as_of, folder / "delivery.parquet")
        found = check_delivery(contract, folder / "delivery.parquet", draft.as_of, folder)
        assert (found.verdict, found.broken, found.quarantined) == ("accepted", [], 0), f"{to_text(found)}\n{draft.text}"


def rows(header: str, line: str, count: int = 30) -> str:
    """Lines with ``{day}`` filled in, one for each day."""
    return header + "".join(line.format(day=FIRST + timedelta(days=k)) for k in range(count))


SHAPES = [  # (file, what is noted first)
    (rows("date,item_id,quantity\n", "{day} 00:00:00,a,5\n"), ""),
    (rows(",date,item_id,quantity\n", "1,{day},a,5\n"), "Column 1 has no name and is left out."),
    (rows("date,item_id,quantity,\n", "{day},a,5,\n"), "Column 4 has no name and is left out."),
    (rows("date,item_id,quantity,Quantity\n", "{day},a,5,6\n"),
     "Column 'Quantity' is left out: it differs from another one only in capitals."),
    (rows("sep=;\ndate;item_id;quantity\n", "{day};a;5\n"), ""),
    (rows("# made by x, on a day\ndate,item_id,quantity,price\n", "{day},a,5,1\n"), ""),
    (rows('date,item_id,quantity,"of\nnote"\n', "{day},a,5,x\n"), ""),
    (rows(" date, item_id,quantity \n", " {day} ,a, +5 \n"), ""),
    (rows("date;item_id;quantity;price\n", "{day};a;5;2,5\n"),
     "Column 'price' is promised as text: '2,5' in line 2 looks like a decimal comma; deliver a decimal point."),
    (rows("date,item_id,quantity,seen\n", "{day},a,5,2026-01-01 13:45\n"),
     "Column 'seen' is promised as text: '2026-01-01 13:45' in line 2 looks like a time without its zone; "
     "add the offset, such as +01:00."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "note"), SHAPES)
def test_files_as_tools_write_them(tmp_path: Path, text: str, note: str) -> None:
    """What is left out or promised as something else is noted, and the sample keeps the draft."""
    (tmp_path / "sample.csv").write_text(text)
    draft = draft_from_sample(tmp_path / "sample.csv", partner="acme", data_set="demand")
    assert draft.notes[0] == (note or draft.notes[0])
    (tmp_path / "demand.odcs.yaml").write_text(draft.text, encoding="utf-8")
    contract = load_contract(tmp_path / "demand.odcs.yaml")
    assert draft.as_of is not None
    pulled = pull(contract, tmp_path, draft.as_of, tmp_path / "delivery.parquet")
    found = check_delivery(contract, tmp_path / "delivery.parquet", draft.as_of, tmp_path)
    assert (found.verdict, found.broken, pulled.rows) == ("accepted", [], 30)


def test_a_sample_with_torn_lines(tmp_path: Path) -> None:
    """The good rows make the draft; the others are named."""
    (tmp_path / "sample.csv").write_text(rows("date,item_id,quantity\n", "{day},a,5\n") + "2026-01-01,x\n1,2,3,4\n")
    draft = draft_from_sample(tmp_path / "sample.csv", partner="acme")
    said = "2 lines have more or fewer fields than the header (line 32, 33) and played no part in the draft."
    assert draft.notes[0] == said


def test_a_name_twice_in_the_header(tmp_path: Path) -> None:
    """As a delivery is told it."""
    sample = tmp_path / "sample.csv"
    sample.write_text(rows("date,item_id,quantity,quantity\n", "{day},a,5,6\n"))
    with pytest.raises(ConfigError) as error:
        draft_from_sample(sample, partner="acme")
    assert str(error.value) == f"{sample}: column 'quantity' stands twice in the header"


def test_the_encoding_of_a_sample(tmp_path: Path) -> None:
    """The byte that is not UTF-8 is named; with its encoding said, the contract says it too."""
    sample = tmp_path / "sample.csv"
    sample.write_bytes(rows("date,item_id,quantity\n", "{day},Käse,5\n").encode("cp1252"))
    with pytest.raises(ConfigError) as error:
        draft_from_sample(sample, partner="acme")
    assert str(error.value) == (
        f"{sample}: byte 34 (line 2, bytes e4 73 65 2c) is not UTF-8; it looks like cp1252 (Western European), "
        "say so with --encoding"
    )
    assert "    encoding: cp1252\n" in draft_from_sample(sample, partner="acme", encoding="cp1252").text


def test_a_contact_that_was_given_is_no_placeholder(tmp_path: Path) -> None:
    """Even if it looks like one."""
    (tmp_path / "sample.csv").write_text(rows("date,item_id,quantity\n", "{day},a,5\n"))
    drafts = [draft_from_sample(tmp_path / "sample.csv", partner="acme", contact=who) for who in (None, "data@acme.example")]
    assert [any("placeholder" in note for note in draft.notes) for draft in drafts] == [True, False]
