"""Pages of ``docs/`` that are made from the code, so that the two cannot drift: commands, public names, architecture; and the
JSON Schemas of statements, which lie beside the code."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from decai_forecast.ledger.statements.schema import schema_files
from doc_pages.architecture import architecture_page
from doc_pages.commands import commands_page
from doc_pages.picture import architecture_picture
from doc_pages.public_names import public_names_page

__all__ = ["PAGES", "ROOT", "write_pages"]

ROOT = Path(__file__).resolve().parents[2]
PAGES: Mapping[str, Callable[[], str]] = {
    "docs/reference/commands.md": commands_page,
    "docs/reference/python.md": public_names_page,
    "docs/explanation/architecture.md": architecture_page,
    "docs/pictures/architecture.svg": architecture_picture,
}


def write_pages(root: Path = ROOT) -> None:
    """Writes every page below ``root``."""
    for name, make in PAGES.items():
        (root / name).write_text(make(), encoding="utf-8")
        print(name)
    for path, text in schema_files():
        path.write_text(text, encoding="utf-8")
