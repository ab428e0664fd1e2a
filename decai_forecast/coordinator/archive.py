"""The coordinator's archive of shared forecasters: which one was trained for which cut-off, and which one shipped.

There is one archive for each list of features, and for each code book: what was trained with others is neither reused nor
shipped, since no row has its features any more.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from pydantic import TypeAdapter

from decai_forecast.code_book import CodeBook
from decai_forecast.link import ModelFile
from decai_forecast.store import Store, digest_json

__all__ = ["Archive"]

Files = Mapping[date, ModelFile]
"""cut-off -> its models"""
FILES: TypeAdapter[Files] = TypeAdapter(Files)


@dataclass(frozen=True)
class Archive:
    """``trained``: by cut-off; ``shipped``: those that were in use, by the cut-off that they shipped for."""

    trained: Files
    shipped: Files

    @classmethod
    def read(cls, store: Store, book: CodeBook | None) -> Archive:
        """From the coordinator's own store; empty before the first training."""
        trained, shipped = (_read(store, _key(which, book)) for which in ("trained", "shipped"))
        return cls(trained, shipped)

    def write(self, store: Store, book: CodeBook | None) -> None:
        for which, files in (("trained", self.trained), ("shipped", self.shipped)):
            store.write_json(_key(which, book), FILES.dump_python(files, mode="json"))

    def champion(self, ship: date) -> ModelFile | None:
        """The shared forecaster in use: the last one that shipped for a cut-off until ``ship``.

        Not any newer one of ``trained``: a cut-off that was trained for the companies' backtests was compared with nothing.
        """
        older = [cutoff for cutoff in self.shipped if cutoff <= ship]
        return self.shipped[max(older)] if older else None

    def with_training(self, models: Files, ship: date, ships: ModelFile) -> Archive:
        """After a training that ``ships`` for the cut-off ``ship``."""
        return Archive(dict(self.trained) | dict(models), dict(self.shipped) | {ship: ships})


def _key(which: str, book: CodeBook | None) -> str:
    from decai_forecast.demand import FEATURES

    features = digest_json(list(FEATURES))[:12]
    return f"archive/{which}-{features}-{book.feature}.json" if book else f"archive/{which}-{features}.json"


def _read(store: Store, key: str) -> Files:
    return FILES.validate_python(store.read_json(key)) if store.exists(key) else {}
