"""The shared forecasters that a round published, as a company reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from decai_forecast.errors import DecaiError
from decai_forecast.link import ModelFile, PublicLink, SharedRound

__all__ = ["SharedForecasters"]

Texts = Mapping[float, str]
"""quantile -> text of a LightGBM model"""


@dataclass(frozen=True)
class SharedForecasters:
    """Of one round; with ``trees``, of each model only its first ones."""

    link: PublicLink
    published: SharedRound
    trees: int | None = None

    @classmethod
    def of(cls, link: PublicLink, round_id: str) -> SharedForecasters:
        """:class:`DecaiError` before the round has published them."""
        if (published := link.shared(round_id)) is None:
            raise DecaiError(f"round {round_id} has no shared forecaster yet; federate or close the round first")
        return cls(link, published)

    def within(self, trees: int | None) -> SharedForecasters:
        """The same, each model cut down to its first ``trees`` trees; None: whole."""
        return replace(self, trees=trees)

    @property
    def files(self) -> list[object]:
        """What identifies all models of the round, as JSON."""
        models = {cutoff.isoformat(): file.sha256 for cutoff, file in self.published.models.items()}
        return [models, self.published.ships and self.published.ships.sha256]

    def at(self, cutoff: date) -> Texts | None:
        """The models trained for a cut-off; None where there are none."""
        return self._texts(self.published.models.get(cutoff))

    def shipped(self) -> Texts | None:
        """The models that the round ships, however old their cut-off is; None before the first."""
        return self._texts(self.published.ships)

    def _texts(self, file: ModelFile | None) -> Texts | None:
        if file is None:
            return None
        texts = self.link.models(file).models
        return texts if self.trees is None else _first(texts, self.trees)


def _first(texts: Texts, trees: int) -> Texts:
    """The models of the first trees, which whoever loads them validates as the whole ones; :class:`ModelTextError` for what
    is no model text."""
    from decai_forecast.federation.model_text import parse

    models = {quantile: parse(text) for quantile, text in texts.items()}
    return {quantile: replace(model, trees=model.trees[:trees]).text() for quantile, model in models.items()}
