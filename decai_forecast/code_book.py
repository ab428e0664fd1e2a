"""An agreed code book: a public list of names, by whose places companies speak of items or categories to one another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args

from pydantic import Field

from decai_forecast.documents.constraints import Text
from decai_forecast.documents.fault import Fault
from decai_forecast.documents.typed import typed
from decai_forecast.errors import ConfigError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["COLUMNS", "MOST", "PREFIX", "CodeBook", "coded_by", "codes"]

Column = Literal["item_id", "category"]  # of the demand table, that may have a book
COLUMNS: tuple[str, ...] = get_args(Column)
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

    Everybody in the network reads the list; which of the names a company has is not told.
    """

    column: Column
    names: Annotated[tuple[Text, ...], Field(min_length=2, max_length=MOST)]

    @property
    def feature(self) -> str:
        """The name of the codes among the features, another one for every book: no model meets codes that it does not know."""
        whole = json.dumps([self.column, *self.names])
        return PREFIX + hashlib.sha256(whole.encode()).hexdigest()[:8]

    def codes(self, names: Iterable[object]) -> npt.NDArray[np.float32]:
        """The place of each name in the book, from 0; NaN for a name that is not in it."""
        return codes(names, self.names)

    def faults(self) -> Iterator[Fault]:
        """Names that stand there twice."""
        for place, name in enumerate(self.names):
            if name in self.names[:place]:
                yield Fault(("names", place), f"{name!r} is there twice; each name needs one place")

    def to_json(self) -> dict[str, Any]:
        """What :meth:`of` reads."""
        return {"column": self.column, "names": list(self.names)}

    @classmethod
    def of(cls, given: Any) -> CodeBook | None:
        """From plain JSON; None where nothing is given. :class:`ConfigError` for a list that cannot be used."""
        if given is None:
            return None
        book, faults = typed(given, cls, "code_book")
        if book is None:
            raise ConfigError(f"code_book: {'; '.join(fault.text for fault in faults)}")
        return book


def coded_by(book: CodeBook | None, features: Sequence[str]) -> tuple[tuple[str, ...], frozenset[int]]:
    """The features of a shared model: ``features``, and last the codes of a book if there is one; and which of them (by
    number) may be split by categories."""
    if book is None:
        return tuple(features), frozenset()
    return (*features, book.feature), frozenset({len(features)})
