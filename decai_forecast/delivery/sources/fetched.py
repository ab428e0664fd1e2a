"""What a source hands on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from decai_forecast.delivery.errors import SourceUnreadable, SourceUnsafe

__all__ = ["Fetched"]


@dataclass(frozen=True)
class Fetched:
    """Local files in one format: parquet (typed), csv or json (text), or texts (Parquet whose values are all text).

    ``done`` is called when the delivery has landed safely, or cannot: only then may a source forget how to resume.
    ``names`` are what the owner calls a file that is a copy in our scratch folder: an address and a page.
    """

    files: tuple[Path, ...]
    format: str
    done: Callable[[], None] = lambda: None
    names: Mapping[Path, str] = field(default_factory=dict)

    @contextmanager
    def reading(self) -> Iterator[None]:
        """What cannot be read is told by its owner's name for it, and is fetched anew the next time."""
        try:
            yield
        except (SourceUnreadable, SourceUnsafe) as error:
            self.done()
            raise type(error)(self._told(str(error))) from None

    def _told(self, text: str) -> str:
        for path, name in self.names.items():
            text = text.replace(str(path), name)
        return text
