"""Files, modules and pages that the documentation names are there."""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from doc_texts import PAGES, ROOT, inline_code

PACKAGE = ROOT / "decai_forecast"
TOP = "|".join(
    ("decai_forecast", "dags", "plugins", "tests", "benchmarks", "docs", "scripts", "data_contracts", "requirements")
)
FILE = re.compile(rf"(?:{TOP})/[\w./-]+")
DOTTED = re.compile(r"decai_forecast(?:\.\w+)+")
LINK = re.compile(r"\]\(([^)\s]+)\)")
MODULE = re.compile(r"(?:[a-z_]+/)+[a-z_0-9]+\.py")
EXAMPLES = ("my_", "<", "benchmarks/results")  # what the reader will make, or a command does


def missing_files(page: Path) -> Iterator[str]:
    for code in inline_code(page):
        if any(one in code for one in EXAMPLES):
            continue
        yield from (name for name in FILE.findall(code) if not (ROOT / name).exists())
        yield from (name for name in MODULE.findall(code) if not any((top / name).exists() for top in (ROOT, PACKAGE)))


def missing_names(page: Path) -> Iterator[str]:
    for code in inline_code(page):
        yield from (name for name in DOTTED.findall(code) if not importable(name))


def importable(name: str) -> bool:
    """Whether the dotted name is a module, or a name of one."""
    try:
        importlib.import_module(name)
    except ImportError:
        parent, _, last = name.rpartition(".")
        return "." in parent and hasattr(importlib.import_module(parent), last)
    return True


def broken_links(page: Path) -> Iterator[str]:
    for target in LINK.findall(re.sub(r"`[^`]*`", "", page.read_text(encoding="utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        there = (page.parent / file) if file else page
        if not there.exists() or (anchor and anchor not in anchors(there)):
            yield target


def anchors(page: Path) -> set[str]:
    """Of the headings, as GitHub makes them."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {
        re.sub(r"[^\w\- ]", "", re.sub(r"\[(.*?)\]\(.*?\)", r"\1", one)).strip().lower().replace(" ", "-") for one in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_what_a_page_names_is_there(page: Path) -> None:
    """Its files, modules, names and links (with their anchors) exist."""
    assert [*missing_files(page), *missing_names(page), *broken_links(page)] == []


def test_a_place_that_is_not_there_is_seen(tmp_path: Path) -> None:
    """The test above can fail."""
    page = tmp_path / "page.md"
    page.write_text(
        "`decai_forecast/rooms.py` `demand/none.py` `demand/table.py` `decai_forecast.store.Shelf` [a](b.md) [c](#d)\n"
    )
    assert list(missing_files(page)) == ["decai_forecast/rooms.py", "decai_forecast/rooms.py", "demand/none.py"]
    assert list(missing_names(page)) == ["decai_forecast.store.Shelf"]
    assert list(broken_links(page)) == ["b.md", "#d"]


TEST = re.compile(r"`(tests/[\w/]+\.py)::(test_\w+)`(?: \((long|soak)\))?")


def test_every_attack_of_the_table_has_the_test_that_it_names() -> None:
    """By its function, and with the marker that the table says; each line has one."""
    page = (ROOT / "docs" / "explanation" / "federation.md").read_text(encoding="utf-8")
    lines = page.partition("| attack | before | after | test |\n|---|---|---|---|\n")[2].partition("\n\n")[0].splitlines()
    assert len(lines) > 25
    assert [line for line in lines if not TEST.search(line.rpartition(" | ")[2])] == []
    wrong = []
    for file, name, marker in (found for line in lines for found in TEST.findall(line)):
        text = (ROOT / file).read_text(encoding="utf-8")
        before, there, _ = text.partition(f"\ndef {name}(")
        marked = (before + "\n").rpartition("\n\n\n")[2] + "".join(re.findall(r"^pytestmark = .*$", text, re.MULTILINE))
        if not there or {one for one in ("long", "soak") if f"mark.{one}" in marked} != {marker} - {""}:
            wrong.append(f"{file}::{name} ({marker or 'no marker'})")
    assert wrong == []
