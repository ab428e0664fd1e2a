"""Columns of somebody's rows as the demand room needs them, or an error that names partner, item and row.

Rows are counted from 1 without a header, in the order in which they were given.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from decai_forecast.errors import ConfigError

__all__ = ["TypedColumns"]

LARGEST = 1e12  # units of one row; beyond it squares and sums lose the small ones, and nobody sells that much
YEARS = (1900, 2199)  # dates outside are slips, or a database's way to say "never"
LONGEST_GAP = 5 * 366  # days without any row among rows: a date beyond it is a slip of one digit, or the zero of a computer
ISO = r"\d{4}-?\d{2}-?\d{2}(?:[T ].*)?"  # 01/02/03 can be three different days
OFFSET = r"([T ].*?)(?:Z|[+-]\d{2}(?::?\d{2})?)$"
BOOLEANS = {"true": True, "false": False, "1": True, "0": False, "1.0": True, "0.0": False, "": False, "nan": False}
Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TypedColumns:
    """``rows`` as they were given; ``source`` leads every message: a file, a data set."""

    rows: pd.DataFrame
    source: str

    def texts(self, name: str) -> pd.Series:
        """Ids as texts: 007 stays 007, and 7.0 (a whole number in a column with gaps) is 7. :class:`ConfigError` for an empty
        one."""
        given = self.rows[name]
        if pd.api.types.is_float_dtype(given):
            given = given.map({value: f"{value:.0f}" if value % 1 == 0 else str(value) for value in given.dropna().unique()})
        found = given.astype(str)
        self.refuse(self.rows[name].isna() | (found.str.strip() == ""), f"{name} is empty; every row needs one")
        return found

    def days(self, name: str) -> pd.Series:
        """The days of a column, without a time zone: the day on the clock that the row was written by.

        :class:`ConfigError` for a date that is not written as 2026-01-31, that no calendar holds, or that lies more than five
        years from all others.
        """
        found = self._days(self.rows[name])
        self.refuse(found.isna(), f"{name} {{}} cannot be read; write days as 2026-01-31", name)
        years = found.dt.year
        expected = f"years from {YEARS[0]} to {YEARS[1]} are expected; correct the row, or leave it out"
        self.refuse((years < YEARS[0]) | (years > YEARS[1]), f"{name} {{}} is no day of a sale; {expected}", name)
        self._refuse_far(found, name)
        return found

    def _days(self, given: pd.Series) -> pd.Series:
        if isinstance(given.dtype, pd.DatetimeTZDtype):
            given = given.dt.tz_localize(None)
        elif not pd.api.types.is_datetime64_dtype(given):
            written = given.astype(str)
            iso = written.where(written.str.fullmatch(ISO)).str.replace(OFFSET, r"\1", regex=True)
            given = pd.to_datetime(iso, format="ISO8601", errors="coerce")
        midnight: pd.Series = given.dt.normalize()
        return midnight

    def _refuse_far(self, days: pd.Series, name: str) -> None:
        """The smaller side of a gap is taken for the slip."""
        ordered = np.sort(days.to_numpy())
        gaps = np.diff(ordered) // np.timedelta64(1, "D")
        if not len(gaps) or gaps.max() <= LONGEST_GAP:
            return
        at = int(gaps.argmax()) + 1
        before, after = ordered[at - 1], ordered[at]
        far = days <= before if at <= len(ordered) - at else days >= after
        nearest = pd.Timestamp(after if at <= len(ordered) - at else before).date()
        distance = f"{name} {{}} lies {gaps.max() // 365} years from the nearest other date, {nearest}"
        self.refuse(far, f"{distance}; correct the row, or leave it out", name)

    def quantities(self, name: str, unknown: pd.Series | bool = False) -> pd.Series:
        """Numbers of units; NaN only where ``unknown``. :class:`ConfigError` for one that cannot be read, or is infinite."""
        found = pd.to_numeric(self.rows[name], errors="coerce").astype(float)
        may_lack = self.rows[name].isna() & unknown
        self.refuse(
            self.rows[name].isna() & ~may_lack, f"{name} is empty; write 0 where nothing was sold, or leave the row out"
        )
        self.refuse(found.isna() & ~may_lack, f"{name} {{}} cannot be read; write a number such as 12.5", name)
        self.refuse(found.abs() > LARGEST, f"{name} {{}} is too large; at most {LARGEST:,.0f} units are expected", name)
        return found

    def numbers(self, name: str) -> pd.Series:
        """Numbers that may be missing, as prices; NaN where none is, or an infinite one."""
        found = pd.to_numeric(self.rows[name], errors="coerce").astype(float)
        lost = found.isna() & self.rows[name].notna()
        if lost.any():
            lost &= self.rows[name].astype(str).str.strip() != ""
        self.refuse(lost, f"{name} {{}} cannot be read; write a number such as 12.5, or nothing", name)
        return found.where(np.isfinite(found))

    def booleans(self, name: str) -> pd.Series:
        """True or false; false where nothing is written."""
        if pd.api.types.is_bool_dtype(self.rows[name]):
            return self.rows[name].astype(bool)
        found = self.rows[name].astype(str).str.strip().str.lower().replace("none", "").map(BOOLEANS)
        self.refuse(found.isna(), f"{name} {{}} cannot be read; write true or false", name)
        return found.astype(bool)

    def refuse(self, wrong: pd.Series, text: str, name: str = "") -> None:
        """:class:`ConfigError` if any row is ``wrong``: the first is named, with its value of ``name`` in place of ``{}``."""
        if wrong.any():
            row = int(wrong.to_numpy().argmax())
            complaint = text.format(_shown(self.rows[name].iloc[row])) if name else text
            others = f" ({int(wrong.sum()):,} such rows)" if wrong.sum() > 1 else ""
            raise ConfigError(f"{self.source}: {self.row_in_words(row)}: {complaint}{others}")

    def row_in_words(self, row: int) -> str:
        """``row 4 (partner 'a', item 'i')``, of what the rows tell."""
        names = {"partner_id": "partner", "location_id": "location", "item_id": "item"}
        keys = [f"{label} {_shown(self.rows[name].iloc[row])}" for name, label in names.items() if name in self.rows]
        return f"row {row + 1}" + (f" ({', '.join(keys)})" if keys else "")


def _shown(value: Any) -> str:
    if pd.isna(value) or not str(value).strip():
        return "(empty)"
    return repr(str(value.date() if isinstance(value, pd.Timestamp) else value))
