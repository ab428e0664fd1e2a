"""One long file of several companies becomes their demand tables."""

from pathlib import Path

import pandas as pd
import pytest

from decai_forecast.demand.long_table import read_long
from decai_forecast.errors import ConfigError


def written(folder: Path, **columns: object) -> Path:
    base = {"partner_id": "a", "date": pd.date_range("2026-01-05", periods=4, freq="7D"), "item_id": "i", "quantity": 1}
    pd.DataFrame(base | columns).to_csv(folder / "long.csv", index=False)
    return folder / "long.csv"


@pytest.mark.parametrize(("freq", "expected"), [("D", ("D", 28)), ("7D", ("W", 13)), ("MS", ("M", 3))])
def test_the_calendar_is_read_off_the_dates(tmp_path: Path, freq: str, expected: tuple[str, int]) -> None:
    """Days, weeks or months, each with its usual horizon."""
    calendar, tables = read_long(written(tmp_path, date=pd.date_range("2026-01-01", periods=4, freq=freq)))
    assert (calendar.frequency, calendar.horizon) == expected
    assert len(tables["a"]) == 4


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"date": ["2026-01-05"] * 4, "quantity": range(4)}, "row 1 (partner 'a', item 'i', 2026-01-05); a forecast needs a"),
        ({"date": pd.date_range("2026-01-01", periods=4, freq="3D")}, "dates are 3 days apart"),
        (
            {"date": ["2026-01-05", "2026-01-12", "2026-01-20", "2026-01-28"]},
            "weekly rows lie on 3 weekdays, several in a week",
        ),
        ({"quantity": [1, 2, "many", 3]}, "row 3 (partner 'a', item 'i'): quantity 'many' cannot be read"),
        (
            {"date": ["2026-01-05", "soon", "2026-01-19", "2026-01-26"]},
            "row 2 (partner 'a', item 'i'): date 'soon' cannot be read",
        ),
    ],
)
def test_what_cannot_be_read_is_named(tmp_path: Path, columns: dict[str, object], message: str) -> None:
    """With its row, and what was expected."""
    with pytest.raises(ConfigError) as error:
        read_long(written(tmp_path, **columns))
    assert message in str(error.value)


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    """With those that are there, and what to do about it."""
    (tmp_path / "x.csv").write_text("partner_id,date,item\na,2026-01-01,i\n")
    with pytest.raises(ConfigError, match="column item_id, quantity is missing; there are partner_id, date, item; name one of"):
        read_long(tmp_path / "x.csv")


@pytest.mark.parametrize(
    ("header", "advice"),
    [
        ("partner_id;date;item_id;quantity", "its columns are separated by ';'; save it with commas between columns"),
        ("partner_id,unique_id,ds,y", "rename ds to date, unique_id to item_id, y to quantity"),
        ("date,item_id,quantity", "add it (of one company: the same name in every row)"),
    ],
)
def test_a_file_of_another_notation_is_told_how_to_mend_it(tmp_path: Path, header: str, advice: str) -> None:
    """A German export, a table of another library, a company alone."""
    (tmp_path / "x.csv").write_text(f"{header}\n")
    with pytest.raises(ConfigError) as error:
        read_long(tmp_path / "x.csv")
    assert advice in str(error.value)
