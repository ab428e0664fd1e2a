"""The shared forecasters that a round published, as a company reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date

from decai_forecast.errors import DecaiError, FederationError, MalformedMessage, StoreError
from decai_forecast.link import ModelFile, PublicLink, SharedModels, SharedRound
from decai_forecast.partner.trust import Trust

__all__ = ["SharedForecasters"]

Texts = Mapping[float, str]
"""quantile -> text of a LightGBM model"""
NO_MODELS = SharedModels(date.min, {})


@dataclass(frozen=True)
class SharedForecasters:
    """Of one round; with ``trees``, of each quantile's model only its first ones. ``trust``: what does not hold is not used and
    told in ``refused``; without, it is raised. ``read``: what has come already, by the digest of its file."""

    link: PublicLink
    published: SharedRound
    trees: int | None = None
    trust: Trust | None = None
    read: dict[str, SharedModels] = field(default_factory=dict, compare=False)
    reasons: dict[str, str] = field(default_factory=dict, compare=False)

    @classmethod
    def of(cls, link: PublicLink, round_id: str, trust: Trust | None = None) -> SharedForecasters:
        """:class:`DecaiError` before the round has published them."""
        if (published := link.shared(round_id)) is None:
            raise DecaiError(f"round {round_id} has no shared forecaster yet; federate or close the round first")
        return cls(link, published, trust=trust)

    def within(self, trees: int | None) -> SharedForecasters:
        """The same, each model cut down to its first ``trees`` trees; None: whole."""
        return replace(self, trees=trees)

    @property
    def files(self) -> list[object]:
        """What identifies all models of the round, as JSON."""
        models = {cutoff.isoformat(): file.sha256 for cutoff, file in self.published.models.items()}
        return [models, self.published.ships and self.published.ships.sha256]

    @property
    def refused(self) -> tuple[str, ...]:
        """Why forecasters of this round are not used, a sentence each; reads them all."""
        for cutoff in self.published.models:
            self.at(cutoff)
        self.shipped()
        return tuple(sorted(self.reasons.values()))

    def at(self, cutoff: date) -> Texts | None:
        """The models trained for a cut-off; None where there are none."""
        return self._texts(self.published.models.get(cutoff), cutoff)

    def mean_at(self, cutoff: date) -> str:
        """The model of the mean trained for a cut-off; empty where there is none."""
        return self._models(self.published.models.get(cutoff), cutoff).mean

    def shipped(self) -> Texts | None:
        """The models that the round ships, however old their cut-off is; None before the first."""
        return self._texts(self.published.ships, None)

    def shipped_mean(self) -> str:
        """The model of the mean that the round ships; empty where there is none."""
        return self._models(self.published.ships, None).mean

    def _texts(self, file: ModelFile | None, cutoff: date | None) -> Texts | None:
        texts = self._models(file, cutoff).models or None
        return texts if texts is None or self.trees is None else _first(texts, self.trees)

    def _models(self, file: ModelFile | None, cutoff: date | None) -> SharedModels:
        """Empty ones where there are none, or where they are not used."""
        if file is None:
            return NO_MODELS
        key = f"{file.sha256} {cutoff}"
        if key not in self.read:
            self.read[key] = self._read(file, cutoff)
        return self.read[key]

    def _read(self, file: ModelFile, cutoff: date | None) -> SharedModels:
        if self.trust is None:
            return self.link.models(file)
        try:
            models = self.link.models(file)
            self.trust.check(cutoff, models)
            return models
        except (StoreError, MalformedMessage, FederationError) as error:
            self.reasons[file.sha256] = f"A shared forecaster is not used: {error}. Ask the coordinator and the other companies"
            return NO_MODELS


def _first(texts: Texts, trees: int) -> Texts:
    """The models of the first trees, which whoever loads them validates as the whole ones; :class:`ModelTextError` for what
    is no model text."""
    from decai_forecast.federation.model_text import parse

    models = {quantile: parse(text) for quantile, text in texts.items()}
    return {quantile: replace(model, trees=model.trees[:trees]).text() for quantile, model in models.items()}
