"""The glossary explains each word once, with names of the code that are there."""

from __future__ import annotations

import importlib
import re
from functools import reduce

from doc_texts import ROOT

ROW = re.compile(r"^\| (?P<words>[^|]+) \| (?P<meaning>[^|]+) \| (?P<where>[^|]+) \|$", re.MULTILINE)


def rows() -> list[re.Match[str]]:
    found = ROW.finditer((ROOT / "docs/reference/glossary.md").read_text(encoding="utf-8"))
    return [row for row in found if row["words"] not in ("word", "---")]


def is_there(name: str) -> bool:
    """Whether ``name`` is a module below decai_forecast, or a name (of a name) of one."""
    parts = name.split(".")
    for size in range(len(parts), 0, -1):
        try:
            module = importlib.import_module(".".join(["decai_forecast", *parts[:size]]))
        except ImportError:
            continue
        return reduce(lambda one, part: getattr(one, part, None), parts[size:], module) is not None
    return False


def test_every_place_of_the_glossary_is_in_the_code() -> None:
    """The last column names modules, classes and functions that exist."""
    names = [name for row in rows() for name in re.findall(r"`([^`]+)`", row["where"])]
    assert len(names) >= len(rows()) > 60
    assert [name for name in names if not is_there(name)] == []


def test_a_place_that_is_not_there_is_seen() -> None:
    """The test above can fail, at every part of a name."""
    assert is_there("network.Network.partners")
    assert not any(map(is_there, ("nowhere", "network.Nowhere", "network.Network.nowhere")))


def test_a_word_is_explained_once_and_in_a_sentence() -> None:
    """No word stands twice, and every meaning ends as a sentence does."""
    words = [word for row in rows() for word in row["words"].split(", ")]
    assert sorted(words) == sorted(set(words))
    assert [row["words"] for row in rows() if not row["meaning"].endswith(".")] == []
