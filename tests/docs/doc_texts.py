"""The pages that people read, and what of them is code."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

__all__ = ["PAGES", "ROOT", "code_of", "inline_code", "typed_lines"]

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```.*?^```$|(?:^\n(?: {4}.*\n)+)", re.MULTILINE | re.DOTALL)


def inline_code(page: Path) -> Iterator[str]:
    """What stands between single backticks, line ends as spaces."""
    text = BLOCK.sub("\n", page.read_text(encoding="utf-8"))
    yield from (" ".join(match.split()) for match in re.findall(r"(?<!`)`([^`]+)`(?!`)", text))


def typed_lines(page: Path) -> Iterator[str]:
    """The lines of code blocks, indented or fenced."""
    for block in BLOCK.findall(page.read_text(encoding="utf-8")):
        yield from (line.strip() for line in block.splitlines() if line.strip())


def code_of(page: Path) -> Iterator[str]:
    """Both."""
    yield from inline_code(page)
    yield from typed_lines(page)
