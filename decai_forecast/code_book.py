"""An agreed code book: a public list of names, by whose places companies speak of items or categories to one another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from decai_forecast.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["COLUMNS", "MOST", "PREFIX", "CodeBook", "coded_by", "codes"]

COLUMNS = ("item_id", "category")  # of the demand table, that may have a book
MOST = 62  # names: of the shared trees' 63 bins one is for rows without a code
PREFIX = "code_"  # no other feature's name begins so


def codes(names: Iterable[object], book: Sequence[str]) -> npt.NDArray[np.float32]:
    """The place of each name in the book, from 0; NaN for a name that is not in it."""
    import numpy as np  # not when Airflow reads a DAG file

    place = {name: float(k) for k, name in enumerate(book)}
    return np.array([place.get(str(name), np.nan) for name in names], np.float32)


@dataclass(frozen=True)
class CodeBook:
    """``code_book`` of ``network.yaml``: ``column``, one of COLUMNS, and its ``names`` in their order.

    Everybody in the network reads the list; which of the names a company has is not told. :class:`ConfigError` for a list
    that cannot be used.
    """

    column: str
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        if self.column not in COLUMNS:
            raise ConfigError(f"code_book: column must be one of {', '.join(COLUMNS)}, not {self.column!r}")
        if not 2 <= len(self.names) <= MOST:
            raise ConfigError(f"code_book: {len(self.names)} names; expected 2 to {MOST}, those that most companies have")
        if wrong := [name for name in self.names if not isinstance(name, str) or not name]:
            raise ConfigError(f"code_book: each name must be text, not {wrong[0]!r}; put it into quotes")
        if twice := sorted({name for name in self.names if self.names.count(name) > 1}):
            raise ConfigError(f"code_book: {twice[0]!r} stands there twice; each name needs one place")

    @property
    def feature(self) -> str:
        """The name of the codes among the features, another one for every book: no model meets codes that it does not know."""
        whole = json.dumps([self.column, *self.names])
        return PREFIX + hashlib.sha256(whole.encode()).hexdigest()[:8]

    def codes(self, names: Iterable[object]) -> npt.NDArray[np.float32]:
        """The place of each name in the book, from 0; NaN for a name that is not in it."""
        return codes(names, self.names)

    def to_json(self) -> dict[str, Any]:
        return {"column": self.column, "names": list(self.names)}

    @classmethod
    def of(cls, given: Any) -> CodeBook | None:
        """From ``network.yaml``; None where nothing is given."""
        if given is None:
            return None
        expected = "column and names, such as {column: category, names: [beer, gin, rum]}"
        if not isinstance(given, Mapping) or set(given) != {"column", "names"}:
            raise ConfigError(f"code_book needs {expected}, not {given!r}")
        if not isinstance(given["names"], list | tuple):
            raise ConfigError(f"code_book: names must be a list, not {given['names']!r}; it needs {expected}")
        return cls(given["column"], tuple(given["names"]))


def coded_by(book: CodeBook | None, features: Sequence[str]) -> tuple[tuple[str, ...], frozenset[int]]:
    """The features of a shared model: ``features``, and last the codes of a book if there is one; and which of them (by
    number) may be split by categories."""
    if book is None:
        return tuple(features), frozenset()
    return (*features, book.feature), frozenset({len(features)})
