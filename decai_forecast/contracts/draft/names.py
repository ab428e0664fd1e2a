"""Which of the partner's columns is which of ours, and which data set a file holds, by the columns' names."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, cast

from decai_forecast.contracts.vocabulary import DATA_SETS
from decai_forecast.errors import ConfigError

__all__ = ["AMOUNTS", "about", "guess_data_set", "identifies", "map_columns", "means", "missing_columns", "normal", "usual_key"]

UMLAUTS = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss"})
IDENTITIES = ("item_id", "location_id", "vendor", "order_id", "gtin", "gln", "from_id", "to_id", "component_id")
CODE_WORDS = frozenset(
    ("id", "code", "no", "nr", "num", "number", "nummer", "numero", "ean", "gtin", "gln", "upc", "sku", "zip", "plz",
     "postcode", "postal", "phone")
)  # fmt: skip
AMOUNTS = frozenset(
    ("quantity", "on_hand", "reserved", "available", "on_order", "in_transit", "price", "list_price", "promotional_price",
     "unit_cost", "lead_time_days", "units_per_case", "share", "capacity", "recovery_days")
)  # fmt: skip


@cache
def _words() -> Mapping[str, Any]:
    import yaml

    return cast("Mapping[str, Any]", yaml.safe_load(Path(__file__).with_name("names.yaml").read_text(encoding="utf-8")))


@cache
def _synonyms(column: str) -> tuple[str, ...]:
    entry = _words()["columns"][column]
    return (column, *entry["en"], *entry["de"], *entry["fr"])


def about(column: str) -> str:
    """What our column means, in one sentence; empty for a column that is not ours."""
    entry = _words()["columns"].get(column)
    return str(entry["about"]) if entry else ""


def usual_key(data_set: str) -> tuple[str, ...]:
    """Our names of the columns that usually tell the rows of ``data_set`` apart."""
    return tuple(_words()["keys"][data_set])


def normal(name: str) -> str:
    """``Verkaufte Menge (Stück)`` -> ``verkaufte_menge``, ``UnitsSold`` -> ``units_sold``: the form names are compared in."""
    plain = re.sub(r"\(.*?\)|\[.*?\]", " ", name)
    plain = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", plain).lower().translate(UMLAUTS)
    plain = unicodedata.normalize("NFKD", plain).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", "_", plain).strip("_")


def means(name: str, column: str) -> bool:
    """Whether a partner's column ``name`` is one of the known words for our ``column``."""
    return normal(name) in _synonyms(column)


def identifies(name: str) -> bool:
    """Whether ``name`` says that the values are identifiers: digits in them are characters, leading zeros count."""
    word = normal(name)
    return bool(CODE_WORDS & set(word.split("_"))) or any(word in _synonyms(column) for column in IDENTITIES)


def map_columns(data_set: str, names: Sequence[str], *, named: bool = True) -> dict[str, str]:
    """Our columns of ``data_set`` -> the partner's; one of theirs is never used twice.

    ``named``: somebody said which data set it is, so weaker words count too (``quantity`` of a stock file is the stock).
    """
    found = _matches(_words()["data_sets"][data_set], names)
    instead = _words()["instead"].get(data_set, {}) if named else {}
    for column, other in instead.items():
        left = [name for name in names if name not in found.values()]
        match = _matches([other], left).get(other)
        if column not in found and match is not None:
            found[column] = match
    return found


def _matches(columns: Iterable[str], names: Sequence[str]) -> dict[str, str]:
    left = {normal(name): name for name in reversed(names)}
    found = {column: left.pop(column) for column in columns if column in left}
    for column in columns:
        word = next((word for word in _synonyms(column) if column not in found and word in left), None)
        if word is not None:
            found[column] = left.pop(word)
    return found


def guess_data_set(names: Sequence[str]) -> tuple[str, tuple[str, ...]]:
    """The data set whose required columns are all there, the one with most of them first; and the others it could be.

    :class:`~decai_forecast.errors.ConfigError` if no data set's required columns are there.
    """
    order = sorted(DATA_SETS, key=lambda data_set: -len(DATA_SETS[data_set]))
    fitting = [d for d in order if set(DATA_SETS[d]) <= set(map_columns(d, names, named=False))]
    if not fitting:
        raise ConfigError(
            f"no data set fits the columns {', '.join(names)}; name one of {', '.join(DATA_SETS)} with --data-set"
        )
    rivals = [d for d in fitting[1:] if len(DATA_SETS[d]) == len(DATA_SETS[fitting[0]])]
    return fitting[0], tuple(rivals)


def missing_columns(data_set: str, names: Sequence[str], mapped: Mapping[str, str]) -> str:
    """What to say about required columns of ``data_set`` that nobody found; empty if none is missing."""
    missing = [column for column in DATA_SETS[data_set] if column not in mapped]
    left = {normal(name): name for name in names if name not in mapped.values()}
    hints = [f"did you mean {left[near]!r} for {column}?" for column in missing if (near := _near(column, left))]
    message = f"{data_set} needs the columns {', '.join(missing)}; there are {', '.join(names)}"
    return "; ".join([message, *hints]) if missing else ""


def _near(column: str, left: Mapping[str, str]) -> str:
    """The word among ``left`` that is nearest to one of the words for ``column``."""
    scored = [
        (difflib.SequenceMatcher(None, word, known).ratio(), word)
        for known in _synonyms(column)
        for word in left
        if difflib.get_close_matches(word, [known], 1, 0.7)
    ]
    return max(scored, default=(0.0, ""))[1]
