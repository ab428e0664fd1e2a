"""What a source hands on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Fetched"]


@dataclass(frozen=True)
class Fetched:
    """Local files in one format: parquet (typed), csv or json (text), or texts (Parquet whose values are all text).

    ``done`` is called when the delivery has landed safely: only then may a source forget how to resume.
    """

    files: tuple[Path, ...]
    format: str
    done: Callable[[], None] = lambda: None
